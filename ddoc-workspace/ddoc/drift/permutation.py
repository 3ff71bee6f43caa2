"""Permutation tests: exact whatever the data looks like, and cheap because all permutations are one product."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PERMUTATIONS = 499
MAX_PER_SIDE = 2000
_MEDIAN_ROWS = 500
Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TestResult:
    """A statistic and its permutation p-value `(1 + #{permuted ≥ observed}) / (1 + permutations)`."""

    statistic: float
    p_value: float


def assignments(
    base: int, target: int, rng: np.random.Generator, *, permutations: int = PERMUTATIONS
) -> NDArray[np.bool_]:
    """Return (permutations + 1, base + target): who is target, first as observed, then shuffled."""
    observed = np.repeat([False, True], [base, target])
    return np.vstack([observed, rng.permuted(np.tile(observed, (permutations, 1)), axis=1)])


def p_value(statistics: NDArray[np.floating]) -> TestResult:
    """Return the result for statistics of which the first is the observed one; large speaks for drift."""
    observed = float(statistics[0])
    # equal up to rounding counts as at least as large, so that a constant statistic gives p = 1
    reached = int((statistics[1:] >= observed - 1e-9 * abs(observed)).sum())
    return TestResult(observed, (1 + reached) / len(statistics))


def mmd_test(
    base: NDArray[np.float32],
    target: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    permutations: int = PERMUTATIONS,
) -> TestResult:
    """Test whether base (n, d) and target (m, d) come from one distribution, by maximum mean discrepancy.

    Gretton et al., "A kernel two-sample test" (JMLR 2012): squared MMD with a Gaussian kernel whose squared width
    is the median squared distance. On a random 2,000 rows a side at most. Rows of weights +1/n, −1/m for every
    permutation make all statistics one matrix product: rowsum((W K) · W).
    """
    base, target = thin(base, rng), thin(target, rng)
    pooled = np.concatenate([base, target], dtype=np.float32)
    kernel = gaussian_kernel(pooled, rng)
    is_target = assignments(len(base), len(target), rng, permutations=permutations)
    weights = np.where(is_target, np.float32(-1 / len(target)), np.float32(1 / len(base)))
    return p_value(np.einsum("pn,pn->p", weights @ kernel, weights))


def gaussian_kernel(rows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the Gaussian kernel matrix (n, n) of rows (n, d), median heuristic, with a zero diagonal.

    The diagonal's weight in the statistic is the same for all permutations of equal sides; without it the rest
    keeps its precision.
    """
    squares = np.einsum("ij,ij->i", rows, rows)
    kernel = rows @ rows.T
    kernel *= -2
    kernel += squares[:, None]
    kernel += squares[None]
    np.maximum(kernel, 0, out=kernel)
    some = rng.choice(len(rows), min(len(rows), _MEDIAN_ROWS), replace=False)
    width = float(np.median(kernel[np.ix_(some, some)][np.triu_indices(len(some), 1)]))
    kernel *= -1 / max(width, 1e-12)
    np.exp(kernel, out=kernel)
    np.fill_diagonal(kernel, 0)
    return kernel


def thin(rows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return at most 2,000 random rows."""
    if len(rows) <= MAX_PER_SIDE:
        return rows
    return rows[np.sort(rng.choice(len(rows), MAX_PER_SIDE, replace=False))]
