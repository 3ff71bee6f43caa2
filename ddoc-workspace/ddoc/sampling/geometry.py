"""Geometry of vectors that the strategies share: fewer dimensions, distances, densities."""

import numpy as np
import numpy.typing as npt

from ddoc.analysis import fit_view

Floats = npt.NDArray[np.float32]
WORKING_DIMS = 64
_REFERENCE = 2_048
_NEIGHBOURS = 8


def reduced(matrix: Floats, *others: Floats, dims: int = WORKING_DIMS) -> list[Floats]:
    """Return `matrix` (and others of its space) in the `dims` principal directions of `matrix`.

    A greedy choice of 1,000 among 100,000 reads all rows 1,000 times: at 512 numbers that is half a minute, at 64
    three seconds. Distances keep what those directions explain.
    """
    if matrix.shape[1] <= dims:
        return [matrix, *others]
    view = fit_view(matrix, dim=dims, whiten=0, unit=False)
    return [view.apply(part) for part in (matrix, *others)]


def squared_norms(matrix: Floats) -> Floats:
    """Return the squared length of each row."""
    return np.einsum("ij,ij->i", matrix, matrix)


class Distances:
    """Squared distances of all rows of a matrix to one point at a time, in one buffer: a greedy choice asks a
    thousand times, and reading the matrix should be all that it costs."""

    def __init__(self, matrix: Floats) -> None:
        self._matrix = matrix
        self._norms = squared_norms(matrix)
        self._buffer = np.empty(len(matrix), np.float32)

    def to(self, point: Floats) -> Floats:
        """Return the squared distances to `point`, good until the next call; rounding may leave them just below 0."""
        distances = np.matmul(self._matrix, -2 * point, out=self._buffer)
        distances += self._norms
        distances += point @ point
        return distances


def density(matrix: Floats, rng: np.random.Generator) -> Floats:
    """Return (n,) in 0–1: how dense the surroundings of each row are, as the rank of its nearness.

    Nearness is the mean distance to the 8 nearest of up to 2,048 random rows (itself left out): in a set of 100,000
    these lie where the 400 nearest of all begin, which is what "a dense region" means.
    """
    reference = (
        matrix if len(matrix) <= _REFERENCE else matrix[rng.choice(len(matrix), _REFERENCE, replace=False)]
    )
    k = min(_NEIGHBOURS, len(reference) - 1)
    if k < 1:
        return np.ones(len(matrix), np.float32)
    norms = squared_norms(reference)
    near = np.empty(len(matrix), np.float32)
    for start in range(0, len(matrix), 2_048):
        block = matrix[start : start + 2_048]
        distances = squared_norms(block)[:, None] - 2 * (block @ reference.T) + norms
        distances[distances < 1e-6] = np.inf  # the row itself, or its equal
        nearest = np.partition(distances, k - 1, axis=1)[:, :k]
        nearest = np.where(np.isfinite(nearest), np.maximum(nearest, 0), 0)
        near[start : start + 2_048] = np.sqrt(nearest).mean(axis=1)
    rank = np.empty(len(matrix), np.float32)
    rank[np.argsort(-near, kind="stable")] = np.arange(len(matrix), dtype=np.float32)
    return rank / np.float32(max(1, len(matrix) - 1))


def gaussian(squared: Floats, gamma: float) -> Floats:
    """Return exp(−gamma · squared distances), in place."""
    squared *= np.float32(-gamma)
    return np.exp(squared, out=squared)


def mean_kernel(rows: Floats, reference: Floats, gamma: float) -> Floats:
    """Return (n,): the mean of the Gaussian kernel between each row and the reference rows."""
    if len(reference) == 0:
        return np.zeros(len(rows), np.float32)
    norms = squared_norms(reference)
    means = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), 4_096):
        block = rows[start : start + 4_096]
        distances = (squared_norms(block)[:, None] - 2 * (block @ reference.T) + norms).astype(
            np.float32, copy=False
        )
        means[start : start + 4_096] = gaussian(distances, gamma).mean(axis=1)
    return means


def median_gamma(*parts: Floats, rng: np.random.Generator, rows: int = 1_000) -> float:
    """Return the kernel's gamma by the median heuristic: 1 / (median squared distance of up to 1,000 rows)."""
    together = np.concatenate(parts)
    if len(together) > rows:
        together = together[rng.choice(len(together), rows, replace=False)]
    norms = squared_norms(together)
    distances = norms[:, None] - 2 * (together @ together.T) + norms
    upper = distances[np.triu_indices(len(together), 1)]
    middle = float(np.median(upper)) if len(upper) else 1.0
    return 1.0 / max(middle, 1e-12)
