"""Labels doubted by predictions: planted errors are found, right labels are left alone."""

import json
from pathlib import Path

import numpy as np
import pytest

from ddoc.dataset import quality
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.filters import Filter
from ddoc.dataset.predicted_issues import Label, find_predicted
from ddoc.dataset.predictions import Prediction, read_predictions
from ddoc.errors import InvalidInputError
from tests.fixtures.make_data import make_root

CLASSES = ("cat", "dog", "bird")


def drawn(count: int = 120) -> tuple[dict[str, list[Label]], dict[str, list[Prediction]]]:
    """Return right labels of three boxes an image, and the predictions of a good but imperfect model."""
    rng = np.random.default_rng(5)
    labels: dict[str, list[Label]] = {}
    predictions: dict[str, list[Prediction]] = {}
    for at in range(count):
        item = f"{at:016x}"
        labels[item], predictions[item] = [], []
        for column in range(3):
            name = CLASSES[rng.integers(3)]
            x, y = 100.0 * column + rng.uniform(0, 30), rng.uniform(0, 200)
            box = (x, y, x + 50, y + 40)
            labels[item].append(Label(name, box))
            if rng.random() < 0.03:
                continue  # the model misses some
            shift = rng.normal(0, 2, 4)
            seen = tuple(float(v) for v in np.array(box) + shift)
            predictions[item].append(Prediction(name, float(rng.uniform(0.6, 0.95)), seen))
            other = CLASSES[(CLASSES.index(name) + 1) % 3]
            predictions[item].append(Prediction(other, float(rng.uniform(0.05, 0.3)), seen))
    return labels, predictions


def found(code: str, rows: list[dict]) -> set[str]:
    return {row["item_id"] for row in rows if row["code"] == code}


def test_planted_errors_are_found_and_right_labels_are_left_alone() -> None:
    labels, predictions = drawn()
    ids = sorted(labels)
    swapped, missing, extra, loose = (set(ids[at : at + 12]) for at in (0, 12, 24, 36))
    for item in swapped:
        first = labels[item][0]
        labels[item][0] = Label(CLASSES[(CLASSES.index(first.class_name) + 2) % 3], first.box)
    for item in missing:
        del labels[item][1]
    for item in extra:
        labels[item].append(Label("cat", (310.0, 300.0, 360.0, 340.0)))
    for item in loose:
        x1, y1, x2, y2 = labels[item][2].box or (0, 0, 0, 0)
        labels[item][2] = Label(labels[item][2].class_name, (x1 - 30, y1 - 25, x2 + 25, y2 + 25))
    rows = find_predicted(labels, predictions)
    for code, planted in (("wrong-class", swapped), ("missing-box", missing), ("extra-box", extra)):
        hits = found(code, rows)
        assert len(hits & planted) >= 10, code
    # a miss of the model looks like an extra label, and nothing can tell them apart: they are the only others
    assert found("wrong-class", rows) <= swapped
    assert found("missing-box", rows) <= missing | extra | loose
    assert found("loose-box", rows) <= loose
    assert len(found("loose-box", rows)) >= 6
    assert len([r for r in rows if r["code"] == "extra-box" and r["item_id"] not in extra]) <= 12
    assert [r["score"] for r in rows] == sorted((r["score"] for r in rows), reverse=True)


def test_a_wrong_class_names_the_one_that_is_predicted() -> None:
    labels, predictions = drawn()
    item = sorted(labels)[0]
    right = labels[item][0]
    wrong = CLASSES[(CLASSES.index(right.class_name) + 2) % 3]
    labels[item][0] = Label(wrong, right.box)
    (row,) = [r for r in find_predicted(labels, predictions) if r["code"] == "wrong-class"]
    assert row["class_name"] == wrong
    assert right.class_name in row["detail"]
    assert row["box"] == list(right.box or ())


def test_whole_image_classes_are_judged_without_boxes() -> None:
    labels = {f"{n:016x}": [Label(CLASSES[n % 2], None)] for n in range(40)}
    predictions = {i: [Prediction(given[0].class_name, 0.9, None)] for i, given in labels.items()}
    odd = f"{7:016x}"
    labels[odd] = [Label("cat", None)]
    rows = find_predicted(labels, predictions)
    assert [(r["item_id"], r["code"], r["box"]) for r in rows] == [(odd, "wrong-class", None)]


def test_images_without_predictions_or_labels_are_not_judged() -> None:
    labels, _ = drawn(5)
    assert find_predicted(labels, {}) == []
    assert find_predicted({}, {"0" * 16: [Prediction("cat", 0.9, (0, 0, 9, 9))]}) == []


def test_the_queue_ranks_what_stored_predictions_say(tmp_path: Path) -> None:
    make_root(tmp_path / "root", n=12)
    with Dataset.open(tmp_path / "root") as dataset:
        boxed = dataset.index.items(dataset.index.ids(Filter(has_annotations=True)))
        rows = []
        for item in boxed:
            for a in dataset.labels(item).annotations or ():
                assert a.box is not None
                box = [a.box.x1, a.box.y1, a.box.x2 - a.box.x1, a.box.y2 - a.box.y1]
                number = dataset.info.classes.index(a.class_name)
                rows.append({"file_name": item.name, "category_id": number, "bbox": box, "score": 0.9})
        first = next(r for r in rows if r["file_name"] == boxed[0].name)
        first["category_id"] = 1 - first["category_id"]
        path = tmp_path / "predictions.json"
        path.write_text(json.dumps(rows))
        predictions = read_predictions(path, dataset.info.classes)
        assert set(predictions) == {i.item_id for i in boxed}
        before = quality.queue(dataset)
        after = quality.queue(dataset, predictions=predictions)
    assert before["counts"].get("wrong-class", 0) == 0
    assert after["counts"]["wrong-class"] == 1
    assert boxed[0].item_id in found("wrong-class", after["labels"])
    assert after["counts"]["labels"] == len(after["labels"])


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "not json",
        "[1]",
        '[{"file_name": "a.jpg", "category_id": 9, "score": 0.5}]',
        '[{"file_name": "a.jpg", "category_id": -1, "score": 0.5}]',
        '[{"file_name": "a.jpg", "category_id": 0, "score": 7}]',
        '[{"file_name": "a.jpg", "category_id": 0, "score": 0.5, "bbox": [0, 0, -3, 4]}]',
        '[{"file_name": "a.jpg", "category_id": 0, "score": 0.5, "bbox": [0, 0, 3]}]',
        '[{"category_id": 0, "score": 0.5}]',
    ],
)
def test_a_file_that_is_no_list_of_predictions_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "predictions.json"
    path.write_text(text)
    with pytest.raises(InvalidInputError) as caught:
        read_predictions(path, CLASSES)
    assert caught.value.error_code == "invalid-predictions"
