# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Numeric fields in memory as bytes: the number of the bar in which each item falls, so that all histograms of a
filter are counted in milliseconds each. One byte per item and field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ddoc.dataset.database import Cursor
from ddoc.dataset.filters import column_of
from ddoc.dataset.state import State

BINS = 50
_NONE = 255
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Subset:
    """Some of all items, as the smaller of "these" and "all but these" row ids, so that counting is never more than
    half the work. `count` is how many items are meant. The row ids are of the type that indexes without a copy."""

    rids: npt.NDArray[np.intp]
    inverted: bool
    count: int

    @classmethod
    def of(cls, rids: npt.NDArray[np.int32], size: int) -> "Subset":
        """Return the subset of these row ids, of row ids 0 … size − 1 (those of items that are gone never count)."""
        if 2 * len(rids) <= size:
            return cls(rids.astype(np.intp), inverted=False, count=len(rids))
        others = np.ones(size, bool)
        others[rids] = False
        return cls(np.flatnonzero(others), inverted=True, count=len(rids))

    def mask(self, size: int) -> npt.NDArray[np.bool_]:
        """Return (size,) which row ids are in `rids`."""
        mask = np.zeros(size, bool)
        mask[self.rids] = True
        return mask


@dataclass(frozen=True, slots=True)
class Binned:
    """One field: least and greatest value over the whole set (None: no item has a value), and each item's bar by row
    id; 255 where an item has no value or is gone. `totals` (256,) counts all of them."""

    low: float | None
    high: float | None
    bars: Bytes
    totals: npt.NDArray[np.int64]

    def counts(self, subset: Subset | None) -> npt.NDArray[np.int64]:
        """Return (256,) how often each byte occurs in the subset. Exact up to 2²⁴ items."""
        if subset is None:
            return self.totals
        some = count_bytes(self.bars[subset.rids])
        return self.totals - some if subset.inverted else some


def count_bytes(values: Bytes) -> npt.NDArray[np.int64]:
    """Return (256,) how often each byte occurs; by OpenCV, a quarter of numpy's time, other threads running."""
    if not len(values):
        return np.zeros(256, np.int64)
    return cv2.calcHist([values.reshape(1, -1)], [0], None, [256], [0, 256]).ravel().astype(np.int64)


@dataclass(frozen=True, slots=True)
class Bins:
    """The fields that were asked for so far. Immutable; `with_fields` and `patched` make others."""

    fields: Mapping[str, Binned] = field(default_factory=dict[str, Binned])

    def missing(self, names: Sequence[str]) -> list[str]:
        """Return the fields that are not here yet."""
        return [name for name in names if name not in self.fields]

    def with_fields(self, cursor: Cursor, state: State, names: Sequence[str]) -> "Bins":
        """Return the bins with these fields too, read from `cursor`."""
        columns = {name: column_of(name, state.fields, pointer="/fields") for name in names}
        wanted = ", ".join(f"{c}::DOUBLE AS c{at}" for at, c in enumerate(columns.values()))
        read = cursor.execute(f"SELECT rid, {wanted} FROM item").fetchnumpy()
        rids = np.asarray(read["rid"], np.int32)
        made = {name: _binned(rids, read[f"c{at}"], state.next_rid) for at, name in enumerate(columns)}
        return Bins({**self.fields, **made})

    def patched(self, cursor: Cursor, state: State, touched: npt.NDArray[np.int32]) -> "Bins":
        """Return the bins after a change of the `touched` row ids. A field whose span grew is dropped."""
        if not self.fields:
            return self
        listed = ", ".join(map(str, touched.tolist())) or "-1"
        columns = [column_of(name, state.fields, pointer="/fields") for name in self.fields]
        wanted = ", ".join(f"{c}::DOUBLE AS c{at}" for at, c in enumerate(columns))
        read = cursor.execute(
            f"SELECT rid, {wanted} FROM item WHERE rid IN (SELECT unnest([{listed}]))"
        ).fetchnumpy()
        made: dict[str, Binned] = {}
        for at, (name, old) in enumerate(self.fields.items()):
            values = _values(read[f"c{at}"])
            if old.low is None or np.nanmin(values, initial=old.low) < old.low:
                continue
            if old.high is None or np.nanmax(values, initial=old.high) > old.high:
                continue
            bars = np.full(state.next_rid, _NONE, np.uint8)
            bars[: len(old.bars)] = old.bars
            bars[touched] = _NONE
            bars[read["rid"]] = _bars(values, old.low, old.high)
            made[name] = Binned(old.low, old.high, bars, count_bytes(bars))
        return Bins(made)


def histogram_json(binned: Binned, subset: Subset | None, total: int) -> dict[str, Any]:
    """Return `{kind: "bins", min, max, counts[50], missing}` of `total` items."""
    counts = binned.counts(subset)[:BINS].tolist()
    return {
        "kind": "bins",
        "min": binned.low,
        "max": binned.high,
        "counts": counts,
        "missing": total - sum(counts),
    }


def _values(column: Any) -> npt.NDArray[np.float64]:
    """Return a column with NaN where DuckDB has NULL."""
    return np.ma.filled(column, np.nan)


def _binned(rids: npt.NDArray[np.int32], column: Any, size: int) -> Binned:
    values = _values(column)
    bars = np.full(size, _NONE, np.uint8)
    if not np.isfinite(values).any():
        return Binned(None, None, bars, count_bytes(bars))
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    bars[rids] = _bars(values, low, high)
    return Binned(low, high, bars, count_bytes(bars))


def _bars(values: npt.NDArray[np.float64], low: float, high: float) -> Bytes:
    scale = BINS / (high - low) if high > low else 0.0
    bars = np.full(len(values), _NONE, np.uint8)
    known = np.isfinite(values)
    bars[known] = np.minimum((values[known] - low) * scale, BINS - 1).astype(np.uint8)
    return bars
