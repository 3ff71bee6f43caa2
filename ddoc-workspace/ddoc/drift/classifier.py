"""Out-of-fold scores of a domain classifier: how well the sides can be told apart, and how target-like an image is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

FOLDS = 10
# cuts into folds: where images are few, a single cut's luck shows in the scores, and more of them cost little
REPEATS, REPEATS_OF_FEW, _FEW = 3, 18, 3000
BOOTSTRAPS = 200
_RIDGE = 0.1
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effect:
    """Area under the ROC curve of out-of-fold scores (½: the sides cannot be told apart) with a 95 % interval."""

    auc: float
    low: float
    high: float


def out_of_fold(
    base: NDArray[np.float32],
    target: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    folds: int = FOLDS,
    repeats: int | None = None,
) -> tuple[Floats, Floats]:
    """Return scores of base (n,) and target (m,) rows by linear discriminants that never saw the row.

    Ridge LDA: the log-ratio of two Gaussians with one covariance C + λ·tr(C)/d·I, λ = max(.1, d/n). Sides are cut
    into folds separately; a fold's scores become normal scores (ranks mapped to normal quantiles), because scores
    of different fits have no common scale; the mean over `repeats` cuts is returned (3; 18 up to 3,000 images).
    """
    if repeats is None:
        repeats = REPEATS_OF_FEW if len(base) + len(target) <= _FEW else REPEATS
    centre = (base.mean(0, dtype=np.float64) * len(base) + target.mean(0, dtype=np.float64) * len(target)) / (
        len(base) + len(target)
    )
    rows = np.concatenate([base, target], dtype=np.float32)
    rows -= centre.astype(np.float32)
    is_target = np.repeat([False, True], [len(base), len(target)])
    total = np.zeros(len(rows))
    for _ in range(repeats):
        fold = np.concatenate([rng.permutation(len(base)) % folds, rng.permutation(len(target)) % folds])
        total += _one_cut(rows, is_target, fold, folds)
    total /= repeats
    return total[: len(base)], total[len(base) :]


def _one_cut(
    rows: NDArray[np.float32], is_target: NDArray[np.bool_], fold: NDArray[np.int64], folds: int
) -> Floats:
    """Return the normal scores of one cut. Sums are taken once per fold; training sums are all but one fold's."""
    members = [np.flatnonzero(fold == f) for f in range(folds)]
    sums, counts, products = [], [], []
    for held in members:
        block, target = rows[held], is_target[held]
        sums.append(
            np.stack([block[~target].sum(0, dtype=np.float64), block[target].sum(0, dtype=np.float64)])
        )
        counts.append(np.array([(~target).sum(), target.sum()], np.float64))
        products.append((block.T @ block).astype(np.float64))
    all_sums, all_counts, all_products = sum(sums), sum(counts), sum(products)
    scores = np.empty(len(rows))
    for held, held_sums, held_counts, held_product in zip(members, sums, counts, products, strict=True):
        direction = _discriminant(all_sums - held_sums, all_counts - held_counts, all_products - held_product)
        raw = rows[held] @ direction
        scores[held] = ndtri((average_ranks(raw) - 0.5) / len(held))
    return scores


def _discriminant(sums: Floats, counts: Floats, product: Floats) -> NDArray[np.float32]:
    """Return the direction of ridge LDA from class sums (2, d), class counts (2,) and Σ x xᵀ (d, d)."""
    total = counts.sum()
    mean = sums.sum(0) / total
    covariance = product / total - np.outer(mean, mean)
    width = len(mean)
    ridge = max(_RIDGE, width / total) * np.trace(covariance) / width
    means = sums / counts[:, None]
    regular = covariance + max(ridge, 1e-12) * np.eye(width)
    return np.linalg.solve(regular, means[1] - means[0]).astype(np.float32)


def average_ranks(values: NDArray[np.floating[Any]]) -> Floats:
    """Return the ranks 1 … n of `values` (n,); equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def auc(base: Floats, target: Floats) -> float:
    """Return the probability that a target score exceeds a base score, ties counting half (Mann–Whitney)."""
    ranks = average_ranks(np.concatenate([base, target]))
    return float((ranks[len(base) :].mean() - (len(target) + 1) / 2) / len(base))


def effect(base: Floats, target: Floats, rng: np.random.Generator, *, bootstraps: int = BOOTSTRAPS) -> Effect:
    """Return the AUC with its 95 % bootstrap interval (Poisson weights on images; Efron & Tibshirani 1993).

    The fitted directions are held fixed, so the interval is of the scores' sampling, not of the training.
    """
    order = np.argsort(np.concatenate([base, target]), kind="stable")
    is_target = (order >= len(base)).astype(np.float32)
    found: list[float] = []
    for _ in range(bootstraps):
        weight = rng.poisson(1.0, len(order)).astype(np.float32)
        positive = weight * is_target
        below = np.cumsum(weight - positive, dtype=np.float64)
        pairs = positive.sum(dtype=np.float64) * below[-1]
        found.append(float((positive * below).sum(dtype=np.float64) / max(pairs, 1.0)))
    low, high = np.percentile(found, [2.5, 97.5])
    return Effect(auc(base, target), float(low), float(high))


def combine(views: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Return one score per image from several views' scores, weighted by AUC − ½.

    A view that cannot tell the sides apart (AUC at most ½) has nothing to say about an image; if none can, all
    weigh the same.
    """
    weights = np.array([max(auc(base, target) - 0.5, 0.0) for base, target in views])
    if weights.sum() == 0:
        weights[:] = 1
    weights = weights / weights.sum()
    base = np.sum([w * view[0] for w, view in zip(weights, views, strict=True)], axis=0)
    target = np.sum([w * view[1] for w, view in zip(weights, views, strict=True)], axis=0)
    return base, target


def conformal_p(base: Floats, scores: Floats, *, own: bool = False) -> Floats:
    """Return for each score the share of base scores at least as large, the image itself included.

    Under no drift a target image's p-value is uniform (Vovk et al., "Algorithmic learning in a random world", 2005),
    since base scores are out-of-fold too. `own`: the scores are the base's, so the image is among them already.
    """
    ordered = np.sort(base)
    at_least = len(base) - np.searchsorted(ordered, scores, side="left")
    return (at_least + (not own)) / (len(base) + (not own))


def as_share(base: Floats, scores: Floats) -> Floats:
    """Return scores as 0–1: the share of base images that are less target-like, continued beyond the last of them.

    Linear between neighbouring base scores, so that the order is kept; beyond the largest base score the rest to 1
    shrinks exponentially. A score of .95 or more says the same as p ≤ .05.
    """
    ordered = np.sort(base)
    count = len(ordered)
    share = np.interp(scores, ordered, (np.arange(count) + 0.5) / (count + 0.5))
    beyond = scores - ordered[-1]
    scale = max(float(ordered.std()), 1e-9)
    rest = 0.5 / (count + 0.5) * np.exp(-np.maximum(beyond, 0) / scale)
    below = np.maximum(ordered[0] - scores, 0)
    low = 0.5 / (count + 0.5) * np.exp(-below / scale)
    share = np.where(beyond > 0, 1 - rest, share)
    return np.where(below > 0, low, share)
