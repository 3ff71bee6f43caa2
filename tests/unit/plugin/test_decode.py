"""Odd image files: each is decoded, or refused with a code of its own."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ddoc.errors import InvalidInputError
from ddoc_plugin_vision.data_utils.attribute_chunk import measure_chunk
from ddoc_plugin_vision.data_utils.decode import decode_image
from tests.fixtures.make_data import make_image

SCENE = make_image(np.random.default_rng(5), 96, 64)


def saved(folder: Path, name: str, image: Image.Image, **options: object) -> str:
    path = folder / name
    image.save(path, **options)
    return str(path)


def code_of(path: str | Path) -> str:
    with pytest.raises(InvalidInputError) as caught:
        decode_image(str(path))
    return caught.value.error_code


@pytest.mark.parametrize(
    ("name", "mode", "tolerance"),
    [
        ("a.jpg", "RGB", 6), ("a.jpg", "L", 30), ("a.jpg", "CMYK", 8), ("a.png", "RGB", 0), ("a.png", "RGBA", 0),
        ("a.png", "P", 40), ("a.png", "LA", 30), ("a.webp", "RGB", 12), ("a.bmp", "RGB", 0), ("a.tif", "RGB", 0),
        ("a.gif", "P", 40), ("a.tif", "CMYK", 2),
    ],
)  # fmt: skip
def test_every_type_and_mode_gives_the_picture(
    tmp_path: Path, name: str, mode: str, tolerance: float
) -> None:
    image = Image.fromarray(SCENE).convert(mode)
    found = decode_image(saved(tmp_path, name, image))
    expected = np.asarray(image.convert("RGB"), float)
    assert found.pixels.shape == (64, 96, 3)
    assert (found.width, found.height, found.frames) == (96, 64, 1)
    assert np.abs(found.pixels - expected).mean() <= tolerance


def test_sixteen_bits_are_scaled_to_eight(tmp_path: Path) -> None:
    deep = (np.arange(96 * 64, dtype=np.uint32).reshape(64, 96) * 65535 // (96 * 64 - 1)).astype(np.uint16)
    for name in ("deep.png", "deep.tif"):
        found = decode_image(saved(tmp_path, name, Image.fromarray(deep)))
        assert np.abs(found.pixels[..., 0] - deep / 257).max() <= 1


def test_exif_orientation_turns_the_picture_upright(tmp_path: Path) -> None:
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[274] = orientation
        path = saved(tmp_path, f"{orientation}.jpg", Image.fromarray(SCENE), exif=exif, quality=95)
        from PIL import ImageOps

        expected = np.asarray(ImageOps.exif_transpose(Image.open(path)), float)
        found = decode_image(path)
        assert (found.height, found.width) == expected.shape[:2]
        assert np.abs(found.pixels - expected).mean() < 2


def test_an_animation_gives_its_first_frame_and_its_length(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((32, 32, 3), v, np.uint8)) for v in (50, 150, 250)]
    found = decode_image(
        saved(tmp_path, "a.webp", frames[0], save_all=True, append_images=frames[1:], lossless=True)
    )
    assert found.frames == 3
    assert found.pixels.max() <= 51


def test_a_reduced_decode_keeps_the_size_of_the_file(tmp_path: Path) -> None:
    large = make_image(np.random.default_rng(2), 800, 600)
    found = decode_image(saved(tmp_path, "large.jpg", Image.fromarray(large)), min_size=128)
    assert (found.width, found.height) == (800, 600)
    assert min(found.pixels.shape[:2]) >= 128
    assert found.pixels.shape[0] < 600


def test_broken_files_are_named_by_what_is_wrong(tmp_path: Path) -> None:
    whole = Path(saved(tmp_path, "whole.jpg", Image.fromarray(SCENE)))
    png = Path(saved(tmp_path, "whole.png", Image.fromarray(SCENE)))
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("this is not an image at all")
    (tmp_path / "cut.jpg").write_bytes(whole.read_bytes()[: len(whole.read_bytes()) // 2])
    (tmp_path / "cut.png").write_bytes(png.read_bytes()[: len(png.read_bytes()) // 2])
    (tmp_path / "header.jpg").write_bytes(whole.read_bytes()[:20])
    assert code_of(tmp_path / "empty.jpg") == "not-an-image"
    assert code_of(tmp_path / "text.jpg") == "not-an-image"
    assert code_of(tmp_path / "cut.jpg") == "truncated-image"
    assert code_of(tmp_path / "cut.png") == "truncated-image"
    assert code_of(tmp_path / "header.jpg") == "truncated-image"
    assert code_of(tmp_path / "absent.jpg") == "unreadable-image"


def test_an_image_of_thirty_thousand_pixels_squared_is_refused_by_its_header(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 64))
        + chunk(b"IEND", b"")
    )
    (tmp_path / "bomb.png").write_bytes(bomb)
    assert code_of(tmp_path / "bomb.png") == "image-too-large"
    (tmp_path / "over.png").write_bytes(
        bomb.replace(head, struct.pack(">IIBBBBB", 9000, 9000, 8, 2, 0, 0, 0))
    )
    assert code_of(tmp_path / "over.png") in {"image-too-large", "truncated-image"}


def test_stray_bytes_that_do_no_harm_are_no_reason_to_refuse(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(SCENE).save(buffer, "JPEG")
    (tmp_path / "stray.jpg").write_bytes(buffer.getvalue() + b"\0\0trailing bytes of a camera")
    assert decode_image(str(tmp_path / "stray.jpg")).pixels.shape == (64, 96, 3)


def test_a_chunk_measures_the_good_and_names_the_bad(tmp_path: Path) -> None:
    good = saved(tmp_path, "good.png", Image.fromarray(SCENE))
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    hashes, columns, failures = measure_chunk((("a" * 32, good), ("b" * 32, str(tmp_path / "bad.png"))))
    assert hashes == ("a" * 32,)
    assert columns["brightness"].shape == (1,)
    assert columns["phash"].dtype == np.uint64
    assert [f[:2] for f in failures] == [("b" * 32, "truncated-image")]
