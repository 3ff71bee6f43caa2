"""Strategies on labels and values: random, stratified, threshold, balance."""

import numpy as np

from ddoc.dataset.stratify import stratify
from ddoc.errors import InvalidInputError
from ddoc.sampling.outcome import Outcome, Pool, Rows
from ddoc.sampling.strategies import Balance, Random, Stratified, Threshold


def choose_random(pool: Pool, _: Random, size: int) -> Outcome:
    """Return `size` rows at random; a larger size extends a smaller one of the same seed."""
    return Outcome(pool.rng("random").permutation(len(pool.ids))[:size])


def choose_stratified(pool: Pool, _: Stratified, size: int) -> Outcome:
    """Return exactly `size` rows in which classes and box sizes keep their shares."""
    order = pool.rng("stratified").permutation(len(pool.ids))
    parts = stratify(pool.source.strata(pool.ids), [size, len(pool.ids) - size], order=order)
    chosen = np.flatnonzero(parts == 0)
    return Outcome(chosen[np.argsort(order[chosen])])


def choose_by_threshold(pool: Pool, strategy: Threshold, size: int | None) -> Outcome:
    """Return the rows whose value is in the range, highest (or lowest) first; items without a value never match."""
    field = strategy.field
    if field == "drift_score":
        field = f"drift_score:{strategy.report_id}"
    values = pool.source.values(pool.ids, field)
    low = -np.inf if strategy.min is None else np.float32(strategy.min)
    high = np.inf if strategy.max is None else np.float32(strategy.max)
    inside = np.flatnonzero((values >= low) & (values <= high))
    ranked = inside[np.argsort(values[inside] if strategy.ascending else -values[inside], kind="stable")]
    chosen = ranked if size is None else ranked[:size]
    detail = {"in_range": len(inside), "without_value": int(np.isnan(values).sum())}
    return Outcome(chosen, detail=detail)


def choose_balanced(pool: Pool, strategy: Balance, size: int) -> Outcome:
    """Return `size` rows whose annotations come as near to the target shares as a greedy choice gets.

    Each step takes the item that lessens the squared distance between the wanted and the reached counts most,
    where the wanted counts grow with the annotations chosen. Items of `include` count.
    Raises InvalidInputError `unknown-class` for a share of a class that there is not.
    """
    counts, names = pool.source.class_counts([*pool.ids, *pool.include])
    shares = _shares(strategy, names, np.asarray(counts.sum(axis=0)).ravel())
    reached = np.asarray(counts[len(pool.ids) :].sum(axis=0)).ravel()
    counts = counts[: len(pool.ids)].tocsr()
    totals = np.asarray(counts.sum(axis=1)).ravel()
    squares = np.asarray(counts.multiply(counts).sum(axis=1)).ravel()
    tie = pool.rng("balance").random(len(pool.ids)) * 1e-9
    open_rows = np.ones(len(pool.ids), bool)
    norm = float(shares @ shares)
    projected = counts @ shares
    chosen: list[int] = []
    for _ in range(size):
        # |reached + c − shares·(n + |c|)|² without its constant part, c being an item's counts
        gap = reached - shares * reached.sum()
        cost = squares + totals * totals * norm - 2 * totals * projected
        cost = cost + 2 * (counts @ gap) - 2 * totals * float(gap @ shares)
        cost = cost / np.maximum(totals, 1) + tie
        cost[~open_rows | (totals == 0)] = np.inf
        best = int(np.argmin(cost))
        if not np.isfinite(cost[best]):
            break
        chosen.append(best)
        open_rows[best] = False
        reached = reached + counts[[best]].toarray().ravel()
    rows = _filled(np.array(chosen, np.int64), open_rows, size, pool)
    total = max(float(reached.sum()), 1.0)
    share_out = {name: round(float(n) / total, 4) for name, n in zip(names, reached, strict=True)}
    return Outcome(rows, detail={"shares": share_out})


def _shares(strategy: Balance, names: tuple[str, ...], totals: np.ndarray) -> np.ndarray:
    if strategy.shares is None:
        wanted = (totals > 0).astype(float)
        return wanted / max(wanted.sum(), 1)
    unknown = sorted(set(strategy.shares) - set(names))
    if unknown:
        raise InvalidInputError(
            f"there is no class {unknown[0]!r}", code="unknown-class", pointer="/strategy/shares"
        )
    wanted = np.array([float(strategy.shares.get(name, 0)) for name in names])
    return wanted / wanted.sum()


def _filled(chosen: Rows, open_rows: np.ndarray, size: int, pool: Pool) -> Rows:
    """Fill up with items without annotations where the annotated ones ran out."""
    if len(chosen) == size:
        return chosen
    rest = pool.rng("balance-rest").permutation(np.flatnonzero(open_rows))
    return np.concatenate([chosen, rest[: size - len(chosen)]])
