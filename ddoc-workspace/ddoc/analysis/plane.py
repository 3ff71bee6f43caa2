"""The two-dimensional map: principal components at once, and PaCMAP when there is time for it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddoc.analysis.neighbours import nearest
from ddoc.progress import Progress, no_progress

Points = NDArray[np.float32]
Rows = NDArray[np.int64]

MAX_FITTED = 50_000
MIN_ROWS = 20
_NEIGHBOURS, _MID_NEAR, _FURTHER = 10, 5, 20
_MID_NEAR_OF = 6
_START = 0.01
_FIRST_MID_NEAR, _LAST_MID_NEAR = 1000.0, 3.0
_FIRST_PHASE, _SECOND_PHASE, _STEPS = 100, 200, 450
_REPORT_EVERY = 25


def pca_plane(points: Points) -> Points:
    """Return (n, 2): the first two columns of `points` (n, d), scaled together into −1 … 1."""
    plane = np.zeros((len(points), 2), np.float32)
    width = min(2, points.shape[1])
    plane[:, :width] = points[:, :width]
    return _scaled(plane)


def pacmap_plane(points: Points, *, seed: int = 0, progress: Progress = no_progress) -> Points:
    """Return (n, 2) within −1 … 1: points (n, d) that are near each other stay near, and far groups stay apart.

    PaCMAP (Wang, Huang, Rudin & Shaposhnik, "Understanding how dimension reduction tools work", JMLR 2021): pairs of
    near, mid-near and further points pull and push in three phases of 450 steps of Adam, from the principal
    components on. Fitted on at most 50,000 random rows; the others are placed among their nearest fitted rows.
    `points` are principal components, strongest first. Equal points and seed give equal maps. Under 20 rows there is
    nothing to arrange, and the principal components are returned.
    """
    if len(points) < MIN_ROWS:
        return pca_plane(points)
    rng = np.random.default_rng(seed)
    fitted = np.arange(len(points))
    if len(points) > MAX_FITTED:
        fitted = np.sort(rng.choice(len(points), MAX_FITTED, replace=False))
    chosen = points[fitted]
    arranged = _arrange(chosen, _pairs(chosen, rng), progress)
    plane = np.empty((len(points), 2), np.float32)
    plane[fitted] = arranged
    others = np.setdiff1d(np.arange(len(points)), fitted, assume_unique=True)
    plane[others] = _placed(points[others], chosen, arranged)
    return _scaled(plane - plane.mean(0))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """For every row its near (n, 10), mid-near (n, 5) and further (n, 20) partners."""

    near: Rows
    middle: Rows
    further: Rows


def _pairs(points: Points, rng: np.random.Generator) -> _Pairs:
    count = len(points)
    near, _ = nearest(*_lifted(points), min(_NEIGHBOURS, count - 1), same=True)
    middle = _mid_near(points, rng)
    further = rng.integers(0, count - 1, (count, _FURTHER))
    further += further >= np.arange(count)[:, None]  # a row is not its own partner
    return _Pairs(near, middle, further)


def _lifted(points: Points) -> tuple[Points, Points]:
    """Return queries and a pool whose products order rows by Euclidean distance: p·q − |q|²/2."""
    half = np.einsum("ij,ij->i", points, points) / 2
    ones = np.ones((len(points), 1), np.float32)
    return np.hstack([points, ones]), np.hstack([points, -half[:, None]]).astype(np.float32)


def _mid_near(points: Points, rng: np.random.Generator) -> Rows:
    """Return for each row five partners, each the second nearest of six random rows."""
    count = len(points)
    found = np.empty((count, _MID_NEAR), np.int64)
    for place in range(_MID_NEAR):
        some = rng.integers(0, count, (count, _MID_NEAR_OF))
        distance = np.empty(some.shape, np.float32)
        for column in range(_MID_NEAR_OF):
            gap = points[some[:, column]] - points
            distance[:, column] = np.einsum("ij,ij->i", gap, gap)
        second = np.argpartition(distance, 1, axis=1)[:, 1]
        found[:, place] = some[np.arange(count), second]
    return found


def _arrange(points: Points, pairs: _Pairs, progress: Progress) -> Points:
    """Return the plane after all steps of Adam (rate 1, β .9 and .999)."""
    plane = pca_plane(points) * np.float32(_START)
    mean, square = np.zeros_like(plane), np.zeros_like(plane)
    for step in range(_STEPS):
        slope = _slope(plane, pairs, _weights(step))
        mean += np.float32(0.1) * (slope - mean)
        square += np.float32(0.001) * (slope * slope - square)
        rate = np.float32(np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1)))
        plane -= rate * mean / (np.sqrt(square) + np.float32(1e-7))
        if (step + 1) % _REPORT_EVERY == 0:
            progress(step + 1, _STEPS, unit="steps", message="map")
    return plane


def _weights(step: int) -> tuple[float, float, float]:
    """Return the weights of near, mid-near and further pairs at a step."""
    if step < _FIRST_PHASE:
        part = step / _FIRST_PHASE
        return 2.0, _FIRST_MID_NEAR * (1 - part) + _LAST_MID_NEAR * part, 1.0
    return (3.0, _LAST_MID_NEAR, 1.0) if step < _SECOND_PHASE else (1.0, 0.0, 1.0)


def _slope(plane: Points, pairs: _Pairs, weights: tuple[float, float, float]) -> Points:
    """Return the gradient (n, 2) of the loss.

    With d = |yᵢ − yⱼ|² + 1 a near pair costs d / (10 + d), a mid-near one d / (10,000 + d), a further one 1 / (1 + d).
    """
    slope = np.zeros_like(plane)
    kinds = ((pairs.near, 10.0, 1), (pairs.middle, 10_000.0, 1), (pairs.further, 1.0, -1))
    for (partners, scale, sign), weight in zip(kinds, weights, strict=True):
        if weight:
            _add_slope(slope, plane, partners, np.float32(scale), np.float32(2 * sign * weight))
    return slope


def _add_slope(slope: Points, plane: Points, partners: Rows, scale: np.float32, factor: np.float32) -> None:
    flat = partners.ravel()
    across = plane[:, :1] - plane[flat, 0].reshape(partners.shape)
    down = plane[:, 1:] - plane[flat, 1].reshape(partners.shape)
    pull = across * across
    pull += down * down
    pull += 1 + scale
    # d(d / (c + d)) = c / (c + d)², d(1 / (1 + d)) = −1 / (1 + d)²
    np.divide(factor * scale, pull * pull, out=pull)
    across *= pull
    down *= pull
    for axis, part in enumerate((across, down)):
        slope[:, axis] += part.sum(1)
        slope[:, axis] -= np.bincount(flat, weights=part.ravel(), minlength=len(plane)).astype(np.float32)


def _placed(points: Points, fitted: Points, plane: Points) -> Points:
    """Return places for further points: the mean place of their nearest fitted points, nearer ones counting more."""
    if not len(points):
        return np.empty((0, 2), np.float32)
    queries, (_, pool) = np.hstack([points, np.ones((len(points), 1), np.float32)]), _lifted(fitted)
    near, _ = nearest(queries, pool, _NEIGHBOURS)
    gap = np.linalg.norm(fitted[near] - points[:, None], axis=2)
    weight = 1 / (gap + 1e-6 * (1 + gap.max()))
    weight /= weight.sum(1, keepdims=True)
    return np.einsum("nk,nkd->nd", weight, plane[near]).astype(np.float32)


def _scaled(plane: Points) -> Points:
    return plane / max(float(np.abs(plane).max(initial=0)), 1e-9)
