"""Image files: headers without decoding, average colour, thumbnails.

Image bytes are hostile. The type is decided by magic bytes, never by the name, and the number of pixels is checked
in the header before anything is decoded.
"""

import io
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from ddoc.errors import InvalidInputError

MAX_PIXELS = 64 * 1024 * 1024
IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
)
ImageFormat = Literal["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]

_HEAD = 4096
_JPEG_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
_PNG_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
# SOF0…SOF15 without DHT (C4), JPG (C8) and DAC (CC): the frame headers of ITU T.81, table B.1
_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
# What Pillow's decoders let through for damaged files, seen by flipping their bytes; a warning where those are errors
_DAMAGE = (
    OSError,
    SyntaxError,
    EOFError,
    ArithmeticError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    struct.error,
    UserWarning,
)
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a header says: size in pixels as stored (before any EXIF rotation) and how the pixels are kept.

    `mode` is Pillow's name (`L`, `RGB`, `P`, `CMYK`, `I;16`, …); `orientation` is the EXIF value 1–8;
    `animated` says that the file holds more than one frame.
    """

    width: int
    height: int
    format: ImageFormat
    mode: str
    orientation: int = 1
    animated: bool = False


def probe_image(path: Path) -> ImageHeader:
    """Read the header of an image, without decoding it.

    Raises InvalidInputError with code `empty-image`, `not-an-image`, `truncated-image`, `invalid-image` or
    `image-too-large` (over 64 Mpx).
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        head = os.read(descriptor, _HEAD)
        if head[:2] == b"\xff\xd8":
            header = _jpeg_header(descriptor, head)
        elif head[:8] == _PNG_MAGIC:
            header = _png_header(head)
        else:
            header = _other_header(path, _format_of(head))
    finally:
        os.close(descriptor)
    if header.width < 1 or header.height < 1:
        raise InvalidInputError("the image has no pixels", code="invalid-image")
    if header.width * header.height > MAX_PIXELS:
        raise _too_large(header.width, header.height)
    return header


def is_complete(data: bytes, header: ImageHeader) -> bool:
    """Return whether the bytes of a JPEG, PNG or GIF reach their end marker (others are not judged)."""
    match header.format:
        case "JPEG":
            return b"\xff\xd9" in data[-4096:]
        case "PNG":
            return b"IEND" in data[-4096:]
        case "GIF":
            return b"\x3b" in data[-64:]
        case _:
            return True


def average_color(path: Path) -> int:
    """Return the average colour 0xRRGGBB, from a decode at reduced size where the format has one.

    Raises InvalidInputError as `probe_image` does, and `undecodable-image` for damaged pixels.
    """
    image = _open_rgb(path, (64, 64))
    red, green, blue = np.asarray(image, dtype=np.float32).reshape(-1, 3).mean(axis=0)
    return round(float(red)) << 16 | round(float(green)) << 8 | round(float(blue))


def thumbnail(path: Path, size: int) -> bytes:
    """Return a WebP of at most `size`×`size` pixels, turned upright by its EXIF orientation, without metadata.

    A file cut short gives what can be decoded of it. Raises InvalidInputError as `average_color` does.
    """
    image = _open_rgb(path, (size, size))
    image.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=80, method=2)
    return buffer.getvalue()


