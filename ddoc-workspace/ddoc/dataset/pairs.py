# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Which item has which class, and in which split it is, in memory: counts per class and split under any filter."""

from collections.abc import Sized
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

import numpy as np
import numpy.typing as npt

from ddoc.dataset.bins import Subset
from ddoc.dataset.database import Cursor
from ddoc.dataset.state import State

Rids = npt.NDArray[np.int32]
MAX_PATCH = 20_000
"""Items changed since the table was read that are kept beside it; beyond, it is read anew."""
_GONE = 0xFFFF
_CLASSES = 1 << 15
Counts = npt.NDArray[np.int64]
Chosen = npt.NDArray[np.bool_] | EllipsisType


@dataclass(frozen=True, slots=True)
class _Rows:
    """Pairs (item, class): row ids, the item's split code × 32,768 + the class id, annotations."""

    rids: Rids
    cells: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]

    def where(self, chosen: npt.NDArray[np.bool_]) -> "_Rows":
        return _Rows(self.rids[chosen], self.cells[chosen], self.counts[chosen])

    def joined(self, other: "_Rows") -> "_Rows":
        return _Rows(
            np.concatenate([self.rids, other.rids]),
            np.concatenate([self.cells, other.cells]),
            np.concatenate([self.counts, other.counts]),
        )

    def items(self, size: int, chosen: Chosen = ...) -> Counts:
        return np.bincount(self.cells[chosen], minlength=size)

    def annotations(self, size: int, chosen: Chosen = ...) -> Counts:
        counted = np.bincount(self.cells[chosen], weights=self.counts[chosen], minlength=size)
        return counted.astype(np.int64)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which item has which class, and each item's split by row id (`splits` names the codes; 0xFFFF: gone).

    Immutable; `patched` makes another one, which shares `table` and keeps beside it what changed since: the row ids
    whose rows there no longer count (`stale`), and the rows that stand in their place (`fresh`). `totals` counts
    (items, annotations) per cell over everything. Some 30 bytes an item with two classes.
    """

    table: _Rows
    stale: npt.NDArray[np.bool_]
    fresh: _Rows
    splits: tuple[str, ...]
    split_codes: npt.NDArray[np.uint16]
    totals: tuple[Counts, Counts]

    def items_per_class(self, subset: Subset | None) -> dict[int, int]:
        """Return class id → items that have it."""
        per_cell, _ = self._cells_of(subset, annotations=False)
        per_class = per_cell.reshape(-1, _CLASSES).sum(axis=0)
        return {int(number): int(per_class[number]) for number in np.flatnonzero(per_class)}

    def annotations_per_class(self) -> dict[int, int]:
        """Return class id → annotations, over everything."""
        per_class = self.totals[1].reshape(-1, _CLASSES).sum(axis=0)
        return {int(number): int(per_class[number]) for number in np.flatnonzero(per_class)}

    def items_per_split(self, subset: Subset | None) -> dict[str, int]:
        """Return split → items."""
        counts = self._splits_in(self.split_codes)
        if subset is not None:
            some = self._splits_in(self.split_codes[subset.rids])
            counts = counts - some if subset.inverted else some
        return {name: int(n) for name, n in sorted(zip(self.splits, counts, strict=True)) if n}

    def _splits_in(self, codes: npt.NDArray[np.uint16]) -> npt.NDArray[np.int64]:
        return np.array([np.count_nonzero(codes == code) for code in range(len(self.splits))], np.int64)

    def per_split_and_class(self, subset: Subset | None) -> list[tuple[str, int, int, int]]:
        """Return (split, class id, items, annotations) for each that occurs, in order of splits and classes."""
        items, annotations = self._cells_of(subset, annotations=True)
        return sorted(
            (self.splits[cell // _CLASSES], cell % _CLASSES, int(items[cell]), int(annotations[cell]))
            for cell in np.flatnonzero(items).tolist()
        )

    def _cells_of(self, subset: Subset | None, *, annotations: bool) -> tuple[Counts, Counts]:
        """Return (items, annotations) per cell; annotations only if asked for."""
        if subset is None:
            return self.totals
        size = len(self.totals[0])
        mask = subset.mask(len(self.split_codes))
        fresh = mask[self.fresh.rids]
        mask[: len(self.stale)] &= ~self.stale
        table = mask[self.table.rids]
        some = self.table.items(size, table) + self.fresh.items(size, fresh)
        several = some
        if annotations:
            several = self.table.annotations(size, table) + self.fresh.annotations(size, fresh)
        if not subset.inverted:
            return some, several
        return self.totals[0] - some, self.totals[1 if annotations else 0] - several

    def patched(self, cursor: Cursor, state: State, touched: Rids) -> "Pairs | None":
        """Return the pairs after a change of the `touched` row ids, read from `cursor`; None when the changes since
        the table was read are many, and it is better read again."""
        stale = np.zeros(state.next_rid, bool)
        stale[: len(self.stale)] = self.stale
        before = self._rows_of(touched, stale)
        stale[touched] = True
        if np.count_nonzero(stale) > MAX_PATCH:
            return None
        listed = ", ".join(map(str, touched.tolist())) or "-1"
        codes = np.full(state.next_rid, _GONE, np.uint16)
        codes[: len(self.split_codes)] = self.split_codes
        codes[touched] = _GONE
        rows = cursor.execute(
            f"SELECT rid, split FROM item WHERE rid IN (SELECT unnest([{listed}]))"
        ).fetchall()
        numbers = {name: at for at, name in enumerate(self.splits)}
        for rid, split in rows:
            codes[rid] = numbers.setdefault(split, len(numbers))
        now = _read_pairs(cursor, codes, f" WHERE rid IN (SELECT unnest([{listed}]))")
        size = _size(numbers)
        totals = (
            _grown(self.totals[0], size) - before.items(size) + now.items(size),
            _grown(self.totals[1], size) - before.annotations(size) + now.annotations(size),
        )
        kept = self.fresh.where(~np.isin(self.fresh.rids, touched))
        return Pairs(self.table, stale, kept.joined(now), tuple(numbers), codes, totals)

    def _rows_of(self, touched: Rids, stale: npt.NDArray[np.bool_]) -> _Rows:
        """Return the rows of these row ids as they count now."""
        wanted = np.zeros(len(stale), bool)
        wanted[touched] = True
        fresh = self.fresh.where(wanted[self.fresh.rids])
        return self.table.where((wanted & ~stale)[self.table.rids]).joined(fresh)


def read_pairs(cursor: Cursor, state: State) -> Pairs:
    """Return the pairs as `cursor` sees them."""
    splits = tuple(s for (s,) in cursor.execute("SELECT DISTINCT split FROM item ORDER BY split").fetchall())
    codes = np.full(state.next_rid, _GONE, np.uint16)
    for code, split in enumerate(splits):
        cursor.execute("SELECT rid FROM item WHERE split = $1", [split])
        codes[np.asarray(cursor.fetchnumpy()["rid"], np.int32)] = code
    table = _read_pairs(cursor, codes, "")
    size = _size(splits)
    nothing = table.where(np.zeros(len(table.rids), bool))
    totals = (table.items(size), table.annotations(size))
    return Pairs(table, np.zeros(state.next_rid, bool), nothing, splits, codes, totals)


def _size(splits: Sized) -> int:
    return max(1, len(splits)) * _CLASSES


def _grown(counts: Counts, size: int) -> Counts:
    return np.pad(counts, (0, size - len(counts)))


def _read_pairs(cursor: Cursor, codes: npt.NDArray[np.uint16], where: str) -> _Rows:
    cursor.execute(f"SELECT rid, class_id, n FROM item_class{where}")
    read: Any = cursor.fetchnumpy()
    rids = np.asarray(read["rid"], np.int32)
    cells = codes[rids].astype(np.int32) * _CLASSES + np.asarray(read["class_id"], np.int16)
    return _Rows(rids, cells, np.asarray(read["n"], np.int32))
