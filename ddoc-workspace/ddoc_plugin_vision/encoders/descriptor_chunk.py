"""What a worker process does with a chunk for the built-in descriptor: decode, shrink, describe."""

from typing import Any

import numpy as np

from ddoc.errors import DdocError
from ddoc_plugin_vision.data_utils.decode import decode_image
from ddoc_plugin_vision.encoders.descriptor_math import describe, thumbnail

# twice the thumbnail's side: less would let the JPEG's reduced decoding show in the descriptor
_DECODE_SIZE = 128


def describe_chunk(
    chunk: tuple[tuple[str, str], ...],
) -> tuple[tuple[str, ...], Any, tuple[tuple[str, str, str], ...]]:
    """Return (hashes, float32 vectors (n, 680), failures as (hash, code, detail))."""
    small: list[Any] = []
    hashes: list[str] = []
    failures: list[tuple[str, str, str]] = []
    for content_hash, path in chunk:
        try:
            small.append(thumbnail(decode_image(path, min_size=_DECODE_SIZE).pixels))
        except DdocError as error:
            failures.append((content_hash, error.error_code, error.detail))
            continue
        hashes.append(content_hash)
    return tuple(hashes), describe(np.stack(small)) if small else None, tuple(failures)
