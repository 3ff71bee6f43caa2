"""CLIP in 8-bit integers: made from images and weights, checked, used, and refused where it is not what it says."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ddoc.analysis import ImageRef, Quantizable, VectorStore, analyze, get_analyzer, get_encoder
from ddoc.analysis.protocol import Chunk
from ddoc.errors import ConflictError, InvalidInputError, UnavailableError
from ddoc.paths import Layout
from ddoc.progress import no_progress
from ddoc_plugin_vision.encoders import clip_weights
from ddoc_plugin_vision.encoders.clip import ClipEncoder
from tests.fixtures.clip_weights import SMALL, random_clip_weights
from tests.fixtures.make_data import make_image, save_image


def images_in(folder: Path, count: int, seed: int) -> Chunk:
    chunk = []
    for number in range(count):
        path = folder / f"사진 {number}.png"
        save_image(path, make_image(np.random.default_rng((seed, number)), 96, 72))
        chunk.append((f"{seed:016x}{number:016x}", str(path)))
    return tuple(chunk)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights (small.pt), calibration images, and the 8-bit model made of both (int8/)."""
    root = tmp_path_factory.mktemp("int8")
    random_clip_weights(root / "small.pt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDOC_CLIP_WEIGHTS", str(root / "small.pt"))
        patch.delenv("DDOC_CLIP_INT8", raising=False)
        facts = ClipEncoder(SMALL).quantize(images_in(root / "cal", 72, 1), root / "int8", min_cosine=0.98)
    assert (facts["calibrated"], facts["checked"], facts["model"]) == (48, 24, SMALL)
    assert 0.98 <= facts["cosine_min"] <= facts["cosine_mean"] <= 1.0001
    return root


