"""Progress of long work, as the code that does it sees it."""

from typing import Protocol


class Progress(Protocol):
    """Receives progress. Implementations may raise CancelledError to stop the work at a safe point."""

    def __call__(self, done: int, total: int | None, *, unit: str = "items", message: str = "") -> None:
        """Report that `done` of `total` units are finished; `total` is None while unknown."""
        ...


def no_progress(done: int, total: int | None, *, unit: str = "items", message: str = "") -> None:
    """Ignore progress."""
