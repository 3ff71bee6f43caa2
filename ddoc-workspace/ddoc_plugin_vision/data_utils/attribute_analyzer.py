"""AttributeAnalyzer: brightness, contrast, colourfulness, sharpness, noise, hashes and flags of every image."""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from ddoc.analysis.flags import flag_rules, save_rules
from ddoc.analysis.protocol import Chunk, ChunkResult
from ddoc.analysis.results import KEY, ResultsStore
from ddoc.paths import Layout
from ddoc.progress import Progress
from ddoc_plugin_vision.data_utils.attribute_chunk import measure_chunk

_FLAGGED = ("brightness", "sharpness", "noise", "entropy", "megapixels", "aspect")


class AttributeAnalyzer:
    """Measures every image on its native pixels; the formulas stand in `measures`."""

    name = "attributes"
    version = "1"
    chunk_size = 32

    @property
    def key(self) -> str:
        """Name of the results on disk."""
        return f"{self.name}-{self.version}"

    def worker(self) -> Callable[[Chunk], ChunkResult]:
        """Return the function that measures a chunk."""
        return measure_chunk

    def receive(self, values: Any) -> Any:
        """Return the values as they are: workers do all the work."""
        return values

    def open_store(self, layout: Layout) -> ResultsStore:
        """Open the table of attributes of a root."""
        return ResultsStore(layout.analysis, self.key)

    def finish(self, layout: Layout, hashes: Sequence[str], progress: Progress) -> None:
        """Fold the parts of the run together and store the flags' thresholds for this set of images."""
        store = self.open_store(layout)
        store.compact()
        wanted = set(hashes)
        table = store.numeric_table()
        if table.num_rows:
            table = table.filter(pa.array([h in wanted for h in table[KEY].to_pylist()], pa.bool_()))
            save_rules(layout, self.key, flag_rules({name: table[name].to_numpy() for name in _FLAGGED}))
