"""Attributes: known images give known values, and what an attribute is for it tells apart."""

import cv2
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ddoc_plugin_vision.data_utils import measures
from tests.fixtures.make_data import make_image


def gray_scene(seed: int) -> np.ndarray:
    """Return a gray scene with edges and texture of its own strength."""
    rng = np.random.default_rng(seed)
    image = cv2.cvtColor(make_image(rng, 320, 240), cv2.COLOR_RGB2GRAY)
    for _ in range(12):
        x, y = (int(v) for v in rng.integers(0, 240, 2))
        cv2.rectangle(image, (x, y), (x + int(rng.integers(5, 60)), y + 20), int(rng.integers(0, 255)), -1)
    return image


def test_a_flat_image_has_its_level_and_no_contrast_entropy_sharpness_or_noise() -> None:
    flat = np.full((60, 80), 100, np.uint8)
    found = measures.gray_statistics(flat)
    assert found["brightness"] == 100
    assert found["contrast"] == 0
    assert found["entropy"] == 0
    assert found["p05"] == found["p95"] == 100
    assert measures.sharpness([flat]) == 0
    assert measures.noise([flat]) == 0


def test_half_black_half_white_has_one_bit_of_entropy_and_all_pixels_clipped() -> None:
    image = np.zeros((50, 50), np.uint8)
    image[:, 25:] = 255
    found = measures.gray_statistics(image)
    assert found["entropy"] == pytest.approx(1)
    assert found["dark_share"] == pytest.approx(0.5)
    assert found["bright_share"] == pytest.approx(0.5)
    assert found["contrast"] == pytest.approx(127.5)


def test_colourfulness_equals_the_full_formula_of_hasler_and_suesstrunk() -> None:
    pixels = make_image(np.random.default_rng(1), 200, 150)
    red, green, blue = (pixels[..., c].astype(float) for c in range(3))
    first, second = red - green, (red + green) / 2 - blue
    full = np.hypot(first.std(), second.std()) + 0.3 * np.hypot(first.mean(), second.mean())
    assert measures.colourfulness(pixels) == pytest.approx(full, rel=1e-4)
    assert measures.colourfulness(np.repeat(pixels[..., :1], 3, axis=2)) == pytest.approx(0, abs=1e-3)


def test_sharpness_finds_a_blur_of_sigma_one_and_a_half_across_scenes() -> None:
    sharp = [measures.sharpness([gray_scene(s)]) for s in range(60)]
    soft = [measures.sharpness([cv2.GaussianBlur(gray_scene(s), (0, 0), 1.5)]) for s in range(60, 120)]
    assert roc_auc_score([1] * 60 + [0] * 60, sharp + soft) >= 0.95


def test_sharpness_does_not_follow_contrast() -> None:
    scene = gray_scene(3)
    assert measures.sharpness([scene // 2]) == pytest.approx(measures.sharpness([scene]), abs=0.05)


def test_noise_is_measured_in_gray_levels_and_found_across_scenes() -> None:
    rng = np.random.default_rng(0)
    clean = [gray_scene(s) for s in range(80)]
    noisy = [np.clip(g + rng.normal(0, 15, g.shape), 0, 255).astype(np.uint8) for g in clean[:40]]
    values = [measures.noise([g]) for g in [*noisy, *clean[40:]]]
    assert roc_auc_score([1] * 40 + [0] * 40, values) >= 0.93
    assert float(np.median(values[:40])) == pytest.approx(15, rel=0.25)


def test_a_large_image_is_measured_on_nine_native_tiles() -> None:
    image = np.zeros((1080, 1920), np.uint8)
    parts = measures.tiles(image)
    assert [p.shape for p in parts] == [(256, 256)] * 9
    assert len(measures.tiles(image[:480, :640])) == 1


def test_the_mirrored_hash_is_the_hash_of_the_mirror_image() -> None:
    for seed in range(20):
        gray = gray_scene(seed)
        _, mirrored = measures.perceptual_hashes(gray)
        straight, _ = measures.perceptual_hashes(np.ascontiguousarray(gray[:, ::-1]))
        assert (mirrored ^ straight).bit_count() <= 2


def test_the_perceptual_hash_survives_jpeg_and_resizing_and_tells_scenes_apart() -> None:
    scenes = [gray_scene(s) for s in range(30)]
    prints = [measures.perceptual_hashes(g)[0] for g in scenes]
    for gray, print_ in zip(scenes, prints, strict=True):
        _, data = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, 30])
        again = cv2.resize(cv2.imdecode(data, 0), (200, 150), interpolation=cv2.INTER_AREA)
        assert (measures.perceptual_hashes(again)[0] ^ print_).bit_count() <= 6
    apart = [(a ^ b).bit_count() for i, a in enumerate(prints) for b in prints[:i]]
    assert min(apart) > 6
