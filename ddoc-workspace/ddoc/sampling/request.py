"""What is asked of a sampling, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ddoc.dataset.filters import Filter
from ddoc.errors import InvalidInputError
from ddoc.sampling.strategies import Strategy, strategy_from_json, strategy_to_json


class NotEnoughItems(InvalidInputError):  # noqa: N818 the design's name
    """Fewer items are eligible than were wanted (`matched`, `wanted` in the context)."""

    code = "not-enough-items"

    def __init__(self, *, matched: int, wanted: int) -> None:
        super().__init__(
            f"{wanted} items wanted, {matched} match", code=self.code, matched=matched, wanted=wanted
        )


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """How to choose.

    `size` None takes as many as the strategy gives (threshold: all in range; dedup: one per group). `pool` limits
    what may be chosen; `include` are ids that count as chosen already and are not chosen again.
    """

    strategy: Strategy
    size: int | None = None
    pool: Filter | None = None
    seed: int = 0
    include: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the request as plain data, enough to make the sample again."""
        return {
            "strategy": strategy_to_json(self.strategy),
            "size": self.size,
            "pool": None if self.pool is None else self.pool.to_json(),
            "seed": self.seed,
            "include": list(self.include),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SampleRequest":
        """Read back what `to_json` gave."""
        pool = data.get("pool")
        return cls(
            strategy=strategy_from_json(data["strategy"]),
            size=data.get("size"),
            pool=None if pool is None else Filter.from_json(pool),
            seed=int(data.get("seed") or 0),
            include=tuple(data.get("include") or ()),
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """A choice, best first, with all that is needed to make it again.

    `coverage` is how much of the pool it stands for (0–1, coverage only); `curve` is `[{size, value}]` after so many
    items: the coverage, or the drift that is left (match_target); `detail` is what else the strategy says.
    """

    sample_id: str
    request: SampleRequest
    item_ids: tuple[str, ...]
    pool_size: int
    data_version: str
    created_at: str
    coverage: float | None = None
    curve: tuple[Mapping[str, float], ...] | None = None
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> dict[str, Any]:
        """Return api.md's fields of a sample."""
        request = self.request.to_json()
        return {
            "sample_id": self.sample_id,
            **request,
            "size": len(self.item_ids),
            "item_ids": list(self.item_ids),
            "pool_size": self.pool_size,
            "data_version": self.data_version,
            "coverage": self.coverage,
            "curve": None if self.curve is None else [dict(point) for point in self.curve],
            "detail": dict(self.detail),
            "created_at": self.created_at,
        }
