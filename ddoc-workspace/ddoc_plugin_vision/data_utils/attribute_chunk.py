"""What a worker process does with a chunk of images: every attribute of each. Imports as little as it can."""

from typing import Any

import cv2
import numpy as np

from ddoc.errors import DdocError
from ddoc_plugin_vision.data_utils import measures
from ddoc_plugin_vision.data_utils.decode import decode_image

Columns = dict[str, Any]


def measure_chunk(
    chunk: tuple[tuple[str, str], ...],
) -> tuple[tuple[str, ...], Columns, tuple[tuple[str, str, str], ...]]:
    """Return (hashes measured, one array per attribute, failures as (hash, code, detail))."""
    rows: list[dict[str, float]] = []
    prints: list[tuple[int, int]] = []
    hashes: list[str] = []
    failures: list[tuple[str, str, str]] = []
    for content_hash, path in chunk:
        try:
            row, pair = measure_image(path)
        except DdocError as error:
            failures.append((content_hash, error.error_code, error.detail))
            continue
        hashes.append(content_hash)
        rows.append(row)
        prints.append(pair)
    if not rows:
        return (), {}, tuple(failures)
    columns: Columns = {name: np.array([row[name] for row in rows], np.float64) for name in rows[0]}
    columns["phash"] = np.array([p[0] for p in prints], np.uint64)
    columns["phash_mirrored"] = np.array([p[1] for p in prints], np.uint64)
    return tuple(hashes), columns, tuple(failures)


def measure_image(path: str) -> tuple[dict[str, float], tuple[int, int]]:
    """Return (attributes by name, (perceptual hash, that of the mirror image)) of one image file.

    Raises InvalidInputError where the file cannot be decoded; see `decode_image`.
    """
    image = decode_image(path)
    gray = cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY)
    parts = measures.tiles(gray)
    row = measures.gray_statistics(gray)
    row["colourfulness"] = measures.colourfulness(image.pixels)
    row["sharpness"] = measures.sharpness(parts)
    row["noise"] = measures.noise(parts)
    row["megapixels"] = image.width * image.height / 1e6
    row["aspect"] = image.width / image.height
    row["frames"] = float(image.frames)
    return row, measures.perceptual_hashes(gray)
