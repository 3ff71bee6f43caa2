"""Decoding image files to 8-bit RGB: as fast as the format allows, and with an answer for every odd file.

Imports nothing of `ddoc` but the errors, so that worker processes stay small.
"""

import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ddoc.errors import InvalidInputError

# worker processes fill the cores; threads within them would only fight
cv2.setNumThreads(1)

MAX_PIXELS = 64_000_000
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\x00", b"MM\x00*", b"GIF87a", b"GIF89a")
_ORIENTATION_TAG = 274
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded image. `pixels` (h, w, 3) RGB uint8, upright (the EXIF orientation is applied).

    `width`, `height` are those of the file, upright, also where `pixels` were decoded at a reduced scale;
    `frames` counts the frames of an animation, of which the first is decoded.
    """

    pixels: Pixels
    width: int
    height: int
    frames: int
    bytes: int


def decode_image(path: str, *, min_size: int = 0) -> Decoded:
    """Decode the image at `path`.

    With `min_size` a JPEG is decoded at the smallest scale (DCT scaling, 1/8 … 1) whose sides are both at least
    that many pixels; 0 decodes native pixels. Handles gray, palette, alpha (dropped), CMYK, 16-bit (scaled to 8)
    and animated images (first frame).

    Raises InvalidInputError `not-an-image` (unknown magic bytes, empty file), `image-too-large` (over 64 Mpx by its
    header, before anything is decoded), `truncated-image`, `unsupported-image` or `unreadable-image`.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InvalidInputError(
            f"the file cannot be read ({error.strerror})", code="unreadable-image"
        ) from error
    if not data.startswith(_MAGIC) and not (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        raise InvalidInputError(
            "the file is not a JPEG, PNG, WebP, BMP, TIFF or GIF image", code="not-an-image"
        )
    image = _open(data)
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_large(f"{width} × {height} pixels")
    frames = int(getattr(image, "n_frames", 1))
    orientation = (
        image.getexif().get(_ORIENTATION_TAG, 1) if "exif" in image.info or image.format == "TIFF" else 1
    )
    pixels = _decode(data, image, min_size)
    if orientation in range(2, 9):
        pixels = _upright(pixels, orientation)
        if orientation >= 5:
            width, height = height, width
    return Decoded(pixels=pixels, width=width, height=height, frames=frames, bytes=len(data))


def _open(data: bytes) -> Any:
    try:
        with warnings.catch_warnings():
            # Pillow warns of decompression bombs above its own limit; ours is lower and an error
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        count = re.search(r"\d+", str(error))  # Pillow tells the size in words only
        raise _too_large(f"{int(count[0]) / 1e6:.0f} Mpx" if count else "too many pixels") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise InvalidInputError("the image's header is broken", code="truncated-image") from error


def _too_large(size: str) -> InvalidInputError:
    return InvalidInputError(f"the image has {size}; at most 64 Mpx are decoded", code="image-too-large")


def _decode(data: bytes, image: Any, min_size: int) -> Pixels:
    if image.format == "JPEG" and image.mode in {"RGB", "L"}:
        try:
            return simplejpeg.decode_jpeg(data, "RGB", min_height=min_size, min_width=min_size)
        except ValueError:
            # simplejpeg also refuses stray bytes that do no harm; Pillow tells those from missing data
            pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # palette images with transparency in bytes: the alpha is dropped anyway
            return _by_pillow(image)
    except (OSError, ValueError, SyntaxError, IndexError, EOFError) as error:
        raise InvalidInputError(
            "the image's data ends early or is damaged", code="truncated-image"
        ) from error


def _by_pillow(image: Any) -> Pixels:
    if image.mode.startswith("I;16") or image.mode == "I":
        deep = np.asarray(image, np.float32)
        gray = np.clip(deep / 257 if deep.max(initial=0) > 255 else deep, 0, 255).astype(np.uint8)
        return np.repeat(gray[:, :, None], 3, axis=2)
    if image.mode == "F":
        raise InvalidInputError(
            "images of floating-point numbers have no fixed range", code="unsupported-image"
        )
    return np.asarray(image.convert("RGB"))


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Apply an EXIF orientation (2–8)."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    turned = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 5: (1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}[
        orientation
    ]
    return np.ascontiguousarray(pixels[:: turned[0], :: turned[1]])
