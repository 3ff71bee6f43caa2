"""The attributes of an image: formulas, their units and their sources."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
_LEVELS = np.arange(256, dtype=np.float64)
# Immerkær's mask [[1, −2, 1], [−2, 4, −2], [1, −2, 1]] is the product of these with themselves
_IMMERKAER = np.array([1, -2, 1], np.float32)
_IMMERKAER_SCALE = float(np.sqrt(np.pi / 2)) / 6
_BLOCK = 16
_TILE = 256
_TILES_ABOVE = 700_000
_DARK, _BRIGHT = 16, 239


def gray_statistics(gray: Gray) -> dict[str, float]:
    """Return what follows from the 256-bin histogram of gray levels (0–255).

    brightness: mean; contrast: standard deviation; p01, p05, p50, p95, p99: percentiles; entropy: Shannon's, in bits
    (0–8); dark_share, bright_share: share of pixels at most 16, at least 239 (clipping).
    """
    counts = cv2.calcHist([gray], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    share = counts / counts.sum()
    mean = float(share @ _LEVELS)
    cumulated = np.cumsum(share)
    percentiles = np.searchsorted(cumulated, (0.01, 0.05, 0.5, 0.95, 0.99))
    occurring = share[share > 0]
    return {
        "brightness": mean,
        "contrast": float(np.sqrt(max(float(share @ (_LEVELS * _LEVELS)) - mean * mean, 0.0))),
        **{name: float(v) for name, v in zip(("p01", "p05", "p50", "p95", "p99"), percentiles, strict=True)},
        "entropy": max(0.0, float(-(occurring * np.log2(occurring)).sum())),
        "dark_share": float(cumulated[_DARK]),
        "bright_share": max(0.0, float(1 - cumulated[_BRIGHT - 1])),
    }


def tiles(gray: Gray) -> list[Gray]:
    """Return the native pixels to measure sharpness and noise on: the whole image up to 0.7 Mpx, else nine tiles of
    256² spread evenly. Reduced pixels would not do: at 1/8 scale neither blur nor noise can be seen.
    """
    height, width = gray.shape
    if height * width <= _TILES_ABOVE or min(height, width) < _TILE:
        return [gray]
    tops = np.linspace(0, height - _TILE, 3).astype(int)
    lefts = np.linspace(0, width - _TILE, 3).astype(int)
    return [np.ascontiguousarray(gray[y : y + _TILE, x : x + _TILE]) for y in tops for x in lefts]


def sharpness(parts: list[Gray]) -> float:
    """Return the re-blur ratio, 0 (blurred) – 1 (sharp): `1 − |Lap(box5(g))| / |Lap(g)|`, the most over tiles.

    How much of its Laplacian energy an image loses when it is blurred once more: little if it was blurred already.
    After Crété et al., "The blur effect" (SPIE 2007), with the Laplacian's L2 norm instead of line differences.
    Independent of contrast and mostly of the scene, unlike the Laplacian's variance. The maximum, because a sharp
    subject before a soft background is a sharp image. A tile without any structure counts as 0.
    """
    best = 0.0
    for part in parts:
        laplacian = cv2.Laplacian(part, cv2.CV_16S)
        energy = cv2.norm(laplacian, cv2.NORM_L2)
        if energy > 0:
            # both filters are linear, so their order is free: this one rounds less, and sees a blur of .6 px better
            best = max(best, 1 - cv2.norm(cv2.blur(laplacian, (5, 5)), cv2.NORM_L2) / energy)
    return best


def noise(parts: list[Gray]) -> float:
    """Return the standard deviation of noise in gray levels: the median over tiles of a robust Immerkær estimate.

    Immerkær, "Fast noise variance estimation" (CVIU 1996): a 3×3 mask that ignores locally linear structure;
    σ = √(π/2)/6 · mean|response|. Taken per block of 16², and then the 10th percentile of the blocks, so that edges
    and texture do not count as noise.
    """
    estimates: list[float] = []
    for part in parts:
        response = cv2.convertScaleAbs(cv2.sepFilter2D(part, cv2.CV_16S, _IMMERKAER, _IMMERKAER))
        blocks = _block_means(response)
        estimates.append(float(_lowest(blocks, len(blocks) // 10)) * _IMMERKAER_SCALE)
    return sorted(estimates)[len(estimates) // 2]


def colourfulness(pixels: NDArray[np.uint8]) -> float:
    """Return colourfulness after Hasler & Süsstrunk (SPIE 2003): 0 gray, ~15 slight, ~45 average, ~80 strong.

    `√(σ_rg² + σ_yb²) + 0.3·√(μ_rg² + μ_yb²)` with rg = R − G and yb = (R + G)/2 − B; on a strided view of at
    most 256 px, which keeps it to three decimals.
    """
    stride = -(-max(pixels.shape[:2]) // 256)
    size = (max(1, pixels.shape[1] // stride), max(1, pixels.shape[0] // stride))
    red, green, blue = cv2.split(cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST))
    first = cv2.subtract(red, green, dtype=cv2.CV_16S)
    twice = cv2.subtract(cv2.add(red, green, dtype=cv2.CV_16S), cv2.add(blue, blue, dtype=cv2.CV_16S))
    (mean_rg, deviation_rg), (mean_yb, deviation_yb) = (
        (float(mean[0, 0]), float(deviation[0, 0])) for mean, deviation in map(cv2.meanStdDev, (first, twice))
    )
    return float(np.hypot(deviation_rg, deviation_yb / 2) + 0.3 * np.hypot(mean_rg, mean_yb / 2))


def perceptual_hashes(gray: Gray) -> tuple[int, int]:
    """Return the 64-bit pHash of the image and of its mirror image.

    Signs of the lowest 8×8 DCT coefficients of a 32×32 thumbnail against their median, the mean left out (Zauner,
    "Implementation and benchmarking of perceptual image hash functions", 2010). Mirroring flips the sign of the
    odd horizontal frequencies, so the second hash costs no second transform.
    """
    while min(gray.shape) >= 256:  # halving is what OpenCV averages fastest
        height, width = gray.shape[0] // 2, gray.shape[1] // 2
        gray = cv2.resize(gray[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    small = cv2.resize(gray, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:8, :8]
    mirrored = low * np.where(np.arange(8) % 2, -1, 1).astype(np.float32)
    return _bits(low), _bits(mirrored)


def _block_means(response: Gray) -> NDArray[np.float64]:
    """Return the mean of every whole block of 16² pixels; of the image, where it is smaller than a block."""
    rows, columns = response.shape[0] // _BLOCK, response.shape[1] // _BLOCK
    if not (rows and columns):
        return np.array([float(response.mean())])
    whole = response[: rows * _BLOCK, : columns * _BLOCK]
    down = whole.reshape(rows, _BLOCK, columns * _BLOCK).sum(axis=1, dtype=np.uint16)
    return down.reshape(-1, _BLOCK).sum(axis=1, dtype=np.uint32) / float(_BLOCK * _BLOCK)


def _lowest(values: NDArray[np.floating[Any]], place: int) -> float:
    """Return the value at `place` in ascending order; NumPy's percentiles cost ten times that."""
    return float(np.partition(values, place)[place])


def _bits(low: NDArray[np.float32]) -> int:
    flat = low.ravel()
    return int.from_bytes(np.packbits(flat > _lowest(flat[1:], 31)).tobytes(), "big")
