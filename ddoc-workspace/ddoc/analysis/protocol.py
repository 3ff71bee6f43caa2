"""What an analyzer and an encoder are. Plug-ins implement these; they are found by entry point."""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ddoc.errors import NotFoundError
from ddoc.paths import Layout
from ddoc.progress import Progress

# Plain tuples, so that a worker process needs to import nothing but the function that it runs.
Chunk = tuple[tuple[str, str], ...]
"""Images of one chunk of work: (content hash, absolute path)."""
Failure = tuple[str, str, str]
"""An image that could not be analysed: (content hash, kebab-case code, sentence)."""
ChunkResult = tuple[tuple[str, ...], Any, tuple[Failure, ...]]
"""(content hashes that succeeded, their values in that order, failures)."""
Matrix = NDArray[np.float32]


class AnalysisStore(Protocol):
    """Where an analyzer's results are kept, by content hash. Appending is idempotent and crash safe."""

    def hashes(self) -> set[str]:
        """Return the content hashes that have a result."""
        ...

    def append(self, hashes: Sequence[str], values: Any) -> None:
        """Add results; hashes that are there already are skipped."""
        ...

    def flush(self) -> None:
        """Make everything appended so far survive a kill."""
        ...

    def clear(self, hashes: Sequence[str]) -> None:
        """Forget the results of `hashes`, so that they are computed again."""
        ...


class Analyzer(Protocol):
    """Computes something about every image, keyed by its content."""

    name: str
    version: str
    chunk_size: int

    @property
    def key(self) -> str:
        """Name of the results on disk; differs whenever results differ (version, encoder, weights)."""
        ...

    def worker(self) -> Callable[[Chunk], ChunkResult]:
        """Return the pure, picklable function that worker processes run."""
        ...

    def receive(self, values: Any) -> Any:
        """Finish a chunk's values in the calling process (a model that is too large for every worker)."""
        ...

    def open_store(self, layout: Layout) -> AnalysisStore:
        """Open the store of results in a root."""
        ...

    def finish(self, layout: Layout, hashes: Sequence[str], progress: Progress) -> None:
        """Derive what depends on the whole set (flags, groups) from the results of the items' contents."""
        ...


class Encoder(Protocol):
    """Turns images into vectors. Its key names every result made with it."""

    name: str
    title: str
    version: str
    dim: int
    semantic: bool
    """False where the vectors speak of appearance (colour, texture, layout) and not of what is shown."""
    has_text: bool
    chunk_size: int

    @property
    def key(self) -> str:
        """Name of the vectors on disk; includes the version and, where there are weights, their hash."""
        ...

    def check(self) -> None:
        """Raise UnavailableError saying what is missing (weights, say) if the encoder cannot be used now."""
        ...

    def worker(self) -> Callable[[Chunk], ChunkResult]:
        """Return the pure, picklable function that decodes (and perhaps encodes) a chunk in a worker."""
        ...

    def encode(self, values: Any) -> Matrix:
        """Turn a worker's values into float32 (n, dim), rows of length 1, in the calling process."""
        ...

    def encode_text(self, texts: Sequence[str]) -> Matrix:
        """Return float32 (n, dim) of texts in the same space; UnavailableError where `has_text` is False."""
        ...


@runtime_checkable
class Quantizable(Protocol):
    """An encoder that can make a faster model of itself, in integers."""

    def quantize(
        self, images: Chunk, folder: Path, *, min_cosine: float, progress: Progress
    ) -> Mapping[str, Any]:
        """Make it in the new folder `folder` with scales from `images`; return facts of it, the cosines reached among them.

        Nothing is written where the vectors of held-out images come less near than `min_cosine`: InvalidInputError.
        """
        ...


def _named(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}


def analyzers() -> tuple[str, ...]:
    """Return the names of the installed analyzers."""
    return tuple(sorted(_named("ddoc.analyzers")))


def get_analyzer(name: str, **options: Any) -> Analyzer:
    """Return a new analyzer by its entry point's name. Raises NotFoundError `unknown-analyzer`."""
    return _load("ddoc.analyzers", name, "unknown-analyzer")(**options)


def encoders() -> tuple[str, ...]:
    """Return the names of the installed encoders."""
    return tuple(sorted(_named("ddoc.encoders")))


def get_encoder(name: str = "descriptor", **options: Any) -> Encoder:
    """Return a new encoder by its entry point's name.

    Raises NotFoundError `unknown-encoder`; what the encoder needs (weights) is asked for only when it is used.
    """
    return _load("ddoc.encoders", name, "unknown-encoder")(**options)


def _load(group: str, name: str, code: str) -> Callable[..., Any]:
    points = _named(group)
    if name not in points:
        known = ", ".join(sorted(points)) or "none is installed"
        raise NotFoundError(f"'{name}' is not known; known are: {known}", code=code, name=name)
    loaded: Callable[..., Any] = points[name].load()
    return loaded
