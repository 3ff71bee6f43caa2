"""The numbers of the built-in descriptor: histograms of gradients, colours and local patterns of a thumbnail.

Everything is computed for a whole batch at once; NumPy and OpenCV only, so worker processes stay small.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = 64
DIM = 680
Batch = NDArray[np.uint8]
Vectors = NDArray[np.float32]

_HOG_CELL, _HOG_BINS = 16, 9
_COLOUR_BINS = 8
_LBP_GRID, _LBP_CODES = 2, 59
_COLOUR_WEIGHT, _LBP_WEIGHT = 0.7, 0.5
# as many thumbnails at once as fit the second-level cache
_BLOCK = 16


def thumbnail(pixels: NDArray[np.uint8]) -> Batch:
    """Return (64, 64, 3) of an image (h, w, 3); the aspect is given up so that the whole image counts."""
    shrinks = min(pixels.shape[:2]) >= SIZE
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (SIZE, SIZE), interpolation=method), np.uint8)


def describe(batch: Batch) -> Vectors:
    """Return float32 (n, 680), rows of length 1, of thumbnails (n, 64, 64, 3).

    HOG (324), Lab pyramid histograms (120) and uniform LBP (236), each scaled to length 1 and weighted 1, .7, .5.
    """
    blocks = [_describe(batch[i : i + _BLOCK]) for i in range(0, len(batch), _BLOCK)]
    return np.concatenate(blocks) if blocks else np.empty((0, DIM), np.float32)


def _describe(batch: Batch) -> Vectors:
    parts = [
        _unit(oriented_gradients(batch)),
        _COLOUR_WEIGHT * _unit(colour_histograms(batch)),
        _LBP_WEIGHT * _unit(local_patterns(batch)),
    ]
    return _unit(np.concatenate(parts, axis=1))


def oriented_gradients(batch: Batch) -> Vectors:
    """Return (n, 324): HOG, 16-pixel cells, 9 unsigned directions, 2×2 blocks with L2-Hys (clip at .2).

    Dalal & Triggs, "Histograms of oriented gradients for human detection" (CVPR 2005), on the square root of gray.
    """
    count = len(batch)
    red, green, blue = (batch[..., c].astype(np.float32) for c in range(3))
    gray = np.sqrt(0.299 * red + 0.587 * green + 0.114 * blue)
    across, down = np.zeros_like(gray), np.zeros_like(gray)
    np.subtract(gray[:, :, 2:], gray[:, :, :-2], out=across[:, :, 1:-1])
    np.subtract(gray[:, 2:], gray[:, :-2], out=down[:, 1:-1])
    strength, angle = cv2.cartToPolar(across.reshape(count * SIZE, SIZE), down.reshape(count * SIZE, SIZE))
    turns = np.mod(angle * np.float32(_HOG_BINS / np.pi), np.float32(_HOG_BINS))
    cells = SIZE // _HOG_CELL
    h = np.empty((count, cells, cells, _HOG_BINS), np.float32)
    distance, other = np.empty_like(turns), np.empty_like(turns)
    for direction in range(_HOG_BINS):  # an angle counts for its two nearest directions, linearly
        np.abs(np.subtract(turns, np.float32(direction), out=distance), out=distance)
        np.minimum(distance, np.subtract(np.float32(_HOG_BINS), distance, out=other), out=distance)
        np.maximum(np.subtract(np.float32(1), distance, out=distance), np.float32(0), out=distance)
        distance *= strength
        h[..., direction] = cv2.resize(
            distance, (cells, count * cells), interpolation=cv2.INTER_AREA
        ).reshape(count, cells, cells)
    blocks = np.concatenate([h[:, :-1, :-1], h[:, :-1, 1:], h[:, 1:, :-1], h[:, 1:, 1:]], axis=-1)
    return _unit(np.minimum(_unit(blocks + 1e-6), 0.2)).reshape(count, -1)


def colour_histograms(batch: Batch) -> Vectors:
    """Return (n, 120): 8-bin histograms of L, a and b over the whole and over 2×2 quarters (spatial pyramid).

    Square roots of shares (Hellinger); a and b in steps of 8 around neutral, where most colours of photographs lie.
    """
    count = len(batch)
    lab = cv2.cvtColor(batch.reshape(count * SIZE, SIZE, 3), cv2.COLOR_RGB2LAB)
    fine = np.empty((count, 4, 3, _COLOUR_BINS), np.float32)
    for channel, binned in enumerate(cv2.split(cv2.LUT(lab, _colour_codes()))):
        for bin_ in range(_COLOUR_BINS):
            fine[:, :, channel, bin_] = _count_quarters((binned == bin_).reshape(count, SIZE, SIZE))
    whole = fine.sum(1, keepdims=True)
    levels = [np.sqrt(h / h.sum(-1, keepdims=True)).reshape(count, -1) for h in (whole, fine)]
    return np.concatenate([levels[0], levels[1] / 2], axis=1)


def _colour_codes() -> NDArray[np.uint8]:
    """Return (1, 256, 3): for each of 256 values of L, a and b its bin."""
    values = np.arange(256)
    chroma = np.clip((values >> 3) - 12, 0, _COLOUR_BINS - 1)
    return np.stack([values >> 5, chroma, chroma], axis=1)[None].astype(np.uint8)


def _count_quarters(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return (n, 4): how many pixels of each quarter are set in masks (n, 64, 64). Bits are counted 32 at a time."""
    words = np.packbits(mask, axis=2).view(np.uint32)
    halves = np.bitwise_count(words).reshape(len(mask), 2, SIZE // 2, 2)
    return halves.sum(axis=2, dtype=np.int64).reshape(len(mask), 4)


def local_patterns(batch: Batch) -> Vectors:
    """Return (n, 236): histograms of uniform local binary patterns (8 neighbours, radius 1) over 2×2 quarters.

    Ojala, Pietikäinen & Mäenpää (PAMI 2002); 58 uniform codes and one for all others; square roots of shares.
    """
    count = len(batch)
    gray = cv2.cvtColor(batch.reshape(count * SIZE, SIZE, 3), cv2.COLOR_RGB2GRAY).reshape(count, SIZE, SIZE)
    centre = gray[:, 1:-1, 1:-1]
    side = SIZE - 2
    code = np.zeros(centre.shape, np.uint8)
    for bit, (y, x) in enumerate(((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))):
        code |= (gray[:, y : y + side, x : x + side] >= centre).view(np.uint8) << np.uint8(bit)
    cells = _LBP_GRID * _LBP_GRID
    place = _uniform_codes()[code] + _cell_offsets(count, side)
    found = np.bincount(place.ravel(), minlength=count * cells * _LBP_CODES)
    shares = found.reshape(count, cells, _LBP_CODES).astype(np.float32) / (side // _LBP_GRID) ** 2
    return np.asarray(np.sqrt(shares).reshape(count, -1) / _LBP_GRID, np.float32)


def _cell_offsets(count: int, side: int) -> NDArray[np.int64]:
    """Return (n, side, side): where the histogram of a pixel's quarter starts."""
    along = np.arange(side) // (side // _LBP_GRID)
    within = (along[:, None] * _LBP_GRID + along[None]) * _LBP_CODES
    return np.arange(count)[:, None, None] * (_LBP_GRID * _LBP_GRID * _LBP_CODES) + within[None]


def _uniform_codes() -> NDArray[np.int64]:
    """Return for each of 256 patterns its number among the 58 with at most two changes around, or 58."""
    bits = (np.arange(256)[:, None] >> np.arange(8)[None]) & 1
    uniform = (bits != np.roll(bits, -1, axis=1)).sum(1) <= 2
    return np.where(uniform, np.cumsum(uniform) - 1, 58).astype(np.int64)


def _unit(rows: Vectors) -> Vectors:
    return (rows / (np.linalg.norm(rows, axis=-1, keepdims=True) + 1e-8)).astype(np.float32)
