"""Exact nearest neighbours by cosine, in blocks; one search feeds duplicates, outliers and typicality."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BLOCK_CELLS = 16_000_000
_MAX_BLOCK = 2048
_FOLD = 32
Cosines = NDArray[np.float32]


def nearest(
    queries: NDArray[np.floating[Any]], pool: NDArray[np.floating[Any]], k: int, *, same: bool = False
) -> tuple[NDArray[np.int64], Cosines]:
    """Return (indices (n, k), cosines (n, k)) of the `k` rows of `pool` nearest to each of `queries`, best first.

    Rows are of length 1. With `same`, queries and pool are one set and a row is not its own neighbour. Where the
    pool has fewer rows than asked for, k is smaller. A block of products takes at most 64 MB, however large the pool.
    """
    k = min(k, len(pool) - int(same))
    indices = np.empty((len(queries), max(k, 0)), np.int64)
    cosines = np.empty(indices.shape, np.float32)
    if k <= 0:
        return indices, cosines
    columns = np.ascontiguousarray(pool.T, np.float32)
    size = int(np.clip(_BLOCK_CELLS // len(pool), 64, _MAX_BLOCK))
    for start in range(0, len(queries), size):
        near = queries[start : start + size].astype(np.float32) @ columns
        rows = np.arange(len(near))
        if same:
            near[rows, rows + start] = -np.inf
        found = _largest(near, k)
        values = near[rows[:, None], found]
        order = np.argsort(-values, axis=1, kind="stable")
        indices[start : start + len(near)] = found[rows[:, None], order]
        cosines[start : start + len(near)] = values[rows[:, None], order]
    return indices, cosines


def _largest(near: Cosines, k: int) -> NDArray[np.int64]:
    """Return the columns (b, k) of the k largest values of each row of (b, n), in any order.

    The row is folded 32 times and the folds' maxima are taken, which costs a tenth of a partition: the k largest lie
    in the k folds with the largest maxima (a value outside them has k larger ones before it).
    """
    count = near.shape[1]
    width = count // _FOLD
    if width < 4 * k:
        return _partition(near, k)
    folded = near[:, : width * _FOLD].reshape(len(near), _FOLD, width)
    folds = _partition(folded.max(axis=1), k)
    candidates = (folds[:, None, :] + width * np.arange(_FOLD)[None, :, None]).reshape(len(near), -1)
    rest = np.broadcast_to(np.arange(width * _FOLD, count), (len(near), count - width * _FOLD))
    candidates = np.hstack([candidates, rest])
    rows = np.arange(len(near))[:, None]
    return candidates[rows, _partition(near[rows, candidates], k)]


def _partition(values: Cosines, k: int) -> NDArray[np.int64]:
    if k >= values.shape[1]:
        return np.tile(np.arange(values.shape[1]), (len(values), 1))
    return np.argpartition(-values, k - 1, axis=1)[:, :k]
