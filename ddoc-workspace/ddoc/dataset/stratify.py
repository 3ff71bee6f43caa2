"""Dividing items so that every label keeps its share in every part (iterative stratification)."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Parts = npt.NDArray[np.int32]
Labels: TypeAlias = Any
"""A `scipy.sparse.csr_array` (n, labels); scipy's own types know neither its slices nor its sums."""


def stratify(labels: Labels, sizes: Sequence[int], *, order: npt.NDArray[np.int64]) -> Parts:
    """Return the part (0 … len(sizes) − 1) of every row.

    `labels` is (n, labels) with a non-zero where a row has a label; `sizes` sum up to n and are met exactly.
    `order` (n,) says which rows of equal labels come first: a seeded permutation, or a hash of the content.

    Rows with the same set of labels are dealt in proportion at once; what does not divide is dealt one by one, rarest
    label first, to the part where its labels are furthest behind their share of what was dealt so far (iterative
    stratification after Sechidis, Tsoumakas and Vlahavas 2011, as a descent of the weighted squared error).
    """
    wanted = np.asarray(sizes, float)
    count = labels.shape[0]
    if count == 0:
        return np.empty(0, np.int32)
    shares = wanted / wanted.sum()
    present = (labels > 0).astype(np.int64).tocsr()
    totals = np.asarray(present.sum(axis=0)).ravel()
    dealer = _Dealer(shares, totals, np.asarray(sizes, np.int64))
    parts = np.empty(count, np.int32)
    for rows, columns in _blocks(present, totals, order):
        parts[rows] = dealer.deal(len(rows), columns)
    return parts


def _blocks(
    present: Labels, totals: npt.NDArray[np.int64], order: npt.NDArray[np.int64]
) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]]:
    """Return (rows in order, their labels) per set of labels: rarest label first, then large blocks first."""
    groups: dict[bytes, list[int]] = {}
    indptr, indices = present.indptr, present.indices
    for row in np.argsort(order, kind="stable").tolist():
        groups.setdefault(np.sort(indices[indptr[row] : indptr[row + 1]]).tobytes(), []).append(row)
    blocks = [
        (np.asarray(rows, np.int64), np.frombuffer(key, dtype=indices.dtype).astype(np.int32))
        for key, rows in groups.items()
    ]
    rarest = [totals[columns].min() if len(columns) else np.iinfo(np.int64).max for _, columns in blocks]
    by = sorted(
        range(len(blocks)), key=lambda b: (rarest[b], -len(blocks[b][0]), int(order[blocks[b][0][0]]))
    )
    return [blocks[b] for b in by]


class _Dealer:
    """Keeps count of how far every part is ahead of its share, of each label and of rows altogether.

    The error of label l in part f is e(l, f) = dealt to f − share(f) · dealt at all. A row goes where it lets
    Σ w(l) e(l, f)² / share(f) grow least: to the part with the least Σ w(l) (2 e(l, f) + 1) / share(f).
    """

    def __init__(
        self, shares: npt.NDArray[np.float64], totals: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]
    ) -> None:
        self._shares = shares
        self._ahead = np.zeros((len(totals) + 1, len(shares)))
        self._weights = np.append(
            1.0 / np.sqrt(np.maximum(totals, 1)), 1.0 / np.sqrt(max(int(sizes.sum()), 1))
        )
        self._left = sizes.astype(np.int64).copy()

    def deal(self, count: int, columns: npt.NDArray[np.int32]) -> Parts:
        """Return the parts of `count` rows that all have the labels `columns`."""
        counted = np.append(columns, len(self._weights) - 1)
        given = np.minimum(np.floor(count * self._shares).astype(np.int64), self._left)
        self._take(given, counted)
        for _ in range(count - int(given.sum())):
            one = np.zeros_like(given)
            one[self._furthest_behind(counted)] = 1
            self._take(one, counted)
            given += one
        return np.repeat(np.arange(len(given), dtype=np.int32), given)

    def _furthest_behind(self, counted: npt.NDArray[np.int32]) -> int:
        weights = self._weights[counted]
        cost = (2 * (weights @ self._ahead[counted]) + weights.sum()) / np.maximum(self._shares, 1e-12)
        cost[self._left <= 0] = np.inf
        return int(np.argmin(cost))

    def _take(self, given: npt.NDArray[np.int64], counted: npt.NDArray[np.int32]) -> None:
        self._left -= given
        self._ahead[counted] += given - self._shares * given.sum()


def part_sizes(count: int, shares: Sequence[float]) -> list[int]:
    """Return whole numbers in these shares that sum up to `count` (largest remainder)."""
    ideal = np.asarray(shares, float) / sum(shares) * count
    sizes = np.floor(ideal).astype(int)
    for part in np.argsort(-(ideal - sizes), kind="stable")[: count - int(sizes.sum())]:
        sizes[part] += 1
    return sizes.tolist()
