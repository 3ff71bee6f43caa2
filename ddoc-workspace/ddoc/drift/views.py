"""The two views of a comparison as plain matrices: attributes see low-level change, the embedding sees content."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddoc.analysis import View, fit_view
from ddoc.drift.sides import Side

# What acts by a factor is taken as a logarithm (p05 and p95 with an offset, since they may be 0), shares of pixels as
# square roots: a change then moves dark and bright, plain and rich images by like amounts.
_OFFSETS = {
    "brightness": 0.0,
    "contrast": 0.0,
    "p05": 8.0,
    "p95": 8.0,
    "colourfulness": 0.0,
    "noise": 0.0,
    "megapixels": 0.0,
    "aspect": 0.0,
}
_SHARES = frozenset({"dark_share", "bright_share"})
_REACH = 8.0
_DIM = 256
_MIN_DIM = 16
_CONTENT_DIM, _CONTENT_RIDGE, _OTHERS_RIDGE = 32, 0.1, 0.02
_ODD_REACH = 4.0
_FIT_PER_SIDE = 4096
Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pair:
    """One view of both sides: float32 (n, d) and (m, d)."""

    base: Matrix
    target: Matrix


def attribute_view(base: Side, target: Side) -> Pair | None:
    """Return the attributes of both sides, standardised by the mean and deviation of both together.

    Not by each side's own (that would remove the drift), nor by the base's alone (the base would look tidier than
    any fresh sample: false alarms at small n); the pooled values know nothing of the sides. Values beyond 8 deviations are held there. None if no attribute varies.
    """
    columns: list[NDArray[np.float64]] = []
    for place, name in enumerate(base.attribute_names):
        column = np.concatenate([base.attributes[:, place], target.attributes[:, place]])
        if name in _OFFSETS:
            column = np.log(np.maximum(column + _OFFSETS[name], 1e-3))
        elif name in _SHARES:
            column = np.sqrt(np.maximum(column, 0))
        deviation = float(column.std())
        if deviation > 1e-9 * max(1.0, float(np.abs(column).max())):
            columns.append(np.clip((column - column.mean()) / deviation, -_REACH, _REACH))
    if not columns:
        return None
    both = np.stack(columns, axis=1).astype(np.float32)
    return Pair(both[: len(base)], both[len(base) :])


def with_squares(pair: Pair) -> Pair:
    """Return the view with its squares appended, so that a linear score sees a change of spread."""
    return Pair(np.hstack([pair.base, pair.base**2]), np.hstack([pair.target, pair.target**2]))


def embedding_view(base: Side, target: Side, rng: np.random.Generator) -> Pair | None:
    """Return both sides' vectors in up to 256 half-whitened principal components, rows of length 1; None without.

    The components are fitted to at most 4,096 random rows of each side together, for the reason given above.
    """
    if base.vectors is None or target.vectors is None:
        return None
    parts = [side[_some(len(side), rng)] for side in (base.vectors, target.vectors)]
    view: View = fit_view(np.concatenate(parts), dim=_DIM)
    return Pair(view.apply(base.vectors), view.apply(target.vectors))


def leading(pair: Pair) -> Pair:
    """Return the first √(n + m) components, at least 16: as many as a linear score can be learnt on from n + m images."""
    dims = max(_MIN_DIM, round(float(np.sqrt(len(pair.base) + len(pair.target)))))
    return Pair(np.ascontiguousarray(pair.base[:, :dims]), np.ascontiguousarray(pair.target[:, :dims]))


def given_content(attributes: Pair, embedding: Pair) -> Pair:
    """Return what of each attribute the content does not explain, and its square.

    That is the residual of a ridge regression on the first 32 components (Song, Wu, Jermaine & Ranka, "Conditional
    anomaly detection", IEEE TKDE 19(5), 2007): what is an odd brightness or noise depends on what is shown. The squares
    see images that changed in opposite ways. Fitted to both sides together, as everything here.
    """
    shown = _standard(np.concatenate([embedding.base[:, :_CONTENT_DIM], embedding.target[:, :_CONTENT_DIM]]))
    both = np.concatenate([attributes.base, attributes.target])
    gram = (shown.T @ shown).astype(np.float64) + _CONTENT_RIDGE * len(shown) * np.eye(shown.shape[1])
    slopes: Matrix = np.linalg.solve(gram, (shown.T @ both).astype(np.float64)).astype(np.float32)
    explained: Matrix = shown @ slopes
    return _oddity(both - explained, len(attributes.base))


def given_the_others(attributes: Pair) -> Pair:
    """Return what of each attribute the others do not explain, and its square: a noise too high for the contrast, say.

    The residual of x_j given the rest is (Σ⁻¹x)_j / (Σ⁻¹)_jj for the covariance Σ (Lauritzen, "Graphical models", 1996).
    """
    both = np.concatenate([attributes.base, attributes.target])
    covariance = (both.T @ both).astype(np.float64) / len(both) + _OTHERS_RIDGE * np.eye(both.shape[1])
    precision = np.linalg.inv(covariance)
    mixing: Matrix = (precision / np.diag(precision)).astype(np.float32)
    return _oddity(both @ mixing, len(attributes.base))


def _oddity(residuals: Matrix, base: int) -> Pair:
    odd = np.clip(_standard(residuals), -_ODD_REACH, _ODD_REACH)
    return with_squares(Pair(odd[:base], odd[base:]))


def _standard(values: Matrix) -> Matrix:
    """Return the columns with mean 0 and deviation 1."""
    return (values - values.mean(0)) / np.maximum(values.std(0), np.float32(1e-9))


def frechet_distance(pair: Pair, *, dims: int = 50) -> float:
    """Return the Fréchet distance of two Gaussians fitted to the first `dims` components (Heusel et al. 2017)."""
    base, target = (side[:, :dims].astype(np.float64) for side in (pair.base, pair.target))
    first, second = np.atleast_2d(np.cov(base.T)), np.atleast_2d(np.cov(target.T))
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)).sum()
    gap = ((base.mean(0) - target.mean(0)) ** 2).sum()
    return float(max(0.0, gap + np.trace(first) + np.trace(second) - 2 * cross))


def _some(count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    if count <= _FIT_PER_SIDE:
        return np.arange(count)
    return np.sort(rng.choice(count, _FIT_PER_SIDE, replace=False))
