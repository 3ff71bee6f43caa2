"""`match_target`: choose items so that base and choice together come closest to the target."""

import numpy as np

from ddoc.errors import InvalidInputError
from ddoc.sampling.geometry import Distances, gaussian, mean_kernel, median_gamma, reduced
from ddoc.sampling.outcome import Outcome, Pool, Rows
from ddoc.sampling.source import Floats, ReportSides
from ddoc.sampling.strategies import MatchTarget

_MAX_SIDE = 2_048
_CURVE_POINTS = 200


def choose_matching(pool: Pool, strategy: MatchTarget, size: int) -> Outcome:
    """Return rows by greedy minimisation of the squared MMD between (base + chosen) and the target.

    A step with N items so far adds the x that minimises (A + 2·u_P(x) + 1) / (N+1)² − 2 (C + u_T(x)) / (N+1), u_P(x)
    being the kernel's sum over the items so far and u_T(x) its mean over the target: kernel herding (Chen, Welling
    and Smola 2010) that starts from the base. Gaussian kernel, median heuristic, up to 2,048 rows a side.
    Items of the pool that are themselves in the base are not counted as base. The curve gives the squared MMD left,
    relative to the base alone (or, without one, to the first item chosen).
    """
    rng = pool.rng("match_target")
    sides = pool.source.sides(strategy.report_id, features=strategy.features, encoder=strategy.encoder)
    features, rows = _features(pool, strategy)
    base = _base(pool, sides) if strategy.with_base else sides.base[:0]
    if len(sides.target) == 0:
        raise InvalidInputError("the report's target has no features", code="no-target")
    included = features[len(rows) :]
    everything, target, base = _standardised(strategy, sides, features, base)
    target, base_kept = _some(target, rng), _some(base, rng)
    mine, given = everything[: len(rows)], everything[len(rows) :]
    gamma = median_gamma(mine, target, base_kept, rng=rng)
    herd = _Herd(mine, target, base_kept, len(base), given, gamma)
    size = min(size, len(rows))
    chosen = np.empty(size, np.int64)
    left = np.empty(size + 1)
    left[0] = herd.discrepancy()
    for step in range(size):
        chosen[step] = herd.take_best()
        left[step + 1] = herd.discrepancy()
    if herd.empty_start:
        left[0] = left[1] if size else 0.0
    detail = {
        "mmd2_start": float(left[0]),
        "mmd2_end": float(left[-1]),
        "base": len(base),
        "target": len(sides.target),
        "included": len(included),
        "without_features": len(pool.ids) - len(rows),
    }
    return Outcome(rows[chosen], curve=_curve(left), detail=detail)


def _features(pool: Pool, strategy: MatchTarget) -> tuple[Floats, Rows]:
    """Return (features of the pool's rows, then of the included items; which rows of the pool have features)."""
    if strategy.features == "embedding":
        matrix, included, rows = pool.vectors(strategy.encoder)
        return np.concatenate([matrix, included]), rows
    values = pool.source.attributes([*pool.ids, *pool.include], pool.source.report_attributes())
    known = np.asarray(np.isfinite(values).all(axis=1))
    rows = np.flatnonzero(known[: len(pool.ids)])
    return values[known], rows


def _base(pool: Pool, sides: ReportSides) -> Floats:
    mine = set(pool.source.hashes(pool.ids))
    outside = np.array([h not in mine for h in sides.base_hashes], bool)
    return sides.base[outside]


def _standardised(
    strategy: MatchTarget, sides: ReportSides, features: Floats, base: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return (features, target, base) in a space where distances mean something.

    Attributes are scaled by the spread of both sides together, never each side by its own, which would remove the
    drift; vectors are reduced to their main directions.
    """
    if strategy.features == "attributes":
        both = np.concatenate([sides.base, sides.target])
        middle, spread = np.median(both, axis=0), both.std(axis=0) + 1e-9
        scaled = [((m - middle) / spread).astype(np.float32) for m in (features, sides.target, base)]
        return scaled[0], scaled[1], scaled[2]
    both = np.concatenate([sides.target, features])
    reduced_both, reduced_base = reduced(both, base)
    return reduced_both[len(sides.target) :], reduced_both[: len(sides.target)], reduced_base


def _some(matrix: Floats, rng: np.random.Generator) -> Floats:
    if len(matrix) <= _MAX_SIDE:
        return matrix
    return matrix[np.sort(rng.choice(len(matrix), _MAX_SIDE, replace=False))]


class _Herd:
    """The growing set P = base + included + chosen, and what each candidate would do to its distance from T."""

    def __init__(
        self, pool: Floats, target: Floats, base: Floats, base_size: int, given: Floats, gamma: float
    ) -> None:
        self._pool, self._gamma = pool, gamma
        self._distances = Distances(pool)
        self._to_target = mean_kernel(pool, target, gamma).astype(np.float64)
        self._to_members = mean_kernel(pool, base, gamma).astype(np.float64) * base_size
        self._target_self = float(mean_kernel(target, target, gamma).mean())
        self._count = float(base_size)
        self._inner = float(mean_kernel(base, base, gamma).mean()) * base_size**2 if base_size else 0.0
        self._cross = float(mean_kernel(base, target, gamma).mean()) * base_size if base_size else 0.0
        for point in given:
            self._include(point, base, base_size, target)
        self.empty_start = self._count == 0
        self._wanted = self._to_target.copy()
        self._cost = np.empty_like(self._wanted)

    def _include(self, point: Floats, base: Floats, base_size: int, target: Floats) -> None:
        row = point[None]
        # included items are few; their kernel among themselves is left out of the inner sum
        self._inner += 2 * float(mean_kernel(row, base, self._gamma)[0]) * base_size + 1
        self._cross += float(mean_kernel(row, target, self._gamma)[0])
        self._to_members += self._kernel(point)
        self._count += 1

    def _kernel(self, point: Floats) -> Floats:
        return gaussian(self._distances.to(point), self._gamma)

    def discrepancy(self) -> float:
        """Return the squared MMD between the set and the target."""
        if self._count == 0:
            return self._target_self
        inner = self._inner / self._count**2
        return max(0.0, inner - 2 * self._cross / self._count + self._target_self)

    def take_best(self) -> int:
        """Add the candidate that leaves the least discrepancy."""
        size = self._count + 1
        # the cost of the docstring by half its size, which is the same for all
        np.multiply(self._to_members, 1 / size, out=self._cost)
        self._cost -= self._wanted
        best = int(np.argmin(self._cost))
        self._inner += 2 * self._to_members[best] + 1
        self._cross += self._to_target[best]
        self._to_members += self._kernel(self._pool[best])
        self._count = size
        self._wanted[best] = -np.inf
        return best


def _curve(left: np.ndarray) -> tuple[dict[str, float], ...]:
    start = left[0] if left[0] > 0 else 1.0
    steps = np.unique(np.linspace(0, len(left) - 1, min(len(left), _CURVE_POINTS)).astype(int))
    return tuple({"size": int(s), "value": round(float(left[s] / start), 6)} for s in steps)
