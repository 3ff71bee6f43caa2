"""Each template trains on a small set, offline, inside its confinement."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from ddoc.analysis.protocol import get_encoder
from ddoc.analysis.vectors import VectorStore
from ddoc.dataset.info import write_info
from ddoc.dataset.items import DatasetInfo
from ddoc.dataset.predicted_issues import Label, find_predicted
from ddoc.dataset.predictions import read_predictions
from ddoc.experiment.checks import check_trainer
from ddoc.experiment.records import judge
from ddoc.experiment.runner.folder import RunFolder, read_json
from ddoc.experiment.training_data import read_items
from ddoc.experiment.uploads import list_templates
from ddoc.hashing import md5_file
from ddoc.ids import item_id_of
from tests.unit.experiment.runs import start_template, wait_for_end

COLOURS = {"apple": (40, 40, 220), "leaf": (60, 200, 60), "sky": (230, 150, 60)}


def make_coloured(data: Path, *, task: str, n: int) -> None:
    """Make a set in which the class is the colour: images of one colour, or two boxes on grey."""
    rng = np.random.default_rng(0)
    names = list(COLOURS)
    write_info(data, DatasetInfo("coloured", task, tuple(names), ("train", "val")))  # type: ignore[arg-type]
    for i in range(n):
        split = "val" if i % 4 == 0 else "train"
        noise = rng.normal(0, 12, (64, 96, 3))
        name = names[i % 3]
        if task == "classify":
            image = np.full((64, 96, 3), COLOURS[name]) + noise
            path = data / "images" / split / name / f"{i}.jpg"
        else:
            image = np.full((64, 96, 3), 120.0) + noise
            path = data / "images" / split / f"{i}.jpg"
            lines: list[str] = []
            for k in range(2):
                number = (i + k) % 3
                x, y = 4 + 48 * k, int(rng.integers(4, 20))
                image[y : y + 36, x : x + 36] = np.array(COLOURS[names[number]]) + noise[:36, :36]
                lines.append(f"{number} {(x + 18) / 96} {(y + 18) / 64} {36 / 96} {36 / 64}")
            label = data / "labels" / split / f"{i}.txt"
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text("\n".join(lines) + "\n")
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.clip(image, 0, 255).astype(np.uint8))


def result_of(folder: RunFolder) -> dict[str, float]:
    """Wait for the run, which must succeed; return its metrics."""
    wait_for_end(folder, seconds=120)
    assert judge(folder)[0] == "succeeded", folder.log.read_text()
    result = read_json(folder.result)
    assert result is not None
    if result["model_path"] is not None:
        assert (folder.output / result["model_path"]).stat().st_size > 0
    return result["metrics"]


def test_every_template_passes_the_checks_of_an_upload() -> None:
    templates = list_templates()
    assert {"blank", "embedding_probe", "torch_classifier"} <= {t.name for t in templates}
    for template in templates:
        assert template.config.title
        assert template.config.description
        assert all(param.help for param in template.config.params)
        assert [c for c in check_trainer(template.folder) if not c.ok and c.name != "needs"] == []


def test_the_blank_template_runs(tmp_path: Path) -> None:
    make_coloured(tmp_path / "data", task="classify", n=6)
    assert result_of(start_template(tmp_path, "blank", tmp_path / "data", {})) == {"images": 6}


@pytest.mark.parametrize("task", ["classify", "detect"])
def test_the_embedding_probe_tells_colours_apart(tmp_path: Path, task: str) -> None:
    make_coloured(tmp_path / "data", task=task, n=40)
    metrics = result_of(start_template(tmp_path, "embedding_probe", tmp_path / "data", {}))
    assert metrics["accuracy"] > 0.95
    assert metrics["f1/sky"] > 0.9


@pytest.mark.parametrize("task", ["classify", "detect"])
def test_what_the_embedding_probe_predicts_finds_wrong_labels(tmp_path: Path, task: str) -> None:
    data = tmp_path / "data"
    make_coloured(data, task=task, n=60)
    if task == "classify":
        wrong = data / "images" / "train" / "leaf" / "9.jpg"
        (data / "images" / "train" / "apple" / "9.jpg").rename(wrong)
    else:
        label = data / "labels" / "train" / "9.txt"
        first, second = label.read_text().splitlines()
        label.write_text(f"1{first[1:]}\n{second}\n")
    folder = start_template(tmp_path, "embedding_probe", data, {})
    result_of(folder)
    predicted = read_predictions(folder.output / "predictions.json", tuple(COLOURS))
    labels = {
        item_id_of(item.name): [
            Label(a.class_name, a.box and (a.box.x1, a.box.y1, a.box.x2, a.box.y2))
            for a in item.annotations or ()
        ]
        for item in read_items(data)
    }
    assert predicted.keys() == labels.keys()
    found = [row for row in find_predicted(labels, predicted) if row["code"] == "wrong-class"]
    assert (found[0]["item_id"], found[0]["class_name"]) == (item_id_of("9.jpg"), "leaf")


def test_the_embedding_probe_needs_only_two_objects(tmp_path: Path) -> None:
    make_coloured(tmp_path / "data", task="classify", n=3)
    folder = start_template(tmp_path, "embedding_probe", tmp_path / "data", {})
    result_of(folder)
    assert read_predictions(folder.output / "predictions.json", tuple(COLOURS)).keys() <= {
        item_id_of(f"{i}.jpg") for i in range(3)
    }


def test_the_embedding_probe_takes_stored_vectors(tmp_path: Path) -> None:
    make_coloured(tmp_path / "data", task="classify", n=40)
    files = sorted((tmp_path / "data" / "images").rglob("*.jpg"))
    encoder = get_encoder("descriptor")
    hashes, values, _ = encoder.worker()(tuple((md5_file(f), str(f)) for f in files))
    store = VectorStore(tmp_path / "vectors", encoder.key, dim=encoder.dim)
    store.append(hashes, encoder.encode(values))
    store.flush()
    folder = start_template(tmp_path, "embedding_probe", tmp_path / "data", {})
    assert result_of(folder)["accuracy"] > 0.95
    assert "40 of 40 vectors were stored" in folder.log.read_text()


@pytest.mark.parametrize("task", ["classify", "detect"])
def test_the_classifier_learns_colours(tmp_path: Path, task: str) -> None:
    make_coloured(tmp_path / "data", task=task, n=60)
    params = {"epochs": 12, "batch_size": 8, "image_size": 32, "width": 8, "learning_rate": 0.01}
    folder = start_template(tmp_path, "torch_classifier", tmp_path / "data", params)
    assert result_of(folder)["accuracy"] > 0.9
    assert len(folder.metrics.read_text().splitlines()) == 12


def test_the_detector_finds_colours(tmp_path: Path) -> None:
    make_coloured(tmp_path / "data", task="detect", n=40)
    params = {"epochs": 14, "batch_size": 4, "image_size": 96, "width": 12, "learning_rate": 0.005}
    folder = start_template(tmp_path, "torch_detector", tmp_path / "data", params)
    metrics = result_of(folder)
    assert metrics["map50"] > 0.8
    assert set(metrics) == {"map", "map50", "ap/apple", "ap/leaf", "ap/sky"}
    assert (folder.output / "predictions.json").exists()
