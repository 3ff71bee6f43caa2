"""Label shift and geometry shift, apart from appearance: their remedies differ.

Annotations of one image are not independent, so tests that count annotations as if they were fire far too often.
Here whole images are permuted between the sides, which is exact.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddoc.drift.marginals import holm, shared_edges, shares, spread
from ddoc.drift.permutation import MAX_PER_SIDE, TestResult, assignments, p_value
from ddoc.drift.sides import Boxes, Side

GEOMETRY = ("size", "aspect", "x", "y", "count")
_BLOCK = 50
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClassShift:
    """Change of class shares among annotations.

    `statistic` is the G statistic, its p-value by permuting images; `distance` the total variation distance of the
    two share vectors (0–1) and `cramers_v` the other usual effect size. `shares` maps each class to (base, target).
    """

    statistic: float
    p_value: float
    distance: float
    cramers_v: float
    counts: dict[str, tuple[int, int]]
    only_in_base: tuple[str, ...]
    only_in_target: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the fields, classes by how much their share changed."""
        totals = [max(1, sum(pair[side] for pair in self.counts.values())) for side in (0, 1)]
        rows: list[dict[str, Any]] = [
            {"name": name, "base": b, "target": t, "base_share": b / totals[0], "target_share": t / totals[1]}
            for name, (b, t) in self.counts.items()
        ]
        rows.sort(key=lambda row: -abs(row["target_share"] - row["base_share"]))
        return {
            "test": "g",
            "statistic": self.statistic,
            "p_value": self.p_value,
            "distance": self.distance,
            "cramers_v": self.cramers_v,
            "classes": rows,
            "only_in_base": list(self.only_in_base),
            "only_in_target": list(self.only_in_target),
        }


