"""Content hashes as Arrow columns: a million of them without a million Python objects."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Column: TypeAlias = Any
"""A `pyarrow.Array` or `pyarrow.ChunkedArray` of strings; pyarrow ships no types."""
Hashes: TypeAlias = Sequence[str] | Column
"""Content hashes, as Python strings or as a column."""


def column(hashes: Hashes) -> Column:
    """Return the hashes as one Arrow array."""
    values: Any = hashes
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    return values if isinstance(values, pa.Array) else pa.array(values, pa.string())


def places_in(known: Hashes, hashes: Hashes) -> NDArray[np.int64]:
    """Return for each of `hashes` where it stands in `known`, or −1."""
    found = pc.call_function("index_in", [column(hashes)], pc.SetLookupOptions(column(known)))
    return found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


def count_in(known: Hashes, hashes: Hashes) -> int:
    """Return how many of `hashes` are among `known`."""
    return int((places_in(known, hashes) >= 0).sum())


def distinct(hashes: Hashes) -> tuple[Column, NDArray[np.int64]]:
    """Return each hash once, in order of first appearance, and how often it appears."""
    found = pc.call_function("value_counts", [column(hashes)])
    return found.field("values"), found.field("counts").to_numpy(zero_copy_only=False)


def joined_sorted(hashes: Hashes) -> bytes:
    """Return the hashes in order, one after the other, as bytes: what a digest of a set is made of."""
    values = column(hashes)
    ordered = values.take(pc.call_function("array_sort_indices", [values]))
    return bytes(ordered.buffers()[2] or b"") if len(ordered) else b""


def from_keys(keys: NDArray[np.void]) -> Column:
    """Return binary md5 keys of 16 bytes as a column of 32 hexadecimal digits each."""
    offsets = np.arange(len(keys) + 1, dtype=np.int32) * 32
    text = keys.tobytes().hex().encode()
    return pa.Array.from_buffers(pa.string(), len(keys), [None, pa.py_buffer(offsets), pa.py_buffer(text)])
