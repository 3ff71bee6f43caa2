"""What a strategy gives, and the pool that it works on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ddoc.sampling.source import Floats, SampleSource

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pool:
    """The items that may be chosen (`ids`), those that count as chosen (`include`), and the seeded chance."""

    source: SampleSource
    ids: Sequence[str]
    include: Sequence[str]
    seed: int

    def rng(self, purpose: str) -> np.random.Generator:
        """Return a generator of its own for each purpose, so that strategies do not disturb each other."""
        return np.random.default_rng([self.seed, *purpose.encode()])

    def vectors(self, encoder: str | None) -> tuple[Floats, Floats, Rows]:
        """Return (vectors of the pool (m, d), vectors of the included items, which rows of the pool the m are)."""
        ids = [*self.ids, *self.include]
        matrix, have = self.source.vectors(ids, encoder)
        mine = have[: len(self.ids)]
        count = int(mine.sum())
        return matrix[:count], matrix[count:], np.flatnonzero(mine)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rows of the pool, best first. `coverage`, `curve` and `detail` as in Sample."""

    rows: Rows
    coverage: float | None = None
    curve: tuple[Mapping[str, float], ...] | None = None
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])