def _open_rgb(path: Path, wanted: tuple[int, int]) -> Image.Image:
    """Decode to upright RGB; JPEGs by DCT scaling down to no less than `wanted`."""
    header = probe_image(path)
    try:
        with Image.open(path, formats=[header.format]) as image:
            image.draft("RGB" if image.mode != "CMYK" else None, wanted)
            image.load()
            upright = ImageOps.exif_transpose(image)
            return _to_rgb(upright)
    except _DAMAGE as error:
        raise InvalidInputError("the image cannot be decoded", code="undecodable-image") from error


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB; 16-bit and float pixels are scaled by the range they use."""
    if image.mode.startswith("I") or image.mode == "F":
        pixels = np.nan_to_num(np.asarray(image, dtype=np.float64))
        top = 65535.0 if image.mode != "F" and pixels.max(initial=0) > 255 else 255.0
        if image.mode == "F":
            top = max(float(pixels.max(initial=0)), 1e-9)
        return Image.fromarray((pixels.clip(0, top) * (255 / top)).astype(np.uint8)).convert("RGB")
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        flat = Image.new("RGBA", image.size, "white")
        flat.alpha_composite(image.convert("RGBA"))
        return flat.convert("RGB")
    return image.convert("RGB")


def _format_of(head: bytes) -> ImageFormat:
    if not head:
        raise InvalidInputError("the file is empty", code="empty-image")
    if head[:4] in {b"GIF8"}:
        return "GIF"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:2] == b"BM":
        return "BMP"
    if head[:4] in {b"II*\0", b"MM\0*"}:
        return "TIFF"
    raise InvalidInputError(
        "not an image of a known type (JPEG, PNG, WebP, GIF, BMP, TIFF)", code="not-an-image"
    )


def _jpeg_header(descriptor: int, head: bytes) -> ImageHeader:
    """Walk the markers up to the frame header (ITU T.81, annex B); APP1 may hold the EXIF orientation."""
    position, orientation = 2, 1
    base = 0  # file offset of head[0]
    while True:
        at = position - base
        if at + 10 > len(head):
            base, at = position, 0
            head = os.pread(descriptor, _HEAD, base)
        if len(head) - at < 4:
            raise _truncated()
        if head[at] != 0xFF:
            raise InvalidInputError("the JPEG's markers are damaged", code="invalid-image")
        marker = head[at + 1]
        if marker == 0xFF or marker in _JPEG_WITHOUT_LENGTH:
            position += 1 if marker == 0xFF else 2
            continue
        if marker in _JPEG_FRAMES:
            return _jpeg_frame(head[at + 4 : at + 10], orientation)
        if marker in {0xD9, 0xDA}:
            raise InvalidInputError("the JPEG has no frame header", code="invalid-image")
        length = head[at + 2] << 8 | head[at + 3]
        if marker == 0xE1 and orientation == 1:
            orientation = _exif_orientation(os.pread(descriptor, min(length, 8192), position + 4))
        position += 2 + max(length, 2)


def _jpeg_frame(frame: bytes, orientation: int) -> ImageHeader:
    if len(frame) < 6:
        raise _truncated()
    precision, height, width, components = struct.unpack(">BHHB", frame)
    mode = _JPEG_MODES.get(components)
    if mode is None or precision not in {8, 12}:
        raise InvalidInputError("a JPEG with unusual components", code="invalid-image")
    return ImageHeader(width, height, "JPEG", mode, orientation)


def _exif_orientation(segment: bytes) -> int:
    """Return tag 0x0112 of IFD0 in an EXIF APP1 segment, 1 where there is none (Exif 2.32, 4.6.4)."""
    if segment[:6] != b"Exif\0\0" or len(segment) < 16:
        return 1
    tiff = segment[6:]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    (start,) = struct.unpack_from(order + "I", tiff, 4)
    if start + 2 > len(tiff):
        return 1
    (entries,) = struct.unpack_from(order + "H", tiff, start)
    for entry in range(min(entries, 256)):
        at = start + 2 + 12 * entry
        if at + 10 > len(tiff):
            break
        tag, _, _, value = struct.unpack_from(order + "HHIH", tiff, at)
        if tag == 0x0112:
            return value if 1 <= value <= 8 else 1
    return 1


def _png_header(head: bytes) -> ImageHeader:
    """Read IHDR, and look for acTL (animation) and eXIf before the pixels (PNG 3rd edition, 11)."""
    if len(head) < 33:
        raise _truncated()
    if head[12:16] != b"IHDR":
        raise InvalidInputError("the PNG does not begin with its header", code="invalid-image")
    width, height, depth, color = struct.unpack_from(">IIBB", head, 16)
    mode = _PNG_MODES.get(color)
    if mode is None:
        raise InvalidInputError("a PNG with an unknown colour type", code="invalid-image")
    if depth == 16:
        mode = "I;16" if mode == "L" else f"{mode};16"
    orientation, animated, at = 1, False, 33
    while at + 8 <= len(head):
        (length,) = struct.unpack_from(">I", head, at)
        kind = head[at + 4 : at + 8]
        if kind == b"IDAT":
            break
        animated = animated or kind == b"acTL"
        if kind == b"eXIf":
            orientation = _exif_orientation(b"Exif\0\0" + head[at + 8 : at + 8 + length])
        at += 12 + length
    return ImageHeader(width, height, "PNG", mode, orientation, animated)


def _other_header(path: Path, form: ImageFormat) -> ImageHeader:
    """Read WebP, GIF, BMP and TIFF headers by Pillow, which decodes nothing on opening."""
    try:
        with Image.open(path, formats=[form]) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _too_large(width, height)
            orientation = int(image.getexif().get(0x0112, 1)) if form in {"TIFF", "WEBP"} else 1
            mode = image.mode
            animated = form != "TIFF" and getattr(image, "n_frames", 1) > 1
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InvalidInputError("the image has more than 64 Mpx", code="image-too-large") from error
    except _DAMAGE as error:
        raise _truncated() from error
    return ImageHeader(width, height, form, mode, orientation if 1 <= orientation <= 8 else 1, animated)


def _truncated() -> InvalidInputError:
    return InvalidInputError("the image ends before its header does", code="truncated-image")


def _too_large(width: int, height: int) -> InvalidInputError:
    return InvalidInputError(
        f"the image has {width} × {height} pixels; the limit is 64 Mpx",
        code="image-too-large",
        limit=MAX_PIXELS,
        value=width * height,
    )
