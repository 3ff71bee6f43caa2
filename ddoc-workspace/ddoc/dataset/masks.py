"""Run-length masks as COCO writes them: checked, decoded, traced. No hostile count reaches native code.

The compressed form is COCO's own (cocoapi, common/maskApi.c, rleToString): runs in column-major order, each
after the second as its difference to the run two before, in groups of 5 bits, least first, bit 6 = more follow.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ddoc.errors import InvalidInputError

_MAX_PIXELS = 64 * 1024 * 1024


def counts_of(mask: Mapping[str, Any]) -> tuple[int, int, list[int]]:
    """Return (height, width, run lengths starting with background) of a compressed or plain COCO RLE.

    Raises InvalidInputError `invalid-mask` unless the runs are whole, not negative, and fill the size exactly.
    """
    try:
        height, width = (int(v) for v in mask["size"])
        raw = mask["counts"]
        counts = _decompress(raw) if isinstance(raw, str) else [int(c) for c in raw]
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise InvalidInputError("the mask is not a COCO RLE", code="invalid-mask") from error
    if height < 1 or width < 1 or height * width > _MAX_PIXELS:
        raise InvalidInputError("the mask's size is out of range", code="invalid-mask")
    if any(c < 0 for c in counts) or sum(counts) != height * width:
        raise InvalidInputError("the mask's runs do not fill its size", code="invalid-mask")
    return height, width, counts


def compressed(mask: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mask as `{"size": [height, width], "counts": str}`. Raises as `counts_of` does."""
    height, width, counts = counts_of(mask)
    return {"size": [height, width], "counts": _compress(counts)}


def decode(mask: Mapping[str, Any]) -> npt.NDArray[np.uint8]:
    """Return the mask's pixels, (height, width) of 0 and 1. Raises as `counts_of` does."""
    height, width, counts = counts_of(mask)
    values = (np.arange(len(counts)) % 2).astype(np.uint8)
    return np.repeat(values, counts).reshape(width, height).T


def encode(pixels: npt.NDArray[Any]) -> dict[str, Any]:
    """Return the compressed RLE of a (height, width) array; whatever is not 0 belongs to the mask."""
    flat = (pixels != 0).T.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    bounds = np.concatenate(([0], edges, [flat.size]))
    counts: list[int] = np.diff(bounds).tolist()
    if flat.size and flat[0]:
        counts.insert(0, 0)
    return {"size": [int(pixels.shape[0]), int(pixels.shape[1])], "counts": _compress(counts)}


def rings(mask: Mapping[str, Any]) -> tuple[tuple[float, ...], ...]:
    """Return the outlines of the mask's parts as rings of flat pixel coordinates, largest first (holes are left out).

    Outlines run through pixel centres, as OpenCV traces them. Raises as `counts_of` does.
    """
    import cv2  # a tenth of a second to import, and few datasets hold masks

    pixels = np.ascontiguousarray(decode(mask))
    contours, _ = cv2.findContours(pixels, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    kept = [c.reshape(-1, 2) for c in contours if len(c) >= 3]
    kept.sort(key=lambda c: (-cv2.contourArea(c), c.tolist()))
    return tuple(tuple(float(v) for v in c.ravel()) for c in kept)


def bounds(mask: Mapping[str, Any]) -> tuple[float, float, float, float] | None:
    """Return (x1, y1, x2, y2), exclusive at the far side, or None for an empty mask. Raises as `counts_of` does."""
    height, _, counts = counts_of(mask)
    position, left, right, top, bottom = 0, None, 0, height, 0
    for number, count in enumerate(counts):
        if number % 2 and count:
            first, last = position, position + count - 1
            left = first // height if left is None else left
            right = last // height
            if first // height == last // height:
                top, bottom = min(top, first % height), max(bottom, last % height)
            else:
                top, bottom = 0, height - 1
        position += count
    return None if left is None else (float(left), float(top), float(right + 1), float(bottom + 1))


def _compress(counts: Sequence[int]) -> str:
    out = bytearray()
    for number, count in enumerate(counts):
        value = count - counts[number - 2] if number > 2 else count
        while True:
            group = value & 0x1F
            value >>= 5
            more = value != -1 if group & 0x10 else value != 0
            out.append((group | (0x20 if more else 0)) + 48)
            if not more:
                break
    return out.decode("ascii")


def _decompress(text: str) -> list[int]:
    counts: list[int] = []
    data = text.encode("ascii")
    position = 0
    while position < len(data):
        value = shift = 0
        while True:
            group = data[position] - 48
            if not 0 <= group < 64:
                raise ValueError("not an RLE character")
            position += 1
            value |= (group & 0x1F) << shift
            shift += 5
            if not group & 0x20:
                break
            if shift > 40:
                raise ValueError("a run is too long")
        if group & 0x10:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    return counts
