# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Histograms per field over a filter or a view: what the sidebar of the explorer shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ddoc.dataset.database import Cursor, one_row
from ddoc.dataset.filters import column_of
from ddoc.dataset.state import State
from ddoc.errors import InvalidInputError

BINS = 50
_COUNTED = {"split": "split", "cluster": '"g:cluster"'}


@dataclass(frozen=True, slots=True)
class Span:
    """The least and greatest value of a field over the whole set (None: no item has a value)."""

    low: float | None
    high: float | None


def default_fields(state: State) -> tuple[str, ...]:
    """Return the fields of a full sidebar."""
    fields = ("split", "class_name", "annotation_count", "width", "height", "bytes", *state.attributes)
    scores = tuple(f"drift_score:{report}" for report in state.reports)
    return (*fields, *(("cluster", "outlier") if state.grouped else ()), *scores)


def spans_of(cursor: Cursor, fields: Sequence[str], state: State) -> dict[str, Span]:
    """Return the span of each numeric field over all items, so that bars stay where they are under any filter."""
    columns = [column_of(field, state.fields, pointer="/fields") for field in fields]
    if not columns:
        return {}
    wanted = ", ".join(f"min({c})::DOUBLE, max({c})::DOUBLE" for c in columns)
    row = one_row(cursor, f"SELECT {wanted} FROM item")
    return {field: Span(row[2 * at], row[2 * at + 1]) for at, field in enumerate(fields)}


def is_counted(field: str) -> bool:
    """Whether the field has named values that are counted, instead of a range that is cut into bins."""
    return field in _COUNTED or field == "class_name"


def histograms_of(
    cursor: Cursor,
    chosen: str,
    params: dict[str, Any],
    fields: Sequence[str],
    spans: dict[str, Span],
    state: State,
) -> dict[str, dict[str, Any]]:
    """Return, per field, `{kind: "counts", values: {name: n}}` or `{kind: "bins", min, max, counts[50], missing}`.

    `chosen` is the FROM clause (a table or a condition on `item`) of the items to count; `params` its parameters.
    """
    numeric = [f for f in fields if not is_counted(f)]
    result: dict[str, dict[str, Any]] = {}
    if numeric:
        result.update(_bins(cursor, chosen, params, numeric, spans, state))
    for field in fields:
        if field == "class_name":
            result[field] = {"kind": "counts", "values": _class_counts(cursor, chosen, params, state)}
        elif field in _COUNTED:
            column = column_of(field, state.fields, pointer="/fields")
            rows = cursor.execute(
                f"SELECT {column}, count(*) FROM {chosen} GROUP BY 1 ORDER BY 1", params
            ).fetchall()
            result[field] = {"kind": "counts", "values": {str(v): n for v, n in rows if v is not None}}
    return {field: result[field] for field in fields}


def _bins(
    cursor: Cursor,
    chosen: str,
    params: dict[str, Any],
    fields: Sequence[str],
    spans: dict[str, Span],
    state: State,
) -> dict[str, dict[str, Any]]:
    parts = [_bin_expression(column_of(f, state.fields, pointer="/fields"), spans[f]) for f in fields]
    total, *found = one_row(cursor, f"SELECT count(*), {', '.join(parts)} FROM {chosen}", params)
    result: dict[str, dict[str, Any]] = {}
    for field, histogram in zip(fields, found, strict=True):
        counts = [0] * BINS
        for number, count in (histogram or {}).items():
            counts[min(max(number, 0), BINS - 1)] += count
        result[field] = {
            "kind": "bins",
            "min": spans[field].low,
            "max": spans[field].high,
            "counts": counts,
            "missing": total - sum(counts),
        }
    return result


def _bin_expression(column: str, span: Span) -> str:
    if span.low is None or span.high is None:
        return "histogram(NULL::INTEGER)"
    scale = BINS / (span.high - span.low) if span.high > span.low else 0.0
    return f"histogram(floor(({column} - {span.low!r}::DOUBLE) * {scale!r}::DOUBLE)::INTEGER)"


def _class_counts(cursor: Cursor, chosen: str, params: dict[str, Any], state: State) -> dict[str, int]:
    rows = cursor.execute(
        "SELECT class_id, count(*) FROM item_class"
        + ("" if chosen == "item" else f" WHERE rid IN (SELECT rid FROM {chosen})")
        + " GROUP BY class_id ORDER BY class_id",
        params,
    ).fetchall()
    return {state.classes[number]: n for number, n in rows}


def check_fields(fields: Sequence[str], state: State) -> None:
    """Raise InvalidInputError `unknown-field` for a field that has no histogram."""
    for field in fields:
        if field == "class_name":
            continue
        if field in {"name", "color"}:
            raise InvalidInputError(
                f"{field} has no histogram", code="unknown-field", pointer="/fields", field=field
            )
        column_of(field, state.fields, pointer="/fields")
