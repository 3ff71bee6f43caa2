# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""The items in memory, for pages: DuckDB reads columns fast and single rows slowly, and a page is single rows.

Two hundred rows at random places cost DuckDB 40 ms of processor time at a million items, and half a millisecond here.
What is kept is what a page shows, some 180 bytes an item.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ddoc.dataset.database import Cursor
from ddoc.dataset.filters import is_item_id
from ddoc.dataset.items import Item
from ddoc.dataset.schema import Table, id_text, quoted
from ddoc.dataset.state import State

MAX_PATCH = 20_000
"""Rows changed since the table was read that are kept beside it; beyond, it is read anew."""
_COLUMNS = (
    "rid",
    "iid",
    "name",
    "path",
    "split",
    "width",
    "height",
    "bytes",
    "unhex(content_hash) AS content",
    "class_ids",
    "annotation_count",
    "annotated",
    "color",
)
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """All items of one state of the index. Immutable: a change makes another one that shares the table.

    `position` (by row id) says where, −1 for none; `ids` are the item ids as numbers in order, and `places` where each
    stands. `patch` holds what changed since (None: gone), `patched_ids` the row ids of its items.
    """

    table: Table
    position: npt.NDArray[np.int32]
    ids: npt.NDArray[np.uint64]
    places: npt.NDArray[np.int32]
    patch: Mapping[int, Row | None] = field(default_factory=dict[int, Row | None])
    patched_ids: Mapping[int, int] = field(default_factory=dict[int, int])

    def rids_of(self, ids: Sequence[str]) -> list[int]:
        """Return the row ids of these item ids, in the order given; unknown ids are left out."""
        numbers = [int(i, 16) for i in ids if is_item_id(i)]
        wanted = np.array(numbers, np.uint64)
        found = np.minimum(np.searchsorted(self.ids, wanted), max(len(self.ids) - 1, 0))
        known = self.ids[found] == wanted if len(self.ids) else np.zeros(len(wanted), bool)
        rids = self.table.column("rid").take(pa.array(self.places[found[known]])).to_pylist()
        stored = dict(zip(wanted[known].tolist(), rids, strict=True))
        both = ((number, self.patched_ids.get(number, stored.get(number))) for number in numbers)
        return [rid for number, rid in both if rid is not None and self._has(rid, number)]

    def _has(self, rid: int, number: int) -> bool:
        """Whether no change took this id from the row."""
        row = self.patch.get(rid, ())
        return row is not None and (not row or row[1] == number)

    def items(self, rids: Sequence[int], state: State) -> list[Item]:
        """Return the items of these row ids, in the order given; rows that are gone are left out."""
        plain = [rid for rid in rids if rid not in self.patch and 0 <= rid < len(self.position)]
        places = self.position[plain] if plain else np.empty(0, np.int32)
        found = {rid: self.patch[rid] for rid in rids if rid in self.patch}
        found.update(
            zip((r for r, p in zip(plain, places, strict=True) if p >= 0), self._take(places), strict=True)
        )
        rows = (found.get(rid) for rid in rids)
        return [_item(row, state) for row in rows if row is not None]

    def _take(self, places: npt.NDArray[np.int32]) -> Iterable[Row]:
        taken = self.table.take(pa.array(places[places >= 0]))
        return zip(*(column.to_pylist() for column in taken.columns), strict=True)

    def patched(self, cursor: Cursor, state: State, touched: npt.NDArray[np.int32]) -> "Rows | None":
        """Return the rows after a change of the `touched` row ids, read from `cursor`; None when they are too many."""
        if len(self.patch) + len(touched) > MAX_PATCH:
            return None
        patch: dict[int, Row | None] = dict(self.patch) | dict.fromkeys(touched.tolist())
        listed = ", ".join(map(str, touched.tolist())) or "-1"
        sql = f"SELECT {_columns(state)} FROM item WHERE rid IN (SELECT unnest([{listed}]))"
        read = cursor.execute(sql).fetchall()
        patch.update((row[0], row) for row in read)
        ids = dict(self.patched_ids) | {row[1]: row[0] for row in read}
        return replace(self, patch=patch, patched_ids=ids)


def read_rows(cursor: Cursor, state: State) -> Rows:
    """Return all items as `cursor` sees them."""
    # column by column, so that the peak is one column more than what is kept; the order of a plain scan is stable
    columns: dict[str, Any] = {}
    for expression in (*_COLUMNS, *(quoted(f"a:{name}") for name in state.attributes)):
        read = cursor.sql(f"SELECT {expression} FROM item").to_arrow_table().combine_chunks()
        name = read.column_names[0]
        columns[name] = read.column(0).dictionary_encode() if name == "split" else read.column(0)
    pa.default_memory_pool().release_unused()
    table = pa.table(columns)
    position = np.full(state.next_rid, -1, np.int32)
    position[table.column("rid").to_numpy()] = np.arange(table.num_rows, dtype=np.int32)
    ids = table.column("iid").to_numpy()
    places = np.argsort(ids).astype(np.int32)
    return Rows(table, position, ids[places], places)


def _columns(state: State) -> str:
    return ", ".join((*_COLUMNS, *(quoted(f"a:{name}") for name in state.attributes)))


def _item(row: Row, state: State) -> Item:
    values = zip(state.attributes, row[len(_COLUMNS) :], strict=True)
    return Item(
        item_id=id_text(row[1]),
        name=row[2],
        path=row[3],
        split=row[4],
        width=row[5],
        height=row[6],
        bytes=row[7],
        content_hash=row[8].hex(),
        classes=tuple(state.classes[number] for number in row[9]),
        annotation_count=row[10],
        annotated=row[11],
        color=max(row[12], 0),
        attributes={name: value for name, value in values if value is not None},
    )
