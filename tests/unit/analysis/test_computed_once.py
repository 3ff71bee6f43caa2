"""What is computed is computed once: after edits and restores, after kills, and beside what cannot be computed."""

import os
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddoc.analysis import (
    ATTRIBUTES_KEY,
    Analyzer,
    ImageRef,
    ResultsStore,
    VectorStore,
    analyze,
    find_similar,
    get_analyzer,
    get_encoder,
)
from ddoc.core.snapshot_service import SnapshotService
from ddoc.core.workspace_service import WorkspaceService
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.edits import Edits
from ddoc.dataset.selections import Selection
from ddoc.errors import UnavailableError
from ddoc.execution_local import LocalExecutor
from ddoc.hashing import md5_file
from ddoc.paths import Layout
from ddoc_plugin_vision.data_utils.attribute_analyzer import AttributeAnalyzer
from ddoc_plugin_vision.data_utils.embedding_analyzer import EmbeddingAnalyzer
from tests.fixtures.clip_weights import SMALL, random_clip_weights
from tests.fixtures.make_data import make_image, make_root, save_image

DESCRIPTOR = "descriptor-1"


class CountingAttributes(AttributeAnalyzer):
    """Counts the images that it measures."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def worker(self) -> Callable[[Any], Any]:
        return counted(super().worker(), self.seen)


class CountingEmbedding(EmbeddingAnalyzer):
    """Counts the images that it encodes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def worker(self) -> Callable[[Any], Any]:
        return counted(super().worker(), self.seen)


def counted(work: Callable[[Any], Any], seen: list[str]) -> Callable[[Any], Any]:
    def count(chunk: Sequence[tuple[str, str]]) -> Any:
        seen.extend(content_hash for content_hash, _ in chunk)
        return work(tuple(chunk))

    return count


def counts(root: Path) -> tuple[int, int]:
    """Analyse a root as it is now. Returns how many images were measured and encoded."""
    analyzers = CountingAttributes(), CountingEmbedding()
    with Dataset.open(root) as dataset:
        refs = dataset.image_refs()
        for analyzer in analyzers:
            summary = analyze(analyzer, refs, layout=Layout(root))
            assert summary.computed == len(analyzer.seen)
            assert summary.computed + summary.cached == summary.contents
    return len(analyzers[0].seen), len(analyzers[1].seen)


def test_edits_and_restores_compute_nothing_and_one_percent_of_new_images_costs_one_percent(
    tmp_path: Path,
) -> None:
    source, root = tmp_path / "source", tmp_path / "workspace"
    make_root(source, n=200)
    WorkspaceService().init_workspace(root, source=source, name="once")
    assert counts(root) == (200, 200)
    assert counts(root) == (0, 0)
    with Dataset.open(root) as dataset:
        ids = dataset.index.ids()
        Edits(dataset).move(Selection.of(ids[:50]), target_split="test")
        Edits(dataset).relabel(Selection.of(ids[50:120]), new_label="bird")
    assert counts(root) == (0, 0)
    with Dataset.open(root) as dataset:
        Edits(dataset).remove(Selection.of(ids[:30]))
    SnapshotService(root).create_snapshot("moved, relabelled, removed")
    assert counts(root) == (0, 0)
    SnapshotService(root).restore_snapshot("v1")
    with Dataset.open(root) as dataset:
        assert dataset.index.count() == 200
    assert counts(root) == (0, 0)
    for number in range(2):
        save_image(
            root / "data/images/train" / f"new{number}.png", make_image(np.random.default_rng(9000 + number))
        )
    assert counts(root) == (2, 2)


RUN = """
import sys
from pathlib import Path
from ddoc.analysis import ImageRef, analyze, get_analyzer
from ddoc.paths import Layout
folder, name = Path(sys.argv[1]), sys.argv[2]
analyzer = get_analyzer(name)
analyzer.chunk_size = 4
refs = [ImageRef(p.stem, p.stem, str(p)) for p in sorted((folder / "images").glob("*.png"))]
told = lambda done, total, *, unit="", message="": print(unit, flush=True)
print(analyze(analyzer, refs, layout=Layout(folder / "root"), progress=told).computed)
"""


