"""Strategies on vectors: diversity, typicality, coverage, similar."""

import numpy as np
import numpy.typing as npt

from ddoc.errors import InvalidInputError
from ddoc.sampling.geometry import Distances, density, reduced
from ddoc.sampling.outcome import Outcome, Pool, Rows
from ddoc.sampling.source import Floats, unit_rows
from ddoc.sampling.strategies import Coverage, Diversity, Similar, Typicality

_DEMAND = 2_048
_CHOSEN = np.float32(-1)  # below every distance, so that a row is chosen once
_TRIED_SHARE = 3.0
_CURVE_POINTS = 200


def choose_diverse(pool: Pool, strategy: Diversity, size: int) -> Outcome:
    """Return rows by k-center greedy: each next is the one farthest from all before, starting from `include`."""
    matrix, included, rows = pool.vectors(strategy.encoder)
    near, given = reduced(matrix, included)
    nothing = np.ones(len(near), np.float32)
    chosen, distances = _greedy_far(near, given, nothing, min(size, len(rows)), pool.rng("diversity"))
    detail = {
        "radius": round(float(np.sqrt(distances.max(initial=0))), 5),
        "without_vector": _missing(pool, rows),
    }
    return Outcome(rows[chosen], detail=detail)


def choose_typical(pool: Pool, strategy: Typicality, size: int) -> Outcome:
    """Return rows of dense regions, spread out: each next has the greatest density^weight × distance to those before."""
    matrix, included, rows = pool.vectors(strategy.encoder)
    near, given = reduced(matrix, included)
    dense = density(near, pool.rng("density")) ** np.float32(strategy.weight)
    chosen, _ = _greedy_far(near, given, dense, min(size, len(rows)), pool.rng("typicality"))
    return Outcome(rows[chosen], detail={"without_vector": _missing(pool, rows)})


def _greedy_far(
    matrix: Floats, given: Floats, weights: Floats, size: int, rng: np.random.Generator
) -> tuple[Rows, Floats]:
    """Return (rows in order of choice, squared distances of all rows to the nearest chosen)."""
    measured = Distances(matrix)
    distances = np.full(len(matrix), np.inf, np.float32)
    for point in given:
        np.minimum(distances, measured.to(point), out=distances)
    chosen = np.empty(size, np.int64)
    equal = not len(weights) or weights.min() == weights.max()
    weights = np.square(weights)  # those of squared distances
    score = np.empty_like(distances)
    for step in range(size):
        if step == 0 and len(given) == 0:
            best = int(rng.integers(len(matrix))) if equal else int(np.argmax(weights))
        else:
            best = int(np.argmax(distances if equal else np.multiply(distances, weights, out=score)))
        chosen[step] = best
        np.minimum(distances, measured.to(matrix[best]), out=distances)
        distances[best] = _CHOSEN
        weights[best] = 1.0
    return chosen, np.maximum(distances, 0)


def choose_covering(pool: Pool, strategy: Coverage, size: int) -> Outcome:
    """Return rows that stand for the pool: facility location by stochastic greedy (Mirzasoleiman et al. 2015).

    Coverage is the mean, over up to 2,048 random items of the pool, of the cosine (0 if negative) to the nearest
    chosen item, relative to choosing everything.
    """
    matrix, included, rows = pool.vectors(strategy.encoder)
    rng = pool.rng("coverage")
    size = min(size, len(rows))
    together = np.concatenate([matrix, included])
    plain = unit_rows(reduced(together)[0]) if together.shape[1] > 64 else together
    matrix, included = plain[: len(matrix)], plain[len(matrix) :]
    demand = matrix if len(matrix) <= _DEMAND else matrix[rng.choice(len(matrix), _DEMAND, replace=False)]
    served = np.zeros(len(demand), np.float32)
    if len(included):
        served = np.maximum(served, (demand @ included.T).max(axis=1))
    tried = max(32, int(np.ceil(len(rows) / max(size, 1) * _TRIED_SHARE)))
    open_rows = rng.permutation(len(rows))
    chosen = np.empty(size, np.int64)
    values = np.empty(size, np.float32)
    left = len(rows)
    for step in range(size):
        places = rng.choice(left, min(tried, left), replace=False)
        served, place = _best_of(matrix, demand, served, open_rows[places], places)
        chosen[step] = open_rows[place]
        values[step] = served.mean()
        left -= 1
        open_rows[place] = open_rows[left]
    coverage = float(values[-1]) if size else 0.0
    detail = {"without_vector": _missing(pool, rows)}
    return Outcome(rows[chosen], coverage=coverage, curve=_curve(values), detail=detail)


def _best_of(
    matrix: Floats, demand: Floats, served: Floats, candidates: Rows, places: npt.NDArray[np.int64]
) -> tuple[Floats, int]:
    """Return (how demand is served with the best of the candidates, that candidate's place)."""
    gains = matrix[candidates] @ demand.T
    np.maximum(gains, served, out=gains)
    best = int(np.argmax(gains.sum(axis=1)))
    return gains[best].copy(), int(places[best])


def _curve(values: Floats) -> tuple[dict[str, float], ...]:
    if not len(values):
        return ()
    steps = np.unique(np.linspace(0, len(values) - 1, min(len(values), _CURVE_POINTS)).astype(int))
    return tuple({"size": int(s) + 1, "value": round(float(values[s]), 6)} for s in steps)


def choose_similar(pool: Pool, strategy: Similar, size: int) -> Outcome:
    """Return the rows nearest to any of the given items (themselves left out), or to the text, best first.

    Raises InvalidInputError `no-vector` where none of the given items has one.
    """
    matrix, _, rows = pool.vectors(strategy.encoder)
    if strategy.text:
        queries = pool.source.text_vector(strategy.text, strategy.encoder)[None]
    else:
        known = set(pool.source.ids(None))
        asked = [i for i in strategy.item_ids if i in known]
        if not asked:
            raise InvalidInputError(
                "none of the given items exists", code="unknown-items", pointer="/strategy/item_ids"
            )
        queries, _ = pool.source.vectors(asked, strategy.encoder)
    cosines = (matrix @ queries.T).max(axis=1)
    asked_rows = np.isin(np.array(pool.ids, object)[rows].astype(str), list(strategy.item_ids))
    cosines[asked_rows] = -np.inf
    order = np.argsort(-cosines, kind="stable")[: min(size, int((~asked_rows).sum()))]
    scores = [round(float(c), 4) for c in cosines[order][:100]]
    return Outcome(rows[order], detail={"cosines": scores, "without_vector": _missing(pool, rows)})


def _missing(pool: Pool, rows: Rows) -> int:
    return len(pool.ids) - len(rows)
