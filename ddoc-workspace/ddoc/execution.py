"""The executor seam: how chunks of work on items are run. One code path, several executors."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


class Executor(Protocol):
    """Runs a pure function over chunks, in any order.

    A chunk whose worker dies (not one that raises) is retried; after three deaths it is yielded as a WorkerDied,
    so that the caller can split it and name the bad file.
    """

    workers: int

    def map(
        self, function: Callable[[Chunk], Result], chunks: Iterable[Chunk]
    ) -> Iterator[tuple[int, "Result | WorkerDied"]]:
        """Yield (position of the chunk, its result), as results come."""
        ...


class WorkerDied:
    """The outcome of a chunk that killed its worker three times."""


class SerialExecutor:
    """Runs every chunk in this process. For small work and for tests."""

    workers = 1

    def map(
        self, function: Callable[[Chunk], Result], chunks: Iterable[Chunk]
    ) -> Iterator[tuple[int, Result | WorkerDied]]:
        """Yield (position, result) in order."""
        for position, chunk in enumerate(chunks):
            yield position, function(chunk)


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))
