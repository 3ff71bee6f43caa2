"""`dedup`: one of each group of equal or nearly equal images."""

from collections.abc import Sequence

import numpy as np

from ddoc.analysis import fit_view, nearest
from ddoc.analysis.duplicates import components, cosine_thresholds
from ddoc.analysis.groups import NEIGHBOURS
from ddoc.errors import InvalidInputError, UnavailableError
from ddoc.sampling.outcome import Outcome, Pool, Rows
from ddoc.sampling.source import Floats
from ddoc.sampling.strategies import Dedup

_CELL = 200
_PROBES = 3
_PROBED = 512


def choose_distinct(pool: Pool, strategy: Dedup, size: int | None) -> Outcome:
    """Return the best of each group and all items that are alone, in seeded order.

    Groups are those of the embedding analysis where it ran (and no threshold or encoder is asked for), else pairs
    of vectors above the cosine threshold, joined; without vectors only equal bytes count, and `detail.near` says so.
    """
    hashes = pool.source.hashes(pool.ids)
    labels, detail = _groups(pool, strategy, hashes)
    best = _best_first(pool)
    seen: set[int] = set()
    kept = [row for row in best.tolist() if not (labels[row] in seen or seen.add(int(labels[row])))]
    keep = np.zeros(len(pool.ids), bool)
    keep[kept] = True
    order = pool.rng("dedup").permutation(len(pool.ids))
    rows = order[keep[order]]
    detail = {**detail, "groups": len(pool.ids) - len(seen), "dropped": len(pool.ids) - len(kept)}
    return Outcome(rows if size is None else rows[:size], detail=detail)


def _groups(pool: Pool, strategy: Dedup, hashes: Sequence[str]) -> tuple[Rows, dict[str, object]]:
    """Return (n,) the number of each row's group, and how it was found."""
    numbers: dict[str, int] = {}
    exact = np.array([numbers.setdefault(h, len(numbers)) for h in hashes], np.int64)
    analysed = pool.source.duplicate_groups(pool.ids)
    if analysed is not None and strategy.threshold is None and strategy.encoder is None:
        by_group: dict[int, int] = {}
        labels = exact.copy()
        for row, group in enumerate(analysed):
            if group is not None:
                labels[row] = by_group.setdefault(group, int(exact[row]))
        return labels, {"near": True, "by": "analysis"}
    try:
        matrix, _, rows = pool.vectors(strategy.encoder)
    except UnavailableError:
        if strategy.threshold is not None or strategy.encoder is not None:
            raise
        return exact, {"near": False, "by": "bytes"}
    pairs, threshold = near_pairs(matrix, strategy.threshold, pool.rng("near"))
    found = components(len(rows), pairs)
    labels = exact.copy()
    for group in np.unique(found[found >= 0]):
        members = rows[found == group]
        labels[np.isin(exact, exact[members])] = exact[members[0]]
    return labels, {"near": True, "by": "vectors", "threshold": round(threshold, 4)}


def near_pairs(matrix: Floats, threshold: float | None, rng: np.random.Generator) -> tuple[Rows, float]:
    """Return (pairs (m, 2) of rows whose cosine is over the threshold, that threshold).

    Without a threshold, rows are compared in their half-whitened view and it is taken from the data as in the
    embedding analysis; with one, as they are. Rows are put into the three cells nearest to them, cells being around
    random rows, and compared within cells only: images that are nearly equal share a cell, and 100,000 × 512 take
    seconds, not minutes.
    """
    if threshold is None:
        matrix = fit_view(matrix).apply(matrix)
        some = matrix if len(matrix) <= _PROBED else matrix[rng.choice(len(matrix), _PROBED, replace=False)]
        _, cosines = nearest(some, matrix, NEIGHBOURS + 1)  # the nearest is the row itself
        threshold, _ = cosine_thresholds(cosines[:, -1] if cosines.size else np.empty(0, np.float32))
    centres = matrix[rng.choice(len(matrix), max(1, len(matrix) // _CELL), replace=False)]
    found = [np.empty((0, 2), np.int64)]
    for rows in _cells(matrix, centres):
        cell = matrix[rows]
        left, right = np.nonzero(cell @ cell.T > np.float32(threshold))
        left, right = left[left < right], right[left < right]
        found.append(np.column_stack([rows[left], rows[right]]))
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0), threshold


def _cells(matrix: Floats, centres: Floats) -> list[Rows]:
    probes = min(_PROBES, len(centres))
    nearest = np.empty((len(matrix), probes), np.int64)
    for start in range(0, len(matrix), 8_192):
        cosines = matrix[start : start + 8_192] @ centres.T
        nearest[start : start + 8_192] = np.argpartition(-cosines, probes - 1, axis=1)[:, :probes]
    cell = nearest.ravel()
    row = np.repeat(np.arange(len(matrix)), probes)
    order = np.argsort(cell, kind="stable")
    bounds = np.searchsorted(cell[order], np.arange(len(centres) + 1))
    return [row[order[bounds[c] : bounds[c + 1]]] for c in range(len(centres))]


def _best_first(pool: Pool) -> Rows:
    """Return all rows, the sharpest, largest and most annotated first; the index's order decides ties."""
    width, height, count = (
        pool.source.values(pool.ids, field).astype(np.float64)
        for field in ("width", "height", "annotation_count")
    )
    try:
        sharp = np.nan_to_num(pool.source.values(pool.ids, "sharpness"), nan=-np.inf)
    except InvalidInputError:  # no attribute analysis: size and annotations decide
        sharp = np.zeros(len(pool.ids), np.float32)
    return np.lexsort((-count, -(width * height), -sharp))
