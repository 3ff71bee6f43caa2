"""Choosing items: one way in for all strategies."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ddoc.dataset.samples import SampleRecord, SampleStore
from ddoc.errors import InvalidInputError
from ddoc.ids import new_id
from ddoc.sampling.by_label import choose_balanced, choose_by_threshold, choose_random, choose_stratified
from ddoc.sampling.by_vector import choose_covering, choose_diverse, choose_similar, choose_typical
from ddoc.sampling.dedup import choose_distinct
from ddoc.sampling.matching import choose_matching
from ddoc.sampling.outcome import Outcome, Pool
from ddoc.sampling.request import NotEnoughItems, Sample, SampleRequest
from ddoc.sampling.source import SampleSource
from ddoc.sampling.strategies import (
    Balance,
    Combine,
    Coverage,
    Dedup,
    Diversity,
    MatchTarget,
    Random,
    Similar,
    Strategy,
    Stratified,
    Threshold,
    Typicality,
)

_SIZED: dict[type[Any], Callable[[Pool, Any, int], Outcome]] = {
    Random: choose_random,
    Stratified: choose_stratified,
    Balance: choose_balanced,
    Diversity: choose_diverse,
    Typicality: choose_typical,
    Coverage: choose_covering,
    Similar: choose_similar,
    MatchTarget: choose_matching,
}
_OPEN_ENDED: dict[type[Any], Callable[[Pool, Any, int | None], Outcome]] = {
    Threshold: choose_by_threshold,
    Dedup: choose_distinct,
}


def sample(source: SampleSource, request: SampleRequest) -> Sample:
    """Choose `request.size` items, best first. Pure: same data, request and seed give the same ids.

    Threshold and dedup may do without a size (all that match); with one they give at most that many. Every other
    strategy gives exactly the size. Raises NotEnoughItems where the pool is smaller (without what the strategy
    needs, for those on vectors), EmptySelectionError, UnavailableError `needs-embedding`, InvalidInputError.
    """
    pool_ids = source.ids(request.pool)
    taken = set(request.include)
    pool = Pool(
        source, [i for i in pool_ids if i not in taken], _existing(source, request.include), request.seed
    )
    outcome = _choose(pool, request.strategy, request.size)
    if not len(outcome.rows):
        raise NotEnoughItems(matched=0, wanted=request.size or 1)
    return Sample(
        sample_id=new_id("sample"),
        request=request,
        item_ids=tuple(str(pool.ids[row]) for row in outcome.rows.tolist()),
        pool_size=len(pool.ids),
        data_version=source.version,
        created_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        coverage=outcome.coverage,
        curve=outcome.curve,
        detail=outcome.detail,
    )


def _existing(source: SampleSource, ids: Sequence[str]) -> list[str]:
    if not ids:
        return []
    known = set(source.ids(None))
    return [i for i in ids if i in known]


def _choose(pool: Pool, strategy: Strategy, size: int | None) -> Outcome:
    if size is not None and size < 1:
        raise InvalidInputError("size is 1 or more", code="invalid-size", pointer="/size")
    open_ended = _OPEN_ENDED.get(type(strategy))
    if not pool.ids:
        raise NotEnoughItems(matched=0, wanted=size or 1)
    if open_ended is not None:
        return open_ended(pool, strategy, size)
    if size is None:
        raise InvalidInputError(
            f"{strategy.kind} needs a size", code="size-needed", pointer="/size", strategy=strategy.kind
        )
    if isinstance(strategy, Combine):
        outcome = _combined(pool, strategy, size)
    elif len(pool.ids) < size:
        raise NotEnoughItems(matched=len(pool.ids), wanted=size)
    else:
        outcome = _SIZED[type(strategy)](pool, strategy, size)
    if len(outcome.rows) < size:
        raise NotEnoughItems(matched=len(outcome.rows), wanted=size)
    return outcome


def _combined(pool: Pool, strategy: Combine, size: int) -> Outcome:
    """Return the rows with the greatest product of rank scores, each to the power of its part's weight.

    Parts that filter (threshold, dedup) come first: what they leave out is never chosen, nor seen by the others. Each
    part ranks what is left (its first scores 1, its last just above 0); items that a part did not rank among its
    first `2 × size` score as its last.
    """
    filters = [(part, weight) for part, weight in strategy.parts if type(part) in _OPEN_ENDED]
    rankers = [(part, weight) for part, weight in strategy.parts if type(part) not in _OPEN_ENDED]
    scores = dict.fromkeys(pool.ids, 0.0)
    details: list[dict[str, Any]] = []
    left = pool
    for part, weight in (*filters, *rankers):
        reach = None if type(part) in _OPEN_ENDED else min(len(left.ids), 2 * size)
        outcome = _choose(left, part, reach)
        rank = np.full(len(left.ids), 1.0 / (len(left.ids) + 1))
        rank[outcome.rows] = 1 - np.arange(len(outcome.rows)) / (len(left.ids) + 1)
        if not isinstance(part, Dedup):  # which has no order of its own
            for item_id, value in zip(left.ids, weight * np.log(rank), strict=True):
                scores[item_id] += float(value)
        if type(part) in _OPEN_ENDED:
            kept = np.sort(outcome.rows).tolist()
            left = replace(left, ids=[left.ids[row] for row in kept])
            if not left.ids:
                raise NotEnoughItems(matched=0, wanted=size)
        details.append({"kind": part.kind, "weight": weight, **dict(outcome.detail)})
    place = {item_id: row for row, item_id in enumerate(pool.ids)}
    best = sorted(left.ids, key=lambda item_id: (-scores[item_id], place[item_id]))[:size]
    return Outcome(
        np.array([place[i] for i in best], np.int64), detail={"parts": details, "allowed": len(left.ids)}
    )


def record_sample(store: SampleStore, made: Sample) -> None:
    """Write a sample down, so that it can be used as a selection and made again."""
    detail = {
        "coverage": made.coverage,
        "curve": None if made.curve is None else [dict(point) for point in made.curve],
        "detail": dict(made.detail),
    }
    store.save(
        SampleRecord(
            sample_id=made.sample_id,
            request=made.request.to_json(),
            item_ids=made.item_ids,
            pool_size=made.pool_size,
            data_version=made.data_version,
            created_at=made.created_at,
            detail=detail,
        )
    )


def read_sample(record: SampleRecord) -> Sample:
    """Return the sample that a record holds."""
    curve = record.detail.get("curve")
    return Sample(
        sample_id=record.sample_id,
        request=SampleRequest.from_json(record.request),
        item_ids=record.item_ids,
        pool_size=record.pool_size,
        data_version=record.data_version,
        created_at=record.created_at,
        coverage=record.detail.get("coverage"),
        curve=None if curve is None else tuple(curve),
        detail=record.detail.get("detail", {}),
    )
