"""Outlier scores beside drift: how far an image is from the base's images, whatever the other target images are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddoc.analysis import nearest

NEIGHBOURS = 10
MAX_REFERENCE = 10_000


def outlier_scores(
    base: NDArray[np.floating[Any]], target: NDArray[np.floating[Any]], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return 0–1 for each base (n,) and target (m,) image: the share of base images nearer to their neighbours.

    Mean cosine distance to the 10 nearest of at most 10,000 random base images; a base image is not its own
    neighbour. Rows are of length 1.
    """
    chosen = np.arange(len(base))
    if len(base) > MAX_REFERENCE:
        chosen = np.sort(rng.choice(len(base), MAX_REFERENCE, replace=False))
    reference = base[chosen]
    _, within = nearest(reference, reference, NEIGHBOURS, same=True)
    known = np.sort(1 - within.mean(1, dtype=np.float64))
    distances = np.empty(len(base))
    distances[chosen] = 1 - within.mean(1, dtype=np.float64)
    others = np.setdiff1d(np.arange(len(base)), chosen, assume_unique=True)
    if len(others):
        _, near = nearest(base[others], reference, NEIGHBOURS)
        distances[others] = 1 - near.mean(1, dtype=np.float64)
    _, near = nearest(target, reference, NEIGHBOURS)
    of_target = 1 - near.mean(1, dtype=np.float64)
    return _share(known, distances), _share(known, of_target)


def _share(known: NDArray[np.float64], distances: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.searchsorted(known, distances, side="left") / len(known)
