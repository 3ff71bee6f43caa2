"""EmbeddingAnalyzer: a vector of every image by a named encoder, then clusters, duplicates, outliers and a map."""

from collections.abc import Callable, Sequence
from typing import Any

from ddoc.analysis.groups import are_current, groups, load_groups
from ddoc.analysis.protocol import Chunk, ChunkResult, Encoder, get_encoder
from ddoc.analysis.results import ResultsStore
from ddoc.analysis.summary import ATTRIBUTES_KEY
from ddoc.analysis.vectors import VectorStore
from ddoc.paths import Layout
from ddoc.progress import Progress


class EmbeddingAnalyzer:
    """Encodes images with `encoder` (an installed encoder's name, or an encoder)."""

    name = "embedding"

    def __init__(self, encoder: str | Encoder = "descriptor") -> None:
        self.encoder = get_encoder(encoder) if isinstance(encoder, str) else encoder
        self.version = self.encoder.version
        self.chunk_size = self.encoder.chunk_size

    @property
    def key(self) -> str:
        """Name of the results on disk."""
        return f"{self.name}-{self.encoder.key}"

    def worker(self) -> Callable[[Chunk], ChunkResult]:
        """Return the encoder's function for worker processes."""
        worker = self.encoder.worker()
        self.chunk_size = self.encoder.chunk_size  # known only now where it depends on the device
        return worker

    def receive(self, values: Any) -> Any:
        """Encode a worker's values in this process."""
        return self.encoder.encode(values)

    def open_store(self, layout: Layout) -> VectorStore:
        """Open the vectors of a root."""
        return VectorStore(layout.vectors, self.encoder.key, dim=self.encoder.dim)

    def finish(self, layout: Layout, hashes: Sequence[str], progress: Progress) -> None:
        """Compute the groups, unless those stored are of the same contents."""
        known = load_groups(layout, self.encoder.key)
        if known is None or not are_current(known, hashes):
            groups(
                layout,
                self.encoder.key,
                hashes,
                attributes=ResultsStore(layout.analysis, ATTRIBUTES_KEY),
                progress=progress,
            )
