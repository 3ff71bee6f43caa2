"""CLIP through open_clip: vectors that speak of content, and text search. Needs weights."""

import os
from collections.abc import Callable, Sequence
from typing import Any

from ddoc.analysis.protocol import Chunk, ChunkResult, Matrix
from ddoc.errors import UnavailableError
from ddoc_plugin_vision.encoders.clip_chunk import cropper
from ddoc_plugin_vision.encoders.clip_weights import (
    DEFAULT_MODEL,
    cached_tag,
    download_tag,
    find_weights,
    fingerprint,
    model_shape,
)


class ClipEncoder:
    """An image encoder of open_clip, by its name (default: `DDOC_CLIP_MODEL`, else ViT-B-32).

    Weights come from the file `DDOC_CLIP_WEIGHTS`, from the local cache, or, with `DDOC_ALLOW_DOWNLOADS=1`, from a
    download. Workers decode and crop; the model runs in the calling process, on a GPU if there is one, else in
    bfloat16 where the processor has it.
    """

    name = "clip"
    title = "Content (CLIP through open_clip); needs weights"
    version = "1"
    semantic = True
    has_text = True
    chunk_size = 32

    def __init__(self, model: str | None = None) -> None:
        self.model = model or os.environ.get("DDOC_CLIP_MODEL") or DEFAULT_MODEL
        self.dim = model_shape(self.model).dim
        self._loaded: Any = None

    @property
    def key(self) -> str:
        """Name of the vectors on disk: the model, and the fingerprint of a file of weights or open_clip's tag of those
        from the cache or a download (one name for both, so that a download does not make the vectors strangers).

        Raises UnavailableError `no-weights` without weights.
        """
        try:
            weights = find_weights(self.model)
        except UnavailableError:
            tag = download_tag(self.model)
            if tag is None or os.environ.get("DDOC_CLIP_WEIGHTS"):
                raise
        else:
            tag = cached_tag(self.model, weights) or fingerprint(weights)
        return f"{self.name}-{self.model}-{tag}"

    def check(self) -> None:
        """Raise UnavailableError `no-weights` where the encoder cannot be used now."""
        _ = self.key

    def worker(self) -> Callable[[Chunk], ChunkResult]:
        """Return the function that decodes and crops a chunk."""
        self._load()  # wrong weights are told before anything is decoded
        return cropper(model_shape(self.model).image_size)

    def encode(self, values: Any) -> Matrix:
        """Run the model on cropped pixels (n, side, side, 3)."""
        return self._load().encode(values)

    def encode_text(self, texts: Sequence[str]) -> Matrix:
        """Return the vectors of texts, for search among images."""
        return self._load().encode_text(list(texts))

    def _load(self) -> Any:
        if self._loaded is None:
            from ddoc_plugin_vision.encoders.clip_model import load_model

            self.check()
            try:
                weights = find_weights(self.model)
            except UnavailableError:
                weights = None  # `check` has seen that a download is allowed
            self._loaded = load_model(self.model, weights, download_tag(self.model))
            self.chunk_size = (
                self._loaded.batch
            )  # a GPU wants larger chunks, and a chunk is what it is given at once
        return self._loaded
