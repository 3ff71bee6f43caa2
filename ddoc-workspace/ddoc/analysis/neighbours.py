"""Exact nearest neighbours by cosine, in blocks; one search feeds duplicates, outliers and typicality."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BLOCK = 2048


def nearest(
    queries: NDArray[np.floating[Any]], pool: NDArray[np.floating[Any]], k: int, *, same: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return (indices (n, k), cosines (n, k)) of the `k` rows of `pool` nearest to each of `queries`, best first.

    Rows are of length 1. With `same`, queries and pool are one set and a row is not its own neighbour. Where the
    pool has fewer rows than asked for, k is smaller.
    """
    k = min(k, len(pool) - int(same))
    indices = np.empty((len(queries), max(k, 0)), np.int64)
    cosines = np.empty(indices.shape, np.float32)
    if k <= 0:
        return indices, cosines
    columns = np.ascontiguousarray(pool.T, np.float32)
    for start in range(0, len(queries), _BLOCK):
        near = queries[start : start + _BLOCK].astype(np.float32) @ columns
        rows = np.arange(len(near))
        if same:
            near[rows, rows + start] = -np.inf
        found = (
            np.argpartition(-near, k - 1, axis=1)[:, :k]
            if k < near.shape[1]
            else np.tile(np.arange(k), (len(near), 1))
        )
        values = near[rows[:, None], found]
        order = np.argsort(-values, axis=1, kind="stable")
        indices[start : start + len(near)] = found[rows[:, None], order]
        cosines[start : start + len(near)] = values[rows[:, None], order]
    return indices, cosines
