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
class Binned:
    """One field: least and greatest value over the whole set (None: no item has a value), and each item's bar by row
    id; 255 where an item has no value or is gone."""

    low: float | None
    high: float | None
    bars: Bytes

    def counts(self, mask: Bytes | None) -> npt.NDArray[np.int64]:
        """Return (256,) how often each byte occurs where `mask` (by row id) is not 0. Exact up to 2²⁴ items."""
        if len(self.bars) == 0:
            return np.zeros(256, np.int64)
        image = self.bars.reshape(1, -1)
        chosen = None if mask is None else mask.reshape(1, -1)
        # masked counting in OpenCV takes half of numpy's time and lets other threads run
        return cv2.calcHist([image], [0], chosen, [256], [0, 256]).ravel().astype(np.int64)


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
            made[name] = Binned(old.low, old.high, bars)
        return Bins(made)


def mask_of(rids: npt.NDArray[np.int32], size: int) -> Bytes:
    """Return (size,) 255 at the given row ids, else 0."""
    mask = np.zeros(size, np.uint8)
    mask[rids] = 255
    return mask


def histogram_json(binned: Binned, mask: Bytes | None, total: int) -> dict[str, Any]:
    """Return `{kind: "bins", min, max, counts[50], missing}` of `total` items."""
    counts = binned.counts(mask)[:BINS].tolist()
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
        return Binned(None, None, bars)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    bars[rids] = _bars(values, low, high)
    return Binned(low, high, bars)


def _bars(values: npt.NDArray[np.float64], low: float, high: float) -> Bytes:
    scale = BINS / (high - low) if high > low else 0.0
    bars = np.full(len(values), _NONE, np.uint8)
    known = np.isfinite(values)
    bars[known] = np.minimum((values[known] - low) * scale, BINS - 1).astype(np.uint8)
    return bars
