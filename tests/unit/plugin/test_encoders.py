"""Encoders: the weight-free descriptor, and CLIP with the real architecture and random weights from a file."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from ddoc.analysis import encoders, get_encoder
from ddoc.errors import InvalidInputError, NotFoundError, UnavailableError
from ddoc_plugin_vision.encoders.clip_chunk import centre_square
from ddoc_plugin_vision.encoders.clip_weights import download_tag
from ddoc_plugin_vision.encoders.descriptor_math import DIM, describe, thumbnail
from tests.fixtures.clip_weights import SMALL, random_clip_weights
from tests.fixtures.make_data import make_image, save_image


def thumbnails(count: int) -> np.ndarray:
    return np.stack([thumbnail(make_image(np.random.default_rng(s), 160, 120)) for s in range(count)])


def test_both_encoders_are_found_by_entry_point() -> None:
    assert {"descriptor", "clip"} <= set(encoders())
    with pytest.raises(NotFoundError) as caught:
        get_encoder("resnet")
    assert caught.value.error_code == "unknown-encoder"


def test_the_descriptor_is_unit_length_deterministic_and_the_same_in_any_batch() -> None:
    batch = thumbnails(12)
    vectors = describe(batch)
    assert vectors.shape == (12, DIM)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(vectors, describe(batch))
    alone = np.concatenate([describe(batch[i : i + 1]) for i in range(12)])
    assert np.allclose(vectors, alone, atol=1e-5)


def test_the_descriptor_finds_the_same_scene_again_after_jpeg_resizing_and_brightening() -> None:
    scenes = [make_image(np.random.default_rng(s), 320, 240) for s in range(80)]
    changed = []
    for scene in scenes:
        _, data = cv2.imencode(".jpg", scene, [cv2.IMWRITE_JPEG_QUALITY, 30])
        again = cv2.resize(cv2.imdecode(data, 1), (200, 150), interpolation=cv2.INTER_AREA)
        changed.append(np.clip(again.astype(float) * 1.1, 0, 255).astype(np.uint8))
    base, other = (describe(np.stack([thumbnail(i) for i in images])) for images in (scenes, changed))
    assert ((other @ base.T).argmax(1) == np.arange(80)).mean() >= 0.95


def test_the_descriptor_has_no_words() -> None:
    encoder = get_encoder("descriptor")
    assert not encoder.semantic
    with pytest.raises(UnavailableError):
        encoder.encode_text(["a cat"])


def test_a_flat_black_image_has_a_finite_descriptor() -> None:
    assert np.isfinite(describe(np.zeros((2, 64, 64, 3), np.uint8))).all()


def test_the_centre_square_scales_the_short_side() -> None:
    image = np.zeros((100, 300, 3), np.uint8)
    image[:, 100:200] = 255
    square = centre_square(image, 50)
    assert square.shape == (50, 50, 3)
    assert square.min() >= 250


@pytest.mark.parametrize(("size", "most"), [(405, 1.3), (393, 1.4), (300, 1.5), (200, 1.6), (500, 1.0)])
def test_the_centre_square_is_what_pillows_bicubic_gives(size: int, most: float) -> None:
    """`most`: mean difference in gray levels; nearest neighbours and the wrong of the two methods exceed it."""
    image = load_sample_image("china.jpg")
    height, width = image.shape[:2]
    scale = size / height
    small = Image.fromarray(image).resize((round(width * scale), size), Image.Resampling.BICUBIC)
    left = (small.width - size) // 2
    expected = np.asarray(small.crop((left, 0, left + size, size)), float)
    assert np.abs(centre_square(image, size) - expected).mean() <= most


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_clip_weights(tmp_path_factory.mktemp("weights") / "small.pt")


@pytest.fixture
def named_weights(weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DDOC_CLIP_WEIGHTS", str(weights))
    monkeypatch.delenv("DDOC_ALLOW_DOWNLOADS", raising=False)
    return weights


@pytest.mark.usefixtures("named_weights")
def test_clip_encodes_images_and_texts_into_one_space(tmp_path: Path) -> None:
    encoder = get_encoder("clip", model=SMALL)
    chunk = []
    for number in range(3):
        save_image(tmp_path / f"{number}.jpg", make_image(np.random.default_rng(number), 320, 240))
        chunk.append((f"{number:032x}", str(tmp_path / f"{number}.jpg")))
    hashes, pixels, failures = encoder.worker()(tuple(chunk))
    vectors = encoder.encode(pixels)
    assert (len(hashes), failures) == (3, ())
    assert vectors.shape == (3, encoder.dim)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-2)
    assert encoder.encode_text(["a cell", "a dog"]).shape == (2, encoder.dim)
    assert encoder.key.startswith(f"clip-2-{SMALL}-")


def test_clip_without_weights_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DDOC_CLIP_WEIGHTS", raising=False)
    monkeypatch.delenv("DDOC_ALLOW_DOWNLOADS", raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UnavailableError, match="DDOC_CLIP_WEIGHTS") as caught:
        get_encoder("clip").check()
    assert caught.value.error_code == "no-weights"
    monkeypatch.setenv("DDOC_CLIP_WEIGHTS", str(tmp_path / "absent.pt"))
    with pytest.raises(UnavailableError):
        get_encoder("clip").check()


@pytest.mark.parametrize(
    ("value", "tag"), [("1", "laion2b_s34b_b79k"), ("true", "laion2b_s34b_b79k"), ("0", None)]
)
def test_a_download_is_allowed_by_the_documented_setting_alone(
    value: str, tag: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DDOC_CLIP_WEIGHTS", raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("DDOC_ALLOW_DOWNLOADS", value)
    assert download_tag("ViT-B-32") == tag
    if tag is None:
        with pytest.raises(UnavailableError, match="DDOC_ALLOW_DOWNLOADS"):
            get_encoder("clip").check()
        return
    before = get_encoder("clip").key
    assert before == f"clip-2-ViT-B-32-{tag}"
    snapshot = tmp_path / "models--laion--CLIP-ViT-B-32-laion2B-s34B-b79K" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "open_clip_model.safetensors").write_bytes(b"downloaded")
    assert get_encoder("clip").key == before  # or every image would be encoded once more


def test_truncated_weights_are_told_before_an_image_is_decoded(
    named_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = tmp_path / "cut.pt"
    cut.write_bytes(named_weights.read_bytes()[:1_000_000])
    monkeypatch.setenv("DDOC_CLIP_WEIGHTS", str(cut))
    with pytest.raises(UnavailableError) as caught:
        get_encoder("clip", model=SMALL).worker()
    assert caught.value.error_code == "weights-damaged"


@pytest.mark.usefixtures("named_weights")
def test_weights_of_another_model_are_told() -> None:
    with pytest.raises(UnavailableError) as caught:
        get_encoder("clip", model="RN50").worker()
    assert caught.value.error_code == "weights-of-another-model"


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        get_encoder("clip", model="../secret")
