# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Which item has which class, and in which split it is, in memory: counts per class and split under any filter."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ddoc.dataset.bins import Subset
from ddoc.dataset.database import Cursor
from ddoc.dataset.state import State

Rids = npt.NDArray[np.int32]
_GONE = 0xFFFF
_CLASSES = 1 << 15
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs (item, class) as arrays: row ids, split and class, annotations; and each item's split by row id.

    `splits` names the codes in `split_codes` (0xFFFF: gone). Immutable; `patched` makes another. Some 30 bytes an
    item with two classes.
    """

    rids: Rids
    cells: npt.NDArray[np.int32]
    """The item's split code × 32,768 + the class id."""
    counts: npt.NDArray[np.int32]
    splits: tuple[str, ...]
    split_codes: npt.NDArray[np.uint16]

    def items_per_class(self, subset: Subset | None) -> dict[int, int]:
        """Return class id → items that have it."""
        per_cell, _ = self._cells_of(subset, annotations=False)
        per_class = per_cell.reshape(-1, _CLASSES).sum(axis=0)
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
            return self._count(self.cells, self.counts if annotations else None)
        chosen = subset.mask(len(self.split_codes))[self.rids]
        some = self._count(self.cells[chosen], self.counts[chosen] if annotations else None)
        if not subset.inverted:
            return some
        every = self._count(self.cells, self.counts if annotations else None)
        return every[0] - some[0], every[1] - some[1]

    def _count(
        self, cells: npt.NDArray[np.int32], weights: npt.NDArray[np.int32] | None
    ) -> tuple[Counts, Counts]:
        size = max(1, len(self.splits)) * _CLASSES
        items = np.bincount(cells, minlength=size)
        if weights is None:
            return items, items
        return items, np.bincount(cells, weights=weights, minlength=size).astype(np.int64)

    def patched(self, cursor: Cursor, state: State, touched: Rids) -> "Pairs":
        """Return the pairs after a change of the `touched` row ids, read from `cursor`."""
        listed = ", ".join(map(str, touched.tolist())) or "-1"
        gone = np.zeros(state.next_rid, bool)
        gone[touched] = True
        kept = ~gone[self.rids]
        codes = np.full(state.next_rid, _GONE, np.uint16)
        codes[: len(self.split_codes)] = self.split_codes
        codes[touched] = _GONE
        rows = cursor.execute(
            f"SELECT rid, split FROM item WHERE rid IN (SELECT unnest([{listed}]))"
        ).fetchall()
        numbers = {name: at for at, name in enumerate(self.splits)}
        for rid, split in rows:
            codes[rid] = numbers.setdefault(split, len(numbers))
        rids, classes, counts = _read_pairs(cursor, f" WHERE rid IN (SELECT unnest([{listed}]))")
        return Pairs(
            np.concatenate([self.rids[kept], rids]),
            np.concatenate([self.cells[kept], codes[rids].astype(np.int32) * _CLASSES + classes]),
            np.concatenate([self.counts[kept], counts]),
            tuple(numbers),
            codes,
        )


def read_pairs(cursor: Cursor, state: State) -> Pairs:
    """Return the pairs as `cursor` sees them."""
    rids, classes, counts = _read_pairs(cursor, "")
    splits = tuple(s for (s,) in cursor.execute("SELECT DISTINCT split FROM item ORDER BY split").fetchall())
    codes = np.full(state.next_rid, _GONE, np.uint16)
    for code, split in enumerate(splits):
        cursor.execute("SELECT rid FROM item WHERE split = $1", [split])
        codes[np.asarray(cursor.fetchnumpy()["rid"], np.int32)] = code
    return Pairs(rids, codes[rids].astype(np.int32) * _CLASSES + classes, counts, splits, codes)


def _read_pairs(cursor: Cursor, where: str) -> tuple[Rids, npt.NDArray[np.int16], npt.NDArray[np.int32]]:
    cursor.execute(f"SELECT rid, class_id, n FROM item_class{where}")
    read: Any = cursor.fetchnumpy()
    return (
        np.asarray(read["rid"], np.int32),
        np.asarray(read["class_id"], np.int16),
        np.asarray(read["n"], np.int32),
    )
