"""Flags: images that stand out by one attribute. A flag is a range of an attribute, so every filter can apply it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ddoc.paths import Layout, write_atomic

_DEVIATIONS = 3.5


@dataclass(frozen=True, slots=True)
class FlagRule:
    """An image has `flag` if its `attribute` is below `below` or above `above` (None: no bound on that side)."""

    flag: str
    attribute: str
    below: float | None
    above: float | None

    def holds(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return for each value whether it is flagged; NaN never is."""
        low = values < self.below if self.below is not None else np.zeros(len(values), bool)
        high = values > self.above if self.above is not None else np.zeros(len(values), bool)
        return low | high


@dataclass(frozen=True, slots=True)
class _Limits:
    """A threshold follows the set (median ∓ 3.5 robust deviations) but stays within `floor` … `ceiling`."""

    flag: str
    attribute: str
    side: str
    floor: float
    ceiling: float


# Floors: beyond them an image is flagged in any set. Ceilings: short of them it never is, however tight the set.
_LIMITS = (
    _Limits("dark", "brightness", "below", 20, 60),
    _Limits("bright", "brightness", "above", 215, 248),
    _Limits("blurry", "sharpness", "below", 0.30, 0.55),
    _Limits("noisy", "noise", "above", 6, 25),
    _Limits("low_information", "entropy", "below", 1.5, 4.5),
)
# Sizes and shapes have no floor: they are odd only against the set. The ratio is the least that counts.
_RATIOS = (("odd_size", "megapixels", 2.0), ("odd_aspect", "aspect", 1.5))
FLAGS = tuple(limit.flag for limit in _LIMITS) + tuple(name for name, _, _ in _RATIOS)


def flag_rules(attributes: Mapping[str, NDArray[np.float64]]) -> tuple[FlagRule, ...]:
    """Return the rules for a set of images, from its attribute values (NaN where an image has none).

    Robust z-scores: median and 1.4826·MAD (Iglewicz & Hoaglin 1993, who propose 3.5), held within fixed limits.
    """
    rules = [_rule(limit, attributes[limit.attribute]) for limit in _LIMITS if limit.attribute in attributes]
    for flag, attribute, ratio in _RATIOS:
        if attribute not in attributes:
            continue
        middle, deviation = _robust(np.log(attributes[attribute]))
        reach = max(_DEVIATIONS * deviation, float(np.log(ratio)))
        rules.append(FlagRule(flag, attribute, float(np.exp(middle - reach)), float(np.exp(middle + reach))))
    return tuple(rules)


def save_rules(layout: Layout, key: str, rules: Sequence[FlagRule]) -> None:
    """Store the rules beside the results that they were derived from."""
    write_atomic(layout.analysis / f"{key}.flags.json", json.dumps([asdict(rule) for rule in rules]).encode())


def load_rules(layout: Layout, key: str) -> tuple[FlagRule, ...]:
    """Return the stored rules; none before the first finished analysis."""
    path = layout.analysis / f"{key}.flags.json"
    return tuple(FlagRule(**rule) for rule in json.loads(path.read_text("utf-8"))) if path.exists() else ()


def _rule(limit: _Limits, values: NDArray[np.float64]) -> FlagRule:
    middle, deviation = _robust(values)
    sign = -1 if limit.side == "below" else 1
    threshold = float(np.clip(middle + sign * _DEVIATIONS * deviation, limit.floor, limit.ceiling))
    if limit.side == "below":
        return FlagRule(limit.flag, limit.attribute, threshold, None)
    return FlagRule(limit.flag, limit.attribute, None, threshold)


def _robust(values: NDArray[np.float64]) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 0.0
    middle = float(np.median(known))
    return middle, 1.4826 * float(np.median(np.abs(known - middle)))