@pytest.fixture
def weights(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DDOC_CLIP_WEIGHTS", str(made / "small.pt"))
    monkeypatch.delenv("DDOC_CLIP_INT8", raising=False)
    return made / "small.pt"


def test_its_vectors_are_named_after_it_lie_near_the_exact_ones_and_answer_texts(
    made: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunk = images_in(tmp_path / "images", 40, 2)
    exact = ClipEncoder(SMALL)
    _, pixels, _ = exact.worker()(chunk)
    expected = exact.encode(pixels)
    monkeypatch.setenv("DDOC_CLIP_INT8", str(made / "int8"))
    coarse = ClipEncoder(SMALL)
    facts = json.loads((made / "int8" / "facts.json").read_text("utf-8"))
    assert coarse.key == f"{exact.key}-int8-{facts['sha256'][:8]}"
    layout = Layout(tmp_path / "root")
    refs = [ImageRef(str(i), content, path) for i, (content, path) in enumerate(chunk)]
    assert analyze(get_analyzer("embedding", encoder=coarse), refs, layout=layout).computed == 40
    found = (
        VectorStore(layout.vectors, coarse.key).rows([ref.content_hash for ref in refs]).astype(np.float32)
    )
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=2e-3)
    assert np.einsum("ij,ij->i", found, expected).min() >= 0.98
    assert not np.array_equal(
        found, expected.astype(np.float16).astype(np.float32)
    )  # it is not the exact model
    assert np.array_equal(coarse.encode_text(["세포"]), exact.encode_text(["세포"]))


def test_a_second_analysis_computes_nothing_and_the_exact_model_is_another_encoder(
    made: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunk = images_in(tmp_path / "images", 6, 3)
    refs = [ImageRef(str(i), content, path) for i, (content, path) in enumerate(chunk)]
    layout = Layout(tmp_path / "root")
    monkeypatch.setenv("DDOC_CLIP_INT8", str(made / "int8"))
    for cached in (0, 6):
        encoder = ClipEncoder(SMALL)
        assert analyze(get_analyzer("embedding", encoder=encoder), refs, layout=layout).cached == cached
    monkeypatch.delenv("DDOC_CLIP_INT8")
    assert analyze(get_analyzer("embedding", encoder=ClipEncoder(SMALL)), refs, layout=layout).computed == 6


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "model.bin": lambda data: data[:-1],
    "model.xml": lambda data: data.replace(b"1", b"2", 1),
    "facts.json": lambda data: re.sub(rb'"sha256": "\w+"', b'"sha256": "/../../x"', data),
}


@pytest.mark.parametrize(
    ("problem", "damage"),
    [
        *((code, "") for code in ("no-int8-model", "int8-of-another-model", "no-openvino", "no-weights")),
        *(("int8-damaged", file) for file in DAMAGES),
    ],
)
def test_a_model_that_cannot_be_trusted_is_one_clear_problem(
    problem: str, damage: str, made: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "int8"
    if problem != "no-int8-model":
        folder.mkdir()
        for file in (made / "int8").iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
    monkeypatch.setenv("DDOC_CLIP_INT8", str(folder))
    if problem == "int8-of-another-model":
        monkeypatch.setenv("DDOC_CLIP_WEIGHTS", str(save_other(weights, tmp_path / "other.pt")))
    elif problem == "int8-damaged":
        file = folder / damage
        file.write_bytes(DAMAGES[damage](file.read_bytes()))
    elif problem == "no-openvino":
        monkeypatch.setattr(clip_weights, "find_spec", lambda name: None if name == "openvino" else "there")
    elif problem == "no-weights":
        monkeypatch.setenv("DDOC_CLIP_WEIGHTS", str(tmp_path / "none.pt"))
    with pytest.raises(UnavailableError) as caught:
        ClipEncoder(SMALL).worker()
    assert caught.value.error_code == problem


def save_other(weights: Path, other: Path) -> Path:
    import torch

    state = torch.load(weights, weights_only=True)
    torch.save({name: value * 0.5 for name, value in state.items()}, other)
    return other


def test_what_cannot_be_made_well_is_refused_and_nothing_is_written(
    made: Path, weights: Path, tmp_path: Path
) -> None:
    chunk = images_in(tmp_path / "images", 50, 4)
    cv2.imwrite(chunk[0][1], np.zeros((4, 4, 3), np.uint8))
    Path(chunk[1][1]).write_bytes(b"no image")
    encoder = ClipEncoder(SMALL)
    for code, images, folder, cosine in (
        ("too-few-images", chunk[:48], tmp_path / "int8", 0.98),  # 47 of them can be read
        ("int8-too-coarse", chunk, tmp_path / "int8", 1.01),
        ("folder-exists", chunk, tmp_path / "images", 0.98),
    ):
        with pytest.raises((InvalidInputError, ConflictError)) as caught:
            encoder.quantize(images, folder, min_cosine=cosine)
        assert caught.value.error_code == code
        assert sorted(p.name for p in tmp_path.iterdir()) == ["images"]
        assert set(caught.value.context) == ({"cosine_mean", "cosine_min"} if "coarse" in code else set())


class NotANumber:
    """A model whose vectors are no numbers, as of weights that overflow."""

    def __init__(self, *_: Any) -> None: ...

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        return np.full((len(pixels), 4), np.nan, np.float32)


@pytest.mark.parametrize("taken", [False, True])
def test_vectors_that_are_no_numbers_are_refused_and_a_folder_made_meanwhile_is_left_alone(
    taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ddoc_plugin_vision.encoders import clip_int8

    folder = tmp_path / "int8"

    def write(*_: Any) -> None:
        if taken:
            folder.mkdir()
            (folder / "facts.json").write_text("theirs")

    monkeypatch.setattr(clip_int8, "_write_model", write)
    monkeypatch.setattr(clip_int8, "Int8Model", NotANumber)
    model: Any = NotANumber()
    if taken:
        monkeypatch.setattr(
            NotANumber, "encode", lambda _, pixels: np.full((len(pixels), 4), 0.5, np.float32)
        )
    pixels = np.zeros((60, 8, 8, 3), np.uint8)
    with pytest.raises(ConflictError if taken else InvalidInputError) as caught:
        clip_int8.quantize(
            model, pixels, folder, name="m", weights="w", min_cosine=0.98, progress=no_progress
        )
    assert caught.value.error_code == ("folder-exists" if taken else "int8-too-coarse")
    assert [p.name for p in tmp_path.iterdir()] == (["int8"] if taken else [])
    assert not taken or (folder / "facts.json").read_text() == "theirs"


def test_copies_of_a_picture_are_no_other_pictures(weights: Path, tmp_path: Path) -> None:
    for number in range(60):
        save_image(
            tmp_path / "images" / f"{number}.png", make_image(np.random.default_rng(number % 10), 96, 72)
        )
    command = ("quantize", tmp_path / "images", tmp_path / "int8", "--cache", tmp_path / "cache")
    program = f"import sys; sys.argv = {['ddoc', *map(str, command)]!r}; from ddoc.cli import main; main()"
    environment = os.environ | {"DDOC_CLIP_MODEL": SMALL}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "10 images can be read" in done.stderr
    assert "(too-few-images)" in done.stderr


def test_only_encoders_that_can_are_quantizable() -> None:
    assert isinstance(get_encoder("clip"), Quantizable)
    assert not isinstance(get_encoder("descriptor"), Quantizable)


def test_no_usage_is_reported_to_anybody(made: Path, weights: Path, tmp_path: Path) -> None:
    images_in(tmp_path / "images", 60, 5)
    program = f"""
import os, socket, sys
from pathlib import Path
def refuse(*_):
    raise AssertionError("a connection was tried")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
os.environ["DDOC_CLIP_MODEL"] = {SMALL!r}
sys.argv = ["ddoc", "quantize", {str(tmp_path / "images")!r}, {str(tmp_path / "int8")!r}, "--json",
            "--cache", {str(tmp_path / "cache")!r}]
from ddoc.cli import main
try:
    main()
finally:
    assert "nncf" in sys.modules and sys.modules["openvino_telemetry"] is None
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["checked"] == 20
    assert (tmp_path / "int8" / "facts.json").exists()
