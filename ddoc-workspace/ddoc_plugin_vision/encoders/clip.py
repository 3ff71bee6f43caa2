"""CLIP through open_clip: vectors that speak of content, and text search. Needs weights."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from ddoc.analysis.protocol import Chunk, ChunkResult, Matrix
from ddoc.errors import InvalidInputError, UnavailableError
from ddoc.progress import Progress, no_progress
from ddoc_plugin_vision.encoders.clip_chunk import crop_chunk, cropper
from ddoc_plugin_vision.encoders.clip_weights import (
    DEFAULT_MODEL,
    Int8Facts,
    cached_tag,
    download_tag,
    find_weights,
    fingerprint,
    int8_folder,
    model_shape,
    need_openvino,
    read_int8_facts,
)

_MIN_CALIBRATION = 48


class ClipEncoder:
    """An image encoder of open_clip, by its name (default: `DDOC_CLIP_MODEL`, else ViT-B-32).

    Weights come from the file `DDOC_CLIP_WEIGHTS`, from the local cache, or, with `DDOC_ALLOW_DOWNLOADS=1`, from a
    download. Workers decode and crop; the model runs in the calling process, on a GPU if there is one, else in
    bfloat16 where the processor has it. With `DDOC_CLIP_INT8`, the folder of a model that `quantize` made of these
    weights, images are encoded by that on the processor, and their vectors are named after it.
    """

    name = "clip"
    title = "Content (CLIP through open_clip); needs weights"
    version = "2"
    semantic = True
    has_text = True
    chunk_size = 32

    def __init__(self, model: str | None = None) -> None:
        self.model = model or os.environ.get("DDOC_CLIP_MODEL") or DEFAULT_MODEL
        self.dim = model_shape(self.model).dim
        self._int8_folder = int8_folder()
        self._loaded: Any = None
        self._int8: Any = None

    @property
    def key(self) -> str:
        """Name of the vectors on disk: version, model, and the fingerprint of a file of weights or open_clip's tag of those
        from the cache or a download (one name for both, so that a download does not make the vectors strangers).

        Raises UnavailableError `no-weights` without weights, and what `read_int8_facts` raises.
        """
        tag, int8 = self._origin
        return "-".join([self.name, self.version, self.model, tag, *([int8.tag] if int8 else [])])

    def check(self) -> None:
        """Raise UnavailableError where the encoder cannot be used now, as `key` does."""
        _ = self.key

    def worker(self) -> Callable[[Chunk], ChunkResult]:
        """Return the function that decodes and crops a chunk."""
        self._eye()  # wrong weights are told before anything is decoded
        return cropper(model_shape(self.model).image_size)

    def encode(self, values: Any) -> Matrix:
        """Run the model on cropped pixels (n, side, side, 3)."""
        return self._eye().encode(values)

    def encode_text(self, texts: Sequence[str]) -> Matrix:
        """Return the vectors of texts, for search among images."""
        return self._load().encode_text(list(texts))

    def quantize(
        self, images: Chunk, folder: Path, *, min_cosine: float, progress: Progress = no_progress
    ) -> Mapping[str, Any]:
        """Make an 8-bit model of the weights in the new folder `folder`, for `DDOC_CLIP_INT8`.

        Two thirds of `images` set its scales; on the rest its vectors must lie within `min_cosine` of float32's.
        Raises UnavailableError (as `check`, and `no-openvino`), ConflictError `folder-exists`, InvalidInputError
        `too-few-images` (under 48 that can be read) and `int8-too-coarse`; nothing is written then.
        """
        from ddoc_plugin_vision.encoders.clip_int8 import folder_exists, quantize
        from ddoc_plugin_vision.encoders.clip_model import load_model

        need_openvino()
        if folder.exists():
            raise folder_exists()
        tag, shape = self._weights_tag(), model_shape(self.model)
        hashes, pixels, _ = crop_chunk(images, size=shape.image_size)
        if len(hashes) < _MIN_CALIBRATION:
            raise InvalidInputError(
                f"{len(hashes)} images can be read; at least {_MIN_CALIBRATION} are needed to set and check 8-bit scales",
                code="too-few-images",
            )
        model = load_model(self.model, self._weights_file(), download_tag(self.model), "float32")
        facts = quantize(
            model, pixels, folder, name=self.model, weights=tag, min_cosine=min_cosine, progress=progress
        )
        return asdict(facts)

    def _weights_tag(self) -> str:
        try:
            weights = find_weights(self.model)
        except UnavailableError:
            tag = download_tag(self.model)
            if tag is None or os.environ.get("DDOC_CLIP_WEIGHTS"):
                raise
            return tag
        return cached_tag(self.model, weights) or fingerprint(weights)

    @cached_property
    def _origin(self) -> tuple[str, Int8Facts | None]:
        """What the vectors are of, read once, so that a run's vectors bear the name of the model that made them."""
        tag = self._weights_tag()
        return tag, read_int8_facts(self._int8_folder, self.model, tag) if self._int8_folder else None

    def _eye(self) -> Any:
        """Return what encodes images: the 8-bit model where one is named, else the model itself."""
        _, facts = self._origin
        if self._int8_folder is None or facts is None:
            return self._load()
        if self._int8 is None:
            from ddoc_plugin_vision.encoders.clip_int8 import Int8Model

            self._int8 = Int8Model(self._int8_folder, facts)
            self.chunk_size = self._int8.batch
        return self._int8

    def _weights_file(self) -> Path | None:
        """Return the file of weights, or None where `check` has seen that a download is allowed."""
        try:
            return find_weights(self.model)
        except UnavailableError:
            return None

    def _load(self) -> Any:
        if self._loaded is None:
            from ddoc_plugin_vision.encoders.clip_model import load_model

            self.check()
            self._loaded = load_model(self.model, self._weights_file(), download_tag(self.model))
            self.chunk_size = (
                self._loaded.batch
            )  # a GPU wants larger chunks, and a chunk is what it is given at once
        return self._loaded
