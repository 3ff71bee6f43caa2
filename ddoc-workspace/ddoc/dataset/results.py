# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Loading what analyses and drift reports computed, by content hash, so that filters see it beside the items."""

import re
from dataclasses import replace
from typing import Any

import pyarrow as pa

from ddoc.dataset.applying import result_expressions, result_joins
from ddoc.dataset.database import Cursor, bound
from ddoc.dataset.schema import CID, GROUP_COLUMNS, Table, quoted
from ddoc.dataset.state import State, core_names
from ddoc.errors import InvalidInputError
from ddoc.ids import check_id

_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_FIXED = frozenset({"name", "split", "width", "height", "bytes", "annotation_count", "color", "rid", "iid"})
MAX_REPORTS = 16


def store_attributes(cursor: Cursor, state: State, table: Table) -> State:
    """Store `content_hash` + one number per attribute, replacing what was loaded before.

    Columns that are no numbers, or named like a column of the items, are left out.
    """
    _need(table, {"content_hash"})
    names = tuple(
        f.name
        for f in table.schema
        if f.name not in _FIXED and _ATTRIBUTE.fullmatch(f.name) and _is_number(f.type)
    )
    columns = "".join(f", any_value({quoted(n)})::FLOAT AS {quoted(n)}" for n in names)
    with bound(cursor, incoming=table):
        cursor.execute(
            f"CREATE OR REPLACE TABLE result_attributes AS SELECT {CID} AS cid{columns} FROM incoming GROUP BY 1"
        )
    return realign(cursor, state, replace(state, attributes=names), _only(state, attributes=names))


def store_groups(cursor: Cursor, state: State, table: Table) -> State:
    """Store `content_hash, cluster, duplicate_group, outlier, x, y`, replacing what was loaded before.

    A cluster or duplicate_group below 0 means none.
    """
    _need(table, {"content_hash", *(name for name, _ in GROUP_COLUMNS)})
    kept = {
        "INTEGER": "CASE WHEN any_value({0}) >= 0 THEN any_value({0})::INTEGER END",
        "FLOAT": "any_value({0})::FLOAT",
    }
    columns = "".join(f", {kept[kind].format(name)} AS {name}" for name, kind in GROUP_COLUMNS)
    with bound(cursor, incoming=table):
        cursor.execute(
            f"CREATE OR REPLACE TABLE result_groups AS SELECT {CID} AS cid{columns} FROM incoming GROUP BY 1"
        )
    return realign(cursor, state, replace(state, grouped=True), _only(state, grouped=True))


def store_scores(cursor: Cursor, state: State, report_id: str, table: Table) -> State:
    """Store `content_hash, score, p_value, outlier` of one drift report. The oldest beyond 16 reports are dropped."""
    check_id(report_id, what="report_id")
    _need(table, {"content_hash", "score", "p_value", "outlier"})
    reports = (*(r for r in state.reports if r != report_id), report_id)[-MAX_REPORTS:]
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS result_scores"
        " (report_id VARCHAR, cid UBIGINT, score FLOAT, p_value FLOAT, outlier FLOAT)"
    )
    cursor.execute("DELETE FROM result_scores WHERE report_id = $1", [report_id])
    with bound(cursor, incoming=table):
        cursor.execute(
            f"INSERT INTO result_scores SELECT $1, {CID} AS cid, any_value(score), any_value(p_value),"
            " any_value(outlier) FROM incoming GROUP BY cid",
            [report_id],
        )
    for gone in set(state.reports) - set(reports):
        cursor.execute("DELETE FROM result_scores WHERE report_id = $1", [gone])
    return realign(cursor, state, replace(state, reports=reports), _only(state, reports=(report_id,)))


def drop_scores(cursor: Cursor, state: State, report_id: str) -> State:
    """Forget the scores of one drift report."""
    if report_id not in state.reports:
        return state
    cursor.execute("DELETE FROM result_scores WHERE report_id = $1", [report_id])
    left = tuple(r for r in state.reports if r != report_id)
    return realign(cursor, state, replace(state, reports=left), _only(state))


def realign(cursor: Cursor, before: State, state: State, fresh: State) -> State:
    """Write the items anew with the results of `state` beside them. One pass: cheaper than updating each row.

    Only the results that `fresh` names are looked up by content; the others are taken from the row. One join at a
    time keeps the memory of a million items within what the database may hold.
    """
    looked_up = dict(
        zip((name for name, _ in fresh.result_columns()), result_expressions(fresh), strict=True)
    )
    values = "".join(f", {looked_up.get(name, f'i.{name}')} AS {name}" for name, _ in state.result_columns())
    cursor.execute(
        f"CREATE TABLE item_next AS SELECT {core_names('i.')}{values} FROM item i{result_joins(fresh, 'i')}"
    )
    cursor.execute("DROP TABLE item")
    cursor.execute("ALTER TABLE item_next RENAME TO item")
    return state.renewed(data=False) if state is not before else before


def _only(state: State, **results: Any) -> State:
    """Return a state that has these results alone."""
    return replace(state, **{"attributes": (), "grouped": False, "reports": (), **results})


def _need(table: Table, names: set[str]) -> None:
    missing = sorted(names - set(table.column_names))
    if missing:
        raise InvalidInputError(
            f"the table lacks {', '.join(missing)}", code="missing-column", columns=missing
        )


def _is_number(kind: Any) -> bool:
    return pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