@dataclass(frozen=True, slots=True)
class GeometryShift:
    """Change of one property of boxes (`size`, `aspect`, `x`, `y`) or of their `count` per image."""

    name: str
    statistic: float
    p_value: float
    p_adjusted: float
    drifted: bool
    size: float
    base_mean: float
    target_mean: float
    edges: tuple[float, ...]
    base_histogram: tuple[float, ...]
    target_histogram: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the fields."""
        return {
            "name": self.name,
            "test": "ks",
            "statistic": self.statistic,
            "p_value": self.p_value,
            "p_adjusted": self.p_adjusted,
            "drifted": self.drifted,
            "size": self.size,
            "base_mean": self.base_mean,
            "target_mean": self.target_mean,
            "base_histogram": {"edges": list(self.edges), "counts": list(self.base_histogram)},
            "target_histogram": {"edges": list(self.edges), "counts": list(self.target_histogram)},
        }


def class_shift(base: Side, target: Side, rng: np.random.Generator) -> ClassShift | None:
    """Return the change of class shares, or None where a side has no annotations.

    G-test of homogeneity (Sokal & Rohlf, "Biometry", 1981) on annotation counts, calibrated by permuting images.
    """
    names = tuple(sorted({*base.class_names, *target.class_names}))
    counts = [_aligned(side, names) for side in (base, target)]
    if any(c.sum() == 0 for c in counts):
        return None
    thinned = [
        c if len(c) <= MAX_PER_SIDE else c[rng.choice(len(c), MAX_PER_SIDE, replace=False)] for c in counts
    ]
    pooled = np.concatenate(thinned).astype(np.float64)
    is_target = assignments(len(thinned[0]), len(thinned[1]), rng)
    in_target = is_target.astype(np.float64) @ pooled
    test = p_value(_g(pooled.sum(0) - in_target, in_target))
    sums = np.stack([c.sum(0) for c in counts]).astype(np.float64)
    shares_ = sums / sums.sum(1, keepdims=True)
    expected = np.outer(sums.sum(1), sums.sum(0)) / sums.sum()
    chi2 = float(((sums - expected) ** 2 / np.maximum(expected, 1e-12)).sum())
    return ClassShift(
        statistic=test.statistic,
        p_value=test.p_value if len(names) > 1 else 1.0,
        distance=float(np.abs(shares_[0] - shares_[1]).sum() / 2),
        cramers_v=float(np.sqrt(chi2 / sums.sum())),
        counts={name: (int(sums[0, i]), int(sums[1, i])) for i, name in enumerate(names)},
        only_in_base=tuple(n for i, n in enumerate(names) if sums[0, i] and not sums[1, i]),
        only_in_target=tuple(n for i, n in enumerate(names) if sums[1, i] and not sums[0, i]),
    )


def geometry_shift(
    base: Side, target: Side, rng: np.random.Generator, *, alpha: float
) -> tuple[list[GeometryShift], TestResult | None]:
    """Return the change of each property of boxes, strongest first, and one test of them all.

    Kolmogorov–Smirnov statistics calibrated by permuting images; the joint p-value is the smallest after Holm.
    ([], None) where a side has no boxes.
    """
    if not (len(base.boxes.item) and len(target.boxes.item)):
        return [], None
    sides = [_thinned(side, rng) for side in (base, target)]
    is_target = assignments(len(sides[0]), len(sides[1]), rng)
    tests: list[TestResult] = []
    for name in GEOMETRY:
        (b_item, b_values), (t_item, t_values) = (_property(side, name) for side in sides)
        item = np.concatenate([b_item, t_item + len(sides[0])])
        tests.append(p_value(_ks_statistics(np.concatenate([b_values, t_values]), item, is_target)))
    adjusted = holm([t.p_value for t in tests])
    found = [
        _geometry(name, _property(base, name)[1], _property(target, name)[1], test, float(p), alpha)
        for name, test, p in zip(GEOMETRY, tests, adjusted, strict=True)
    ]
    best = int(np.argmin(adjusted))
    joint = TestResult(max(t.statistic for t in tests), float(adjusted[best]))
    return sorted(found, key=lambda g: (not g.drifted, -g.size)), joint


def _geometry(
    name: str, base: Floats, target: Floats, test: TestResult, adjusted: float, alpha: float
) -> GeometryShift:
    edges = shared_edges(base, target)
    return GeometryShift(
        name=name,
        statistic=test.statistic,
        p_value=test.p_value,
        p_adjusted=adjusted,
        drifted=adjusted <= alpha,
        size=abs(float(target.mean() - base.mean())) / spread(base, target),
        base_mean=float(base.mean()),
        target_mean=float(target.mean()),
        edges=tuple(float(e) for e in edges),
        base_histogram=shares(base, edges),
        target_histogram=shares(target, edges),
    )


def _property(side: Side, name: str) -> tuple[NDArray[np.int64], Floats]:
    """Return (row of the image, value) of a property; one per box, or one per image for `count`."""
    if name == "count":
        return np.arange(len(side)), np.bincount(side.boxes.item, minlength=len(side)).astype(np.float64)
    boxes: Boxes = side.boxes
    return boxes.item, {"size": boxes.size, "aspect": boxes.aspect, "x": boxes.x, "y": boxes.y}[name]


def _thinned(side: Side, rng: np.random.Generator) -> Side:
    if len(side) <= MAX_PER_SIDE:
        return side
    return side.take(np.sort(rng.choice(len(side), MAX_PER_SIDE, replace=False)))


def _ks_statistics(values: Floats, item: NDArray[np.int64], is_target: NDArray[np.bool_]) -> Floats:
    """Return the KS statistic under every assignment of images; values (m,), their images (m,), assignments (p, n)."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    last = np.flatnonzero(
        np.append(ordered[1:] != ordered[:-1], True)
    )  # ties: compare after the last equal value
    out: list[Floats] = []
    for start in range(0, len(is_target), _BLOCK):
        member = is_target[start : start + _BLOCK][:, item[order]]
        target = np.cumsum(member, axis=1, dtype=np.int32)
        total = target[:, -1:]
        base = np.arange(1, len(values) + 1, dtype=np.int32)[None] - target
        gap = target[:, last] / np.maximum(total, 1) - base[:, last] / np.maximum(len(values) - total, 1)
        out.append(np.abs(gap).max(axis=1))
    return np.concatenate(out)


def _g(base: Floats, target: Floats) -> Floats:
    """Return 2 Σ O ln(O / E) for each row of counts (p, c)."""
    both = base + target
    total = both.sum(1, keepdims=True)
    out = np.zeros(len(base))
    for observed in (base, target):
        expected = both * observed.sum(1, keepdims=True) / np.maximum(total, 1)
        ratio = np.divide(
            observed, expected, out=np.ones_like(observed), where=(observed > 0) & (expected > 0)
        )
        out += 2 * (observed * np.log(ratio)).sum(1)
    return out


def _aligned(side: Side, names: tuple[str, ...]) -> NDArray[np.int64]:
    counts = np.zeros((len(side), len(names)), np.int64)
    for column, name in enumerate(side.class_names):
        counts[:, names.index(name)] = side.class_counts[:, column]
    return counts
