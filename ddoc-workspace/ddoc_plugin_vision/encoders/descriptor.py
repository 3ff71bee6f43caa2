"""The built-in encoder: appearance without weights, deterministic, nothing to download."""

from collections.abc import Callable, Sequence
from typing import Any

from ddoc.analysis.protocol import Chunk, ChunkResult, Matrix
from ddoc.errors import UnavailableError
from ddoc_plugin_vision.encoders.descriptor_chunk import describe_chunk
from ddoc_plugin_vision.encoders.descriptor_math import DIM


class DescriptorEncoder:
    """680 numbers on shapes, colours and texture of a 64-pixel thumbnail. Appearance, not semantic."""

    name = "descriptor"
    title = "Appearance (colour, texture, layout); no weights"
    version = "1"
    dim = DIM
    semantic = False
    has_text = False
    chunk_size = 64

    @property
    def key(self) -> str:
        """Name of the vectors on disk."""
        return f"{self.name}-{self.version}"

    def check(self) -> None:
        """Return: nothing is needed."""

    def worker(self) -> Callable[[Chunk], ChunkResult]:
        """Return the function that describes a chunk; workers do all the work."""
        return describe_chunk

    def encode(self, values: Any) -> Matrix:
        """Return the worker's vectors as they are."""
        return values

    def encode_text(self, texts: Sequence[str]) -> Matrix:
        """Raise UnavailableError: appearance has no words."""
        raise UnavailableError(
            "the built-in encoder knows no text; use 'clip' for text search", code="no-text-search"
        )
