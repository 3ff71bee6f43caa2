"""Seeded scenes for benchmarks: 1/f textures with shapes seen through a lens, ten kinds of content, corruptions."""

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
KINDS = 10
MEDIUM_AND_STRONG = (
    "blur_0.6",
    "blur_1.0",
    "noise_6",
    "noise_12",
    "bright_1.12",
    "bright_1.3",
    "contrast_0.85",
    "contrast_0.7",
)
MILD = (
    "blur_0.6",
    "blur_1.0",
    "noise_3",
    "noise_6",
    "noise_12",
    "bright_1.12",
    "bright_1.3",
    "contrast_0.85",
    "contrast_0.7",
)


def scene(seed: int, *, width: int = 320, height: int = 240) -> tuple[Pixels, int]:
    """Return (an RGB image, its kind of content 0–9)."""
    rng = np.random.default_rng(seed)
    kind = int(rng.integers(KINDS))
    own = np.random.default_rng(1000 + kind)  # what a kind has of its own: a tint and a palette
    tint, palette = own.uniform(-20, 20, 3), own.integers(0, 255, (3, 3))
    image = _texture(rng, width, height, slope=rng.uniform(0.9, 1.5), tint=tint)
    for _ in range(rng.integers(3, 12)):
        colour = np.clip(palette[rng.integers(3)] + rng.normal(0, 25, 3), 0, 255)
        _draw(image, rng, kind % 3, tuple(int(v) for v in colour), filled=kind < 5)
    # no lens is perfect: without this, a 1/f texture has more energy in its finest detail than any photograph
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 0.9)), kind


def corrupt(image: Pixels, name: str, seed: int) -> Pixels:
    """Return the image after `name`: blur_σ, noise_σ, bright_factor, contrast_factor, or clean."""
    what, _, amount = name.partition("_")
    if what == "blur":
        return cv2.GaussianBlur(image, (0, 0), float(amount))
    values = image.astype(np.float32)
    if what == "noise":
        values += np.random.default_rng(seed).normal(0, float(amount), image.shape)
    elif what == "bright":
        values *= float(amount)
    elif what == "contrast":
        values = (values - values.mean()) * float(amount) + values.mean()
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def _texture(
    rng: np.random.Generator, width: int, height: int, *, slope: float, tint: NDArray[np.float64]
) -> Pixels:
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = 1

    def field(power: float) -> NDArray[np.float64]:
        values = np.fft.irfft2(
            np.exp(2j * np.pi * rng.random(frequency.shape)) / frequency**power, s=(height, width)
        )
        return values / values.std()

    light = field(slope)
    channels = np.stack([field(slope + 0.3) * rng.uniform(0.1, 0.5) + light for _ in range(3)], axis=-1)
    channels = (
        channels / channels.std() * rng.uniform(20, 55)
        + rng.uniform(85, 165)
        + rng.uniform(-15, 15, 3)
        + tint
    )
    return np.ascontiguousarray(np.clip(channels, 0, 255).astype(np.uint8))


def _draw(
    image: Pixels, rng: np.random.Generator, shape: int, colour: tuple[int, ...], *, filled: bool
) -> None:
    height, width = image.shape[:2]
    x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
    size = int(rng.integers(max(2, height // 40), height // 5))
    over = image.copy()
    line = -1 if filled else 3
    if shape == 0:
        cv2.circle(over, (x, y), size, colour, line, cv2.LINE_AA)
    elif shape == 1:
        cv2.rectangle(over, (x, y), (x + size, y + int(size * rng.uniform(0.4, 2))), colour, line)
    else:
        corners = np.array([[x + int(dx), y + int(dy)] for dx, dy in rng.integers(-size, size, (4, 2))])
        if filled:
            cv2.fillPoly(over, [corners], colour, cv2.LINE_AA)
        else:
            cv2.polylines(over, [corners], isClosed=True, color=colour, thickness=3, lineType=cv2.LINE_AA)
    cv2.addWeighted(over, 0.75, image, 0.25, 0, dst=image)
