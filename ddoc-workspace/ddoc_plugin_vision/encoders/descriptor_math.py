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


def thumbnail(pixels: NDArray[np.uint8]) -> Batch:
    """Return (64, 64, 3) of an image (h, w, 3); the aspect is given up so that the whole image counts."""
    shrinks = min(pixels.shape[:2]) >= SIZE
    return cv2.resize(pixels, (SIZE, SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def describe(batch: Batch) -> Vectors:
    """Return float32 (n, 680), rows of length 1, of thumbnails (n, 64, 64, 3).

    HOG (324), Lab pyramid histograms (120) and uniform LBP (236), each scaled to length 1 and weighted 1, .7, .5.
    """
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
    turns = angle.ravel() * np.float32(_HOG_BINS / np.pi)
    lower = turns.astype(np.int32)
    share = turns - lower
    lower %= _HOG_BINS
    upper = lower + 1
    upper[upper == _HOG_BINS] = 0
    cells = SIZE // _HOG_CELL
    base = _cell_numbers(count, SIZE, _HOG_CELL) * _HOG_BINS
    size = count * cells * cells * _HOG_BINS
    weight = strength.ravel()
    histogram = np.bincount(base + lower, weight * (1 - share), size) + np.bincount(
        base + upper, weight * share, size
    )
    h = histogram.reshape(count, cells, cells, _HOG_BINS).astype(np.float32)
    blocks = np.concatenate([h[:, :-1, :-1], h[:, :-1, 1:], h[:, 1:, :-1], h[:, 1:, 1:]], axis=-1)
    return _unit(np.minimum(_unit(blocks + 1e-6), 0.2)).reshape(count, -1)


def colour_histograms(batch: Batch) -> Vectors:
    """Return (n, 120): 8-bin histograms of L, a and b over the whole and over 2×2 quarters (spatial pyramid).

    Square roots of shares (Hellinger); a and b in steps of 8 around neutral, where most colours of photographs lie.
    """
    count = len(batch)
    lab = cv2.cvtColor(batch.reshape(count * SIZE, SIZE, 3), cv2.COLOR_RGB2LAB).reshape(count, -1, 3)
    quarter = _cell_numbers(count, SIZE, SIZE // 2)
    fine = np.empty((count, 4, 3, _COLOUR_BINS), np.float32)
    for channel in range(3):
        values = lab[:, :, channel].ravel().astype(np.int32)
        bins = values >> 5 if channel == 0 else np.clip((values >> 3) - 12, 0, _COLOUR_BINS - 1)
        found = np.bincount(quarter * _COLOUR_BINS + bins, minlength=count * 4 * _COLOUR_BINS)
        fine[:, :, channel] = found.reshape(count, 4, _COLOUR_BINS)
    whole = fine.sum(1, keepdims=True)
    levels = [np.sqrt(h / h.sum(-1, keepdims=True)).reshape(count, -1) for h in (whole, fine)]
    return np.concatenate([levels[0], levels[1] / 2], axis=1)


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
    uniform = _uniform_codes()[code].ravel()
    quarter = _cell_numbers(count, side, side // _LBP_GRID)
    cells = _LBP_GRID * _LBP_GRID
    found = np.bincount(quarter * _LBP_CODES + uniform, minlength=count * cells * _LBP_CODES)
    shares = found.reshape(count, cells, _LBP_CODES).astype(np.float32) / (side // _LBP_GRID) ** 2
    return np.sqrt(shares).reshape(count, -1) / _LBP_GRID


def _cell_numbers(count: int, side: int, cell: int) -> NDArray[np.int32]:
    """Return for every pixel of every thumbnail the number of its cell, flat."""
    along = np.arange(side, dtype=np.int32) // cell
    cells = side // cell
    within = (along[:, None] * cells + along[None]).ravel()
    return (np.arange(count, dtype=np.int32)[:, None] * (cells * cells) + within[None]).ravel()


def _uniform_codes() -> NDArray[np.int32]:
    """Return for each of 256 patterns its number among the 58 with at most two changes around, or 58."""
    bits = (np.arange(256)[:, None] >> np.arange(8)[None]) & 1
    uniform = (bits != np.roll(bits, -1, axis=1)).sum(1) <= 2
    return np.where(uniform, np.cumsum(uniform) - 1, 58).astype(np.int32)


def _unit(rows: Vectors) -> Vectors:
    return (rows / (np.linalg.norm(rows, axis=-1, keepdims=True) + 1e-8)).astype(np.float32)
