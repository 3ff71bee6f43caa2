"""What changed, attribute by attribute: tests, sizes and histograms of both sides over shared bins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 40
_PSI_BINS = 10
# The least deviation that counts as one σ of size: a difference below it means nothing to anyone, however uniform the
# base (microscope photos of one camera have a noise of .28 ± .015 gray levels).
_LEAST_SPREAD = {
    "brightness": 2.0,
    "contrast": 1.5,
    "p05": 2.0,
    "p95": 2.0,
    "entropy": 0.1,
    "dark_share": 0.005,
    "bright_share": 0.005,
    "colourfulness": 1.5,
    "sharpness": 0.02,
    "noise": 0.4,
    "aspect": 0.03,
}
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AttributeDrift:
    """One attribute's change.

    `statistic` and `p_value` are of the two-sample Kolmogorov–Smirnov test; `p_adjusted` after Holm over all
    attributes, and `drifted` says whether that is at most alpha. `size` is the Wasserstein-1 distance in base
    standard deviations, `shift` the difference of means in the same unit, signed. `psi` is shown, never judged by.
    Histograms hold shares per bin of `edges`, shared by both sides.
    """

    name: str
    statistic: float
    p_value: float
    p_adjusted: float
    drifted: bool
    size: float
    shift: float
    base_mean: float
    target_mean: float
    psi: float
    edges: tuple[float, ...]
    base_histogram: tuple[float, ...]
    target_histogram: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the fields as api.md names them."""
        return {
            "name": self.name,
            "test": "ks",
            "statistic": self.statistic,
            "p_value": self.p_value,
            "p_adjusted": self.p_adjusted,
            "drifted": self.drifted,
            "size": self.size,
            "shift": self.shift,
            "base_mean": self.base_mean,
            "target_mean": self.target_mean,
            "psi": self.psi,
            "base_histogram": {"edges": list(self.edges), "counts": list(self.base_histogram)},
            "target_histogram": {"edges": list(self.edges), "counts": list(self.target_histogram)},
        }


def holm(p_values: Sequence[float]) -> Floats:
    """Return p-values adjusted for all being tested together (Holm 1979): valid whatever their dependence."""
    raw = np.asarray(p_values, np.float64)
    order = np.argsort(raw, kind="stable")
    steps = np.maximum.accumulate(raw[order] * (len(raw) - np.arange(len(raw))))
    adjusted = np.empty(len(raw))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def attribute_drift(
    names: Sequence[str], base: Floats, target: Floats, *, alpha: float
) -> list[AttributeDrift]:
    """Return the change of every attribute; `base` (n, a) and `target` (m, a). Strongest first."""
    tests = [_ks(base[:, i], target[:, i]) for i in range(len(names))]
    adjusted = holm([p for _, p in tests])
    found = [
        _one(name, base[:, i], target[:, i], tests[i], float(adjusted[i]), alpha)
        for i, name in enumerate(names)
    ]
    return sorted(found, key=lambda a: (not a.drifted, -a.size))


def _ks(base: Floats, target: Floats) -> tuple[float, float]:
    from scipy.stats import ks_2samp  # a second to import: not for those who only read reports

    if base.min() == base.max() == target.min() == target.max():
        return 0.0, 1.0
    # at 50 images a side and more the limit law is accurate, and the exact one may give up on ties
    result: Any = ks_2samp(base, target, method="asymp")
    return float(result.statistic), float(result.pvalue)


def _one(
    name: str, base: Floats, target: Floats, test: tuple[float, float], adjusted: float, alpha: float
) -> AttributeDrift:
    unit = max(spread(base, target), _LEAST_SPREAD.get(name, 0.0))
    edges = shared_edges(base, target)
    return AttributeDrift(
        name=name,
        statistic=test[0],
        p_value=test[1],
        p_adjusted=adjusted,
        drifted=adjusted <= alpha,
        size=_wasserstein(base, target) / unit,
        shift=float(target.mean() - base.mean()) / unit,
        base_mean=float(base.mean()),
        target_mean=float(target.mean()),
        psi=_psi(base, target),
        edges=tuple(float(e) for e in edges),
        base_histogram=shares(base, edges),
        target_histogram=shares(target, edges),
    )


def _wasserstein(base: Floats, target: Floats) -> float:
    """Return the Wasserstein-1 distance: the area between the two distribution functions."""
    pooled = np.sort(np.concatenate([base, target]))
    below = [np.searchsorted(np.sort(side), pooled[:-1], side="right") / len(side) for side in (base, target)]
    return float((np.abs(below[0] - below[1]) * np.diff(pooled)).sum())


def spread(base: Floats, target: Floats) -> float:
    """Return the base's standard deviation; the pooled one where the base is constant."""
    deviation = float(base.std())
    pooled = float(np.concatenate([base, target]).std())
    return deviation if deviation > 1e-3 * pooled else max(pooled, 1e-12)


def shared_edges(base: Floats, target: Floats, *, bins: int = BINS) -> Floats:
    """Return bin edges over the values of both sides, the outermost 0.1 % at each end gathered in the end bins."""
    pooled = np.concatenate([base, target])
    low, high = np.percentile(pooled, [0.1, 99.9])
    return np.linspace(low, high if high > low else low + 1, bins + 1)


def shares(values: Floats, edges: Floats) -> tuple[float, ...]:
    """Return the share of `values` in each bin; what lies outside counts in the end bins."""
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)
    return tuple(float(c) for c in counts / max(len(values), 1))


def _psi(base: Floats, target: Floats) -> float:
    """Return the population stability index over ten base quantile bins."""
    edges = np.unique(np.quantile(base, np.linspace(0, 1, _PSI_BINS + 1)[1:-1]))
    bins = len(edges) + 1
    p = np.bincount(np.searchsorted(edges, base), minlength=bins) / len(base) + 1e-4
    q = np.bincount(np.searchsorted(edges, target), minlength=bins) / len(target) + 1e-4
    return float(((q - p) * np.log(q / p)).sum())
