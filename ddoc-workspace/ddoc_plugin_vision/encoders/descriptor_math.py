"""The numbers of the built-in descriptor: histograms of gradients, colours and local patterns of a thumbnail.

Everything is computed for a whole batch at once; NumPy and OpenCV only, so worker processes stay small.
"""

from functools import lru_cache

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
_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)
# as many thumbnails at once as fit the second-level cache
_BLOCK = 8


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
    gray = np.sqrt(cv2.transform(batch.reshape(count * SIZE, SIZE, 3).astype(np.float32), _LUMA)).ravel()
    across, down = np.zeros_like(gray), np.zeros_like(gray)
    # on the flat pixels: rows that run into each other are cheaper than rows cut short, and the rims are reset
    np.subtract(gray[2:], gray[:-2], out=across[1:-1])
    np.subtract(gray[2 * SIZE :], gray[: -2 * SIZE], out=down[SIZE:-SIZE])
    across.reshape(-1, SIZE)[:, [0, -1]] = 0
    down.reshape(count, SIZE, SIZE)[:, [0, -1]] = 0
    strength, angle = cv2.cartToPolar(across.reshape(-1, SIZE), down.reshape(-1, SIZE))
    cells = SIZE // _HOG_CELL
    h = _votes(strength.ravel(), angle.ravel(), count).reshape(count, cells, cells, _HOG_BINS)
    blocks = np.concatenate([h[:, :-1, :-1], h[:, :-1, 1:], h[:, 1:, :-1], h[:, 1:, 1:]], axis=-1)
    return _unit(np.minimum(_unit(blocks + 1e-6), 0.2)).reshape(count, -1)


def _votes(strength: Vectors, angle: Vectors, count: int) -> Vectors:
    """Return (n · cells, 9): gradient strengths summed by cell and direction, an angle counting for its two nearest
    directions, linearly.
    """
    turns = angle * np.float32(_HOG_BINS / np.pi)
    low = turns.astype(np.int32)
    turns -= low.astype(np.float32)  # now the share of the next direction
    second = turns * strength
    width = 2 * _HOG_BINS + 2  # a whole turn is two half ones, and rounding may reach its end
    place = _cells(count, SIZE // _HOG_CELL, width).ravel() + low
    length = count * (SIZE // _HOG_CELL) ** 2 * width
    total = np.bincount(place, weights=strength - second, minlength=length)
    total[1:] += np.bincount(place, weights=second, minlength=length)[:-1]
    total = total.reshape(-1, width)
    halves = total[:, :_HOG_BINS] + total[:, _HOG_BINS : 2 * _HOG_BINS]
    halves[:, :2] += total[:, 2 * _HOG_BINS :]
    return (halves / _HOG_CELL**2).astype(np.float32)


@lru_cache(maxsize=32)
def _cells(count: int, across: int, width: int, *, values: int = 1) -> NDArray[np.int64]:
    """Return (n, 64, 64 · values): where the histogram of each pixel's cell starts, of `across`² cells an image."""
    along = np.arange(SIZE) // (SIZE // across)
    within = along[:, None] * across + np.repeat(along, values)[None]
    return (np.arange(count)[:, None, None] * across**2 + within[None]) * width


def colour_histograms(batch: Batch) -> Vectors:
    """Return (n, 120): 8-bin histograms of L, a and b over the whole and over 2×2 quarters (spatial pyramid).

    Square roots of shares (Hellinger); a and b in steps of 8 around neutral, where most colours of photographs lie.
    """
    count = len(batch)
    lab = cv2.cvtColor(batch.reshape(count * SIZE, SIZE, 3), cv2.COLOR_RGB2LAB)
    width = 3 * _COLOUR_BINS
    place = cv2.LUT(lab, _colour_codes()).reshape(count, SIZE, 3 * SIZE) + _cells(count, 2, width, values=3)
    found = np.bincount(place.ravel(), minlength=count * 4 * width)
    fine = found.reshape(count, 4, 3, _COLOUR_BINS).astype(np.float32)
    whole = fine.sum(1, keepdims=True)
    levels = [np.sqrt(h / h.sum(-1, keepdims=True)).reshape(count, -1) for h in (whole, fine)]
    return np.concatenate([levels[0], levels[1] / 2], axis=1)


@lru_cache(maxsize=1)
def _colour_codes() -> NDArray[np.uint8]:
    """Return (1, 256, 3): for each of 256 values of L, a and b its bin; those of a and b begin at 8 and 16."""
    values = np.arange(256)
    chroma = np.clip((values >> 3) - 12, 0, _COLOUR_BINS - 1)
    codes = [values >> 5, chroma + _COLOUR_BINS, chroma + 2 * _COLOUR_BINS]
    return np.stack(codes, axis=1)[None].astype(np.uint8)


def local_patterns(batch: Batch) -> Vectors:
    """Return (n, 236): histograms of uniform local binary patterns (8 neighbours, radius 1) over 2×2 quarters.

    Ojala, Pietikäinen & Mäenpää (PAMI 2002); 58 uniform codes and one for all others; square roots of shares.
    """
    count = len(batch)
    flat = cv2.cvtColor(batch.reshape(count * SIZE, SIZE, 3), cv2.COLOR_RGB2GRAY).ravel()
    rim = SIZE + 1
    centre, code = flat[rim:-rim], np.zeros(flat.size, np.uint8)
    inner = code[rim:-rim]
    for y, x in ((1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1), (0, 0)):
        start = y * SIZE + x
        inner += inner  # the bits so far move up by one
        inner |= (flat[start : start + centre.size] >= centre).view(np.uint8)
    # pixels at the rims have no eight neighbours, and what was compared there is left out
    code = code.reshape(count, SIZE, SIZE)[:, 1:-1, 1:-1]
    side = SIZE - 2
    cells = _LBP_GRID * _LBP_GRID
    place = _uniform_codes().take(code) + _cell_offsets(count, side)
    found = np.bincount(place.ravel(), minlength=count * cells * _LBP_CODES)
    shares = found.reshape(count, cells, _LBP_CODES).astype(np.float32) / (side // _LBP_GRID) ** 2
    return np.asarray(np.sqrt(shares).reshape(count, -1) / _LBP_GRID, np.float32)


@lru_cache(maxsize=32)
def _cell_offsets(count: int, side: int) -> NDArray[np.int64]:
    """Return (n, side, side): where the histogram of a pixel's quarter starts."""
    along = np.arange(side) // (side // _LBP_GRID)
    within = (along[:, None] * _LBP_GRID + along[None]) * _LBP_CODES
    return np.arange(count)[:, None, None] * (_LBP_GRID * _LBP_GRID * _LBP_CODES) + within[None]


@lru_cache(maxsize=1)
def _uniform_codes() -> NDArray[np.int64]:
    """Return for each of 256 patterns its number among the 58 with at most two changes around, or 58."""
    bits = (np.arange(256)[:, None] >> np.arange(8)[None]) & 1
    uniform = (bits != np.roll(bits, -1, axis=1)).sum(1) <= 2
    return np.where(uniform, np.cumsum(uniform) - 1, 58).astype(np.int64)


def _unit(rows: Vectors) -> Vectors:
    return (rows / (np.linalg.norm(rows, axis=-1, keepdims=True) + 1e-8)).astype(np.float32)
