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


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs (item, class) as arrays: row ids, class ids, annotations; and each item's split by row id.

    `splits` names the codes in `split_codes` (0xFFFF: gone). Immutable; `patched` makes another. Some 30 bytes an
    item with two classes.
    """

    rids: Rids
    class_ids: npt.NDArray[np.int16]
    counts: npt.NDArray[np.int32]
    splits: tuple[str, ...]
    split_codes: npt.NDArray[np.uint16]

    def items_per_class(self, subset: Subset | None) -> dict[int, int]:
        """Return class id → items that have it."""
        totals = self._classes_in(None)
        if subset is None:
            return _present(totals)
        some = self._classes_in(subset.mask(len(self.split_codes)))
        return _present(totals - some if subset.inverted else some)

    def _classes_in(self, mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
        chosen = self.class_ids if mask is None else self.class_ids[mask[self.rids]]
        return np.bincount(chosen, minlength=self._width())

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
        items, annotations = self._cells_in(None)
        if subset is not None:
            some = self._cells_in(subset.mask(len(self.split_codes)))
            items = items - some[0] if subset.inverted else some[0]
            annotations = annotations - some[1] if subset.inverted else some[1]
        width = self._width()
        return sorted(
            (self.splits[cell // width], cell % width, int(items[cell]), int(annotations[cell]))
            for cell in np.flatnonzero(items).tolist()
        )

    def _width(self) -> int:
        return int(self.class_ids.max(initial=0)) + 1

    def _cells_in(
        self, mask: npt.NDArray[np.bool_] | None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return (items, annotations) per cell split × classes + class."""
        rids, classes, counts = self.rids, self.class_ids, self.counts
        if mask is not None:
            chosen = mask[rids]
            rids, classes, counts = rids[chosen], classes[chosen], counts[chosen]
        size = len(self.splits) * self._width()
        cells = self.split_codes[rids].astype(np.int32) * self._width() + classes
        items = np.bincount(cells, minlength=size)
        annotations = np.bincount(cells, weights=counts, minlength=size)
        return items.astype(np.int64), annotations.astype(np.float64)

    def patched(self, cursor: Cursor, state: State, touched: Rids) -> "Pairs":
        """Return the pairs after a change of the `touched` row ids, read from `cursor`."""
        listed = ", ".join(map(str, touched.tolist())) or "-1"
        gone = np.zeros(state.next_rid, bool)
        gone[touched] = True
        kept = ~gone[self.rids]
        new = _read_pairs(cursor, f" WHERE rid IN (SELECT unnest([{listed}]))")
        codes = np.full(state.next_rid, _GONE, np.uint16)
        codes[: len(self.split_codes)] = self.split_codes
        codes[touched] = _GONE
        rows = cursor.execute(
            f"SELECT rid, split FROM item WHERE rid IN (SELECT unnest([{listed}]))"
        ).fetchall()
        numbers = {name: at for at, name in enumerate(self.splits)}
        for rid, split in rows:
            codes[rid] = numbers.setdefault(split, len(numbers))
        return Pairs(
            np.concatenate([self.rids[kept], new[0]]),
            np.concatenate([self.class_ids[kept], new[1]]),
            np.concatenate([self.counts[kept], new[2]]),
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
    return Pairs(rids, classes, counts, splits, codes)


def _read_pairs(cursor: Cursor, where: str) -> tuple[Rids, npt.NDArray[np.int16], npt.NDArray[np.int32]]:
    cursor.execute(f"SELECT rid, class_id, n FROM item_class{where}")
    read: Any = cursor.fetchnumpy()
    return (
        np.asarray(read["rid"], np.int32),
        np.asarray(read["class_id"], np.int16),
        np.asarray(read["n"], np.int32),
    )


def _present(counts: npt.NDArray[np.int64]) -> dict[int, int]:
    return {int(number): int(counts[number]) for number in np.flatnonzero(counts)}
