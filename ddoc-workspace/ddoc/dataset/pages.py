# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Reading items: ids, counts, pages by keyset, single items."""

import base64
import binascii
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from ddoc.dataset.database import Cursor, bound, one_row
from ddoc.dataset.filters import Filter, Sort, Where, compile_filter
from ddoc.dataset.items import Item
from ddoc.dataset.schema import id_text, quoted
from ddoc.dataset.state import State
from ddoc.errors import InvalidInputError

Rids = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of items. `next_cursor` is None on the last one; `total` counts all that match the filter."""

    items: tuple[Item, ...]
    next_cursor: str | None
    total: int
    data_version: str


@contextmanager
def where_of(cursor: Cursor, wanted: Filter, state: State) -> Generator[Where]:
    """Give the condition that `wanted` means, with its list of ids bound to the cursor."""
    where = compile_filter(wanted, state.fields)
    if where.ids is None:
        yield where
        return
    with bound(cursor, filter_ids=pa.table({"iid": pa.array(where.ids, pa.uint64())})):
        yield where


def count_items(cursor: Cursor, wanted: Filter, state: State) -> int:
    """Return how many items match."""
    with where_of(cursor, wanted, state) as where:
        row = one_row(cursor, f"SELECT count(*) FROM item WHERE {where.sql}", dict(where.params))
    return int(row[0])


def matching_rids(cursor: Cursor, wanted: Filter, sort: Sort, state: State) -> Rids:
    """Return the row ids of all items that match, in order."""
    order = sort.order_by(state.fields)
    with where_of(cursor, wanted, state) as where:
        cursor.execute(f"SELECT rid FROM item WHERE {where.sql} ORDER BY {order}", dict(where.params))
        return np.ascontiguousarray(cursor.fetchnumpy()["rid"], dtype=np.int32)


def ids_of(cursor: Cursor, wanted: Filter, sort: Sort, state: State) -> list[str]:
    """Return the ids of all items that match, in order."""
    order = sort.order_by(state.fields)
    with where_of(cursor, wanted, state) as where:
        table = cursor.sql(
            f"SELECT lpad(lower(hex(iid)), 16, '0') AS id FROM item WHERE {where.sql} ORDER BY {order}",
            params=dict(where.params),
        ).to_arrow_table()
    return table.column("id").to_pylist()


def ids_by_rid(cursor: Cursor, rids: Rids) -> list[str]:
    """Return the ids of the given row ids, in the order given; rows that are gone are left out."""
    with bound(cursor, wanted=pa.table({"rid": rids, "nth": np.arange(len(rids), dtype=np.int32)})):
        rows = cursor.sql(
            "SELECT lpad(lower(hex(iid)), 16, '0') AS id FROM item JOIN wanted USING (rid) ORDER BY nth"
        ).to_arrow_table()
    return rows.column("id").to_pylist()


def scores_of(cursor: Cursor, rids: Sequence[int], report: str) -> dict[str, float]:
    """Return the drift score of the items of these row ids, by item id; items without one are left out."""
    listed = ", ".join(str(int(rid)) for rid in rids) or "-1"
    rows = cursor.execute(
        f"SELECT iid, {quoted(f's:{report}')} AS score FROM item"
        f" WHERE rid IN (SELECT unnest([{listed}])) AND score IS NOT NULL"
    ).fetchall()
    return {id_text(iid): score for iid, score in rows}


def with_score(item: Item, score: float | None) -> Item:
    """Return the item with `drift_score` among its attributes."""
    if score is None:
        return item
    return replace(item, attributes={**item.attributes, "drift_score": score})


@dataclass(frozen=True, slots=True)
class Keyset:
    """Where a page ended: the last row's value in the order, and its row id."""

    value: Any
    rid: int

    def encode(self, digest: str) -> str:
        """Return the opaque cursor; `digest` ties it to its filter and order."""
        return base64.urlsafe_b64encode(orjson.dumps([digest, self.value, self.rid])).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str, digest: str) -> "Keyset":
        """Read a cursor. Raises InvalidInputError `invalid-cursor`, also for one of another filter or order."""
        try:
            made_for, value, rid = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            keyset = cls(value, int(rid))
        except (ValueError, TypeError, binascii.Error) as error:
            raise InvalidInputError("the cursor is not one of ours", code="invalid-cursor") from error
        if made_for != digest or not isinstance(value, (str, int, float, type(None))):
            raise InvalidInputError("the cursor belongs to another list", code="invalid-cursor")
        return keyset


def digest_of(wanted: Filter, sort: Sort) -> str:
    """Return a short name of a filter and order."""
    plain = orjson.dumps([wanted.to_json(), str(sort)], option=orjson.OPT_SORT_KEYS)
    return sha256(plain).hexdigest()[:16]


def page_rids(
    cursor: Cursor, wanted: Filter, sort: Sort, state: State, *, limit: int, after: Keyset | None
) -> tuple[list[int], Keyset | None]:
    """Return the row ids of the page after `after`, and where it ends (None: nothing follows)."""
    column = sort.column(state.fields)
    with where_of(cursor, wanted, state) as where:
        params = dict(where.params)
        condition = where.sql
        if after is not None:
            condition += f" AND {_after(column, sort, after, params)}"
        rows = cursor.execute(
            f"SELECT rid, {column or 'NULL'} FROM item WHERE {condition}"
            f" ORDER BY {sort.order_by(state.fields)} LIMIT {limit + 1}",
            params,
        ).fetchall()
    more = len(rows) > limit
    rows = rows[:limit]
    end = Keyset(rows[-1][1], rows[-1][0]) if more else None
    return [row[0] for row in rows], end


def _after(column: str | None, sort: Sort, after: Keyset, params: dict[str, Any]) -> str:
    params["after_rid"] = after.rid
    if column is None:
        return "rid > $after_rid"
    if after.value is None:
        return f"({column} IS NULL AND rid > $after_rid)"
    params["after"] = after.value
    beyond = "<" if sort.descending else ">"
    # the parameter takes the column's own type, so that a FLOAT compares equal to itself
    same = f"CAST($after AS {_type_of(column)})"
    return f"({column} {beyond} {same} OR ({column} = {same} AND rid > $after_rid) OR {column} IS NULL)"


def _type_of(column: str) -> str:
    if column in {"name", "split"}:
        return "VARCHAR"
    if column in {
        "width",
        "height",
        "bytes",
        "annotation_count",
        "color",
        '"g:cluster"',
        '"g:duplicate_group"',
    }:
        return "BIGINT"
    return "FLOAT"