@pytest.mark.parametrize("name", ["attributes", "embedding"])
def test_a_run_that_is_killed_again_and_again_ends_with_the_results_of_one_that_is_not(
    name: str, tmp_path: Path
) -> None:
    folders = tmp_path / "killed", tmp_path / "whole"
    for folder in folders:
        for number in range(60):
            path = folder / "images" / f"{number:032x}.png"
            save_image(path, make_image(np.random.default_rng(number), 64, 48))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def start(folder: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", RUN, str(folder), name]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    for chunks in (1, 4, 9):  # killed as soon as it has told so many chunks, wherever it then is
        process = start(folders[0])
        assert process.stdout is not None
        for _ in range(chunks):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode in {-signal.SIGKILL, 0}
    results = []
    for folder in folders:
        process = start(folder)
        process.communicate()
        assert process.returncode == 0
        results.append(stored(Layout(folder / "root"), name, [f"{n:032x}" for n in range(60)]))
    assert np.array_equal(*results)
    assert np.isfinite(results[0]).all()


def stored(layout: Layout, name: str, hashes: list[str]) -> np.ndarray:
    if name == "embedding":
        assert VectorStore(layout.vectors, DESCRIPTOR).verify() == len(hashes)
        return VectorStore(layout.vectors, DESCRIPTOR).rows(hashes)
    return ResultsStore(layout.analysis, ATTRIBUTES_KEY).matrix(
        hashes, ("brightness", "sharpness", "noise", "colourfulness")
    )


@pytest.fixture(scope="module")
def clip_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_clip_weights(tmp_path_factory.mktemp("weights") / "small.pt")


@pytest.mark.parametrize("problem", ["no-weights", "weights-damaged", "weights-of-another-model"])
def test_an_encoder_that_cannot_be_used_is_one_clear_problem_and_what_was_computed_stays(
    problem: str, clip_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, refs = made(tmp_path)
    before = [analyze(get_analyzer(n), refs, layout=layout).computed for n in ("attributes", "embedding")]
    assert before == [6, 6]
    monkeypatch.delenv("DDOC_ALLOW_DOWNLOADS", raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-cache"))
    if problem == "no-weights":
        monkeypatch.delenv("DDOC_CLIP_WEIGHTS", raising=False)
    else:
        cut = tmp_path / "cut.pt"
        cut.write_bytes(clip_weights.read_bytes()[:100_000])
        monkeypatch.setenv("DDOC_CLIP_WEIGHTS", str(cut if problem == "weights-damaged" else clip_weights))
    with pytest.raises(UnavailableError) as caught:
        analyze(get_analyzer("embedding", encoder="clip"), refs, layout=layout)
    assert caught.value.error_code == problem
    analyzers = CountingAttributes(), CountingEmbedding()
    for analyzer in analyzers:
        assert analyze(analyzer, refs, layout=layout).cached == 6
        assert analyzer.seen == []


def test_a_second_run_of_clip_reads_no_weights_and_its_vectors_answer_texts(
    clip_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DDOC_CLIP_WEIGHTS", str(clip_weights))
    layout, refs = made(tmp_path, 24)
    encoder = get_encoder("clip", model=SMALL)
    with LocalExecutor(2) as executor:
        found = analyze(EmbeddingAnalyzer(encoder), refs, layout=layout, executor=executor)
    assert (found.computed, found.failed) == (24, 0)
    hashes = [ref.content_hash for ref in refs]
    vectors = VectorStore(layout.vectors, encoder.key).rows(hashes)
    assert vectors.shape == (24, encoder.dim)
    text = encoder.encode_text(["a picture of a cell"])[0]
    best = find_similar(layout, encoder.key, text, hashes, k=5)
    assert [h for h, _ in best] == [hashes[i] for i in np.argsort(-(vectors @ text), kind="stable")[:5]]
    again = get_encoder("clip", model=SMALL)
    loaded: list[str] = []
    monkeypatch.setattr(
        "ddoc_plugin_vision.encoders.clip_model.load_model", lambda *_: loaded.append("weights")
    )
    assert analyze(EmbeddingAnalyzer(again), refs, layout=layout).cached == 24
    assert loaded == []


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_the_digits_give_the_directions_of_float32(precision: str, clip_weights: Path) -> None:
    """bfloat16 is for processors that multiply it, float16 for a GPU; both are right, if slow, anywhere."""
    from ddoc_plugin_vision.encoders.clip_model import load_model

    pixels = np.stack([make_image(np.random.default_rng(n), 224, 224) for n in range(4)])
    exact, half = (load_model(SMALL, clip_weights, None, chosen) for chosen in ("float32", precision))
    assert (exact.precision, half.precision) == ("float32", precision)
    assert np.einsum("ij,ij->i", exact.encode(pixels), half.encode(pixels)).min() >= 0.99


def test_an_image_of_thirty_thousand_pixels_squared_is_named_and_everything_else_is_done(
    tmp_path: Path,
) -> None:
    layout, refs = made(tmp_path)
    huge = tmp_path / "huge.png"
    huge.write_bytes(png_header(30_000, 30_000))
    refs.append(ImageRef("huge", md5_file(huge), str(huge)))
    kinds: list[Analyzer] = [get_analyzer("attributes"), get_analyzer("embedding")]
    with LocalExecutor(2) as executor:
        for analyzer in kinds:
            found = analyze(analyzer, refs, layout=layout, executor=executor)
            assert (found.computed, found.failed) == (6, 1)
            row = found.report.to_json()[0]
            assert (row["code"], row["examples"][0]["subject"]) == ("image-too-large", "huge.png")
            assert row["examples"][0]["detail"] == "the image has 900 Mpx; at most 64 Mpx are decoded"


def made(folder: Path, count: int = 6) -> tuple[Layout, list[ImageRef]]:
    refs: list[ImageRef] = []
    for number in range(count):
        path = folder / f"{number}.png"
        save_image(path, make_image(np.random.default_rng(number)))
        refs.append(ImageRef(str(number), md5_file(path), str(path)))
    return Layout(folder / "root"), refs


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
