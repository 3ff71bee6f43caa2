"""Verdicts on real photographs: halves of one set, its darkened part, and photographs of something else.

Skipped where the data is absent.
"""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_sample_images
from sklearn.metrics import roc_auc_score

from ddoc.analysis import ImageRef, analyze, get_analyzer
from ddoc.dataset.dataset import Dataset
from ddoc.drift import Side, compare, load_side
from ddoc.execution_local import LocalExecutor
from ddoc.formats.ingest import ingest
from ddoc.paths import Layout
from tests.fixtures.make_data import save_image

DATA = Path(__file__).parents[4] / "shared" / "data"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (DATA / "bccd-voc.zip").exists(), reason="the real data is not here"),
]
ENCODER = "descriptor-1"


def analysed(source: Path, root: Path, executor: LocalExecutor) -> Side:
    """Return the side of an archive or a folder of images, ingested and analysed."""
    ingest(source, root, name=source.stem, executor=executor)
    layout = Layout(root)
    with Dataset.open(root, executor=executor) as dataset:
        refs: list[ImageRef] = list(dataset.image_refs())
        items, annotations = dataset.index.items_table(), dataset.index.annotations_table()
    for name in ("attributes", "embedding"):
        assert analyze(get_analyzer(name), refs, layout=layout, executor=executor).failed == 0
    return load_side(layout, source.stem, items, annotations, encoder_key=ENCODER)


def photographs(names: Iterable[str], archive: zipfile.ZipFile) -> list[np.ndarray]:
    return [cv2.imdecode(np.frombuffer(archive.read(n), np.uint8), cv2.IMREAD_COLOR) for n in names]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `dark` (every blood cell image of a third of the set at 60 %) and `others` (parts of photographs)."""
    work = tmp_path_factory.mktemp("real")
    with zipfile.ZipFile(DATA / "bccd-voc.zip") as archive:
        names = sorted(n for n in archive.namelist() if n.endswith(".jpg"))[::3]
        for name, image in zip(names, photographs(names, archive), strict=True):
            save_image(work / "dark" / Path(name).name, (image * 0.6).astype(np.uint8))
    with zipfile.ZipFile(DATA / "roboflow-coco.zip") as archive:
        scenes = photographs(sorted(n for n in archive.namelist() if n.endswith(".jpg")), archive)
    scenes += [image[..., ::-1] for image in load_sample_images().images]
    rng = np.random.default_rng(0)
    for number in range(120):
        scene = scenes[number % len(scenes)]
        y, x = (int(rng.integers(0, side - 200)) for side in scene.shape[:2])
        save_image(
            work / "others" / f"{number:03d}.jpg", np.ascontiguousarray(scene[y : y + 200, x : x + 200])
        )
    return work


@pytest.fixture(scope="module")
def sides(work: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Side]:
    roots = tmp_path_factory.mktemp("roots")
    sources = {"cells": DATA / "bccd-voc.zip", "dark": work / "dark", "others": work / "others"}
    with LocalExecutor() as executor:
        return {name: analysed(source, roots / name, executor) for name, source in sources.items()}


def test_halves_of_the_blood_cells_show_no_drift(sides: dict[str, Side]) -> None:
    cells = sides["cells"]
    assert len(cells) == 364
    found: list[str] = []
    for seed in range(10):
        order = np.random.default_rng(seed).permutation(len(cells))
        base, target = cells.take(order[:182]), cells.take(order[182:])
        found.append(compare(base, target, seed=seed).report.status)
    assert found.count("none") >= 9, found


def test_the_darkened_part_is_drift_because_of_its_brightness(sides: dict[str, Side]) -> None:
    assert len(sides["dark"]) == 122
    report = compare(sides["cells"], sides["dark"]).report.to_json()
    assert report["status"] == "drift"
    assert report["why"]["code"] == "brightness-lower"
    assert "brightness is lower" in report["why"]["en"]
    assert report["why"]["params"]["shift"] < -1


def test_a_target_with_a_darkened_part_is_drift_and_its_images_score_highest(sides: dict[str, Side]) -> None:
    cells, dark = sides["cells"], sides["dark"]
    order = np.random.default_rng(0).permutation(len(cells))
    kept, some = cells.take(order[182:310]), dark.take(np.arange(54))  # 30 % of 182 are dark
    target = Side(
        name="target",
        item_ids=[*kept.item_ids, *(f"dark-{i}" for i in some.item_ids)],
        content_hashes=[*kept.content_hashes, *some.content_hashes],
        attributes=np.concatenate([kept.attributes, some.attributes]),
        vectors=np.concatenate([_vectors(kept), _vectors(some)]),
        encoder=ENCODER,
    )
    found = compare(cells.take(order[:182]), target)
    assert found.report.status == "drift"
    assert found.report.to_json()["why"]["params"]["attribute"] == "brightness"
    assert roc_auc_score(np.arange(182) >= 128, found.target["score"].to_numpy()) >= 0.95


def test_other_photographs_are_drift_with_new_clusters(sides: dict[str, Side]) -> None:
    found = compare(sides["cells"], sides["others"])
    report = found.report.to_json()
    assert report["status"] == "drift"
    assert report["score"] >= 0.9
    clusters = report["new_clusters"]
    assert sum(c["target"] for c in clusters) >= 0.9 * 120
    assert all(c["base"] == 0 and set(c["examples"]) <= set(sides["others"].item_ids) for c in clusters)


def test_the_command_line_tells_the_darkened_part_from_the_archive(work: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "DDOC_CACHE": str(work / "cache")}
    arguments = ["drift", str(DATA / "bccd-voc.zip"), str(work / "dark"), "--json"]
    command = [sys.executable, "-c", "from ddoc.cli import main; main()", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 4, done.stderr
    report = json.loads(done.stdout)
    assert (report["status"], report["why"]["code"]) == ("drift", "brightness-lower")


def _vectors(side: Side) -> np.ndarray:
    assert side.vectors is not None
    return side.vectors
