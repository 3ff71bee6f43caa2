"""Image headers: six types by magic bytes, what is broken refused with a code, what is unusual reported."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ddoc.dataset.images import average_color, is_complete, probe_image, thumbnail
from ddoc.errors import InvalidInputError
from ddoc.formats.probing import probed
from ddoc.reports import Report

RED = (200, 30, 10)


def saved(form: str, mode: str = "RGB", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    image = Image.new("RGB", size, RED).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def oriented(value: int, form: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = value
    return saved(form, exif=exif)


def png(width: int, height: int, color: int = 2, depth: int = 8, body: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    chunk = b"IHDR" + header
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return start + body


def jpeg_with_size(width: int, height: int) -> bytes:
    data = bytearray(saved("JPEG"))
    at = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, at + 5, height, width)
    return bytes(data)


def gif_with_size(width: int, height: int) -> bytes:
    data = bytearray(saved("GIF"))
    struct.pack_into("<HH", data, 6, width, height)
    return bytes(data)


def bmp_with_size(width: int, height: int) -> bytes:
    data = bytearray(saved("BMP"))
    struct.pack_into("<ii", data, 18, width, height)
    return bytes(data)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_size_and_type_come_from_the_bytes(tmp_path: Path, form: str) -> None:
    (tmp_path / "a.jpg").write_bytes(saved(form))
    header = probe_image(tmp_path / "a.jpg")
    assert (header.width, header.height, header.format) == (40, 30, form)


JPEG, PNG = saved("JPEG"), saved("PNG")
BROKEN: list[tuple[str, str, bytes]] = [
    ("no bytes", "empty-image", b""),
    ("text", "not-an-image", b"this is no image at all, only words"),
    ("html", "not-an-image", b"<html><script>alert(1)</script></html>"),
    ("svg", "not-an-image", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("zip", "not-an-image", b"PK\x03\x04" + b"0" * 50),
    ("pdf", "not-an-image", b"%PDF-1.7" + b"0" * 50),
    ("riff without webp", "not-an-image", b"RIFF\x00\x00\x00\x00WAVEfmt "),
    ("one byte", "not-an-image", b"\xff"),
    ("marker only", "truncated-image", b"\xff\xd8"),
    ("no frame header", "invalid-image", b"\xff\xd8\xff\xd9" + b"\0" * 20),
    ("scan before frame", "invalid-image", b"\xff\xd8\xff\xda\x00\x08" + b"\0" * 20),
    ("garbage markers", "invalid-image", b"\xff\xd8" + b"garbage of any kind, no marker"),
    ("segment past the end", "truncated-image", b"\xff\xd8\xff\xe0\xff\xff" + b"\0" * 100),
    ("zero width", "invalid-image", jpeg_with_size(0, 30)),
    ("zero height", "invalid-image", jpeg_with_size(40, 0)),
    ("bomb jpeg", "image-too-large", jpeg_with_size(30_000, 30_000)),
    ("bomb png", "image-too-large", png(30_000, 30_000)),
    ("bomb png at the limits of the field", "image-too-large", png(0x7FFFFFFF, 0x7FFFFFFF)),
    ("bomb gif", "image-too-large", gif_with_size(60_000, 60_000)),
    ("bomb bmp", "image-too-large", bmp_with_size(60_000, 60_000)),
    ("png magic only", "truncated-image", PNG[:8]),
    ("png header cut", "truncated-image", PNG[:20]),
    ("png zero", "invalid-image", png(0, 10, body=b"\0" * 8)),
    ("png colour type", "invalid-image", png(10, 10, color=9, body=b"\0" * 8)),
    ("png without header", "invalid-image", PNG[:8] + b"\0\0\0\x0dIDAT" + b"\0" * 40),
    ("gif cut", "truncated-image", saved("GIF")[:8]),
    ("bmp cut", "truncated-image", saved("BMP")[:20]),
    ("webp cut", "truncated-image", saved("WEBP")[:18]),
    ("tiff cut", "truncated-image", saved("TIFF")[:8]),
    ("tiff loop", "truncated-image", b"II*\0\x08\0\0\0\0\0\x08\0\0\0"),
    *((f"jpeg of {n} bytes", "truncated-image", JPEG[:n]) for n in (3, 4, 10, 20, 30, 100, 150)),
]


@pytest.mark.parametrize(("code", "data"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_a_broken_image_is_refused_with_its_code(tmp_path: Path, code: str, data: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(InvalidInputError) as caught:
        probe_image(tmp_path / "a.jpg")
    assert caught.value.error_code == code
    report = Report()
    assert probed(tmp_path / "a.jpg", "a.jpg", report) is None
    assert report.count(code) == 1


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_no_cut_of_an_image_raises_anything_else(tmp_path: Path, form: str) -> None:
    data = saved(form, size=(200, 100))
    path = tmp_path / "a.bin"
    for length in {*range(min(len(data), 120)), *range(0, len(data), max(1, len(data) // 60))}:
        path.write_bytes(data[:length])
        for look in (probe_image, average_color, lambda p: thumbnail(p, 32)):
            try:
                look(path)
            except InvalidInputError:
                continue


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_no_flipped_byte_of_an_image_raises_anything_else(tmp_path: Path, form: str) -> None:
    data = saved(form)
    path = tmp_path / "a.bin"
    rng = np.random.default_rng(0)
    for at in rng.integers(0, min(len(data), 200), 60):
        changed = bytearray(data)
        changed[at] ^= int(rng.integers(1, 256))
        path.write_bytes(bytes(changed))
        for look in (probe_image, average_color):
            try:
                look(path)
            except InvalidInputError:
                continue


UNUSUAL: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("CMYK", "cmyk-image", lambda: saved("JPEG", "CMYK"), "a.jpg"),
    ("16 bit", "16-bit-image", lambda: saved("PNG", "I;16"), "a.png"),
    ("palette", "palette-image", lambda: saved("PNG", "P"), "a.png"),
    ("rotated", "rotated-image", lambda: oriented(6), "a.jpg"),
    ("rotated png", "rotated-image", lambda: oriented(3, "PNG"), "a.png"),
    ("rotated webp", "rotated-image", lambda: oriented(8, "WEBP"), "a.webp"),
    ("animated gif", "animated-image", lambda: animated("GIF"), "a.gif"),
    ("animated png", "animated-image", lambda: animated("PNG"), "a.png"),
    ("animated webp", "animated-image", lambda: animated("WEBP"), "a.webp"),
    ("wrong suffix", "wrong-suffix", lambda: saved("PNG"), "a.jpg"),
]


def animated(form: str) -> bytes:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, form, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


@pytest.mark.parametrize(("code", "make", "name"), [u[1:] for u in UNUSUAL], ids=[u[0] for u in UNUSUAL])
def test_an_unusual_image_is_kept_and_reported(
    tmp_path: Path, code: str, make: Callable[[], bytes], name: str
) -> None:
    (tmp_path / name).write_bytes(make())
    report = Report()
    assert probed(tmp_path / name, name, report) is not None
    assert report.count(code) == 1
    assert thumbnail(tmp_path / name, 16)[8:12] == b"WEBP"


@pytest.mark.parametrize("value", range(1, 9))
def test_thumbnails_are_upright(tmp_path: Path, value: int) -> None:
    (tmp_path / "a.jpg").write_bytes(oriented(value))
    assert probe_image(tmp_path / "a.jpg").orientation == value
    size = Image.open(io.BytesIO(thumbnail(tmp_path / "a.jpg", 20))).size
    assert size == ((20, 15) if value < 5 else (15, 20))


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "CMYK", "I;16", "RGBA", "LA", "1"])
def test_the_average_colour_of_one_colour_is_that_colour(tmp_path: Path, mode: str) -> None:
    form = "TIFF" if mode == "CMYK" else "PNG"
    (tmp_path / "a").write_bytes(saved(form, mode))
    color = average_color(tmp_path / "a")
    rgb = np.array([color >> 16, color >> 8 & 255, color & 255])
    grey = round(0.299 * 200 + 0.587 * 30 + 0.114 * 10)
    expected = {"RGB": RED, "RGBA": RED, "CMYK": RED, "P": RED}.get(mode, (grey,) * 3)
    if mode in {"1", "I;16"}:
        assert rgb.max() - rgb.min() <= 1
    else:
        assert np.abs(rgb - expected).max() <= 12


def test_a_cut_body_is_seen(tmp_path: Path) -> None:
    for form in ("JPEG", "PNG", "GIF"):
        data = saved(form, size=(300, 200))
        (tmp_path / "a").write_bytes(data)
        header = probe_image(tmp_path / "a")
        assert is_complete(data, header)
        assert not is_complete(data[: len(data) * 2 // 3], header) or form == "GIF"
