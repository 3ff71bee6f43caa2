# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Which item has which class, and in which split it is, in memory: counts per class and split under any filter."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

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

    def items_per_class(self, mask: npt.NDArray[np.uint8] | None) -> dict[int, int]:
        """Return class id → items that have it, among those where `mask` (by row id) is not 0."""
        chosen = self.class_ids if mask is None else self.class_ids[mask[self.rids] != 0]
        return _present(np.bincount(chosen))

    def items_per_split(self, mask: npt.NDArray[np.uint8] | None) -> dict[str, int]:
        """Return split → items."""
        codes = self.split_codes if mask is None else self.split_codes[mask != 0]
        counts = np.bincount(codes[codes != _GONE], minlength=len(self.splits))
        return {name: int(n) for name, n in sorted(zip(self.splits, counts, strict=True)) if n}

    def per_split_and_class(self, mask: npt.NDArray[np.uint8] | None) -> list[tuple[str, int, int, int]]:
        """Return (split, class id, items, annotations) for each that occurs, in order of splits and classes."""
        rids, classes, counts = self.rids, self.class_ids, self.counts
        if mask is not None:
            chosen = mask[rids] != 0
            rids, classes, counts = rids[chosen], classes[chosen], counts[chosen]
        if not len(rids):
            return []
        width = int(classes.max()) + 1
        cells = self.split_codes[rids].astype(np.int32) * width + classes
        items = np.bincount(cells)
        annotations = np.bincount(cells, weights=counts)
        rows = [
            (self.splits[cell // width], cell % width, int(items[cell]), int(annotations[cell]))
            for cell in np.flatnonzero(items).tolist()
        ]
        return sorted(rows)

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
