"""compare(): the verdict, what changed, the scores, and what cannot be compared."""

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ddoc.drift import COMPARED_ATTRIBUTES, compare
from ddoc.errors import InvalidInputError
from tests.unit.drift.sides import make_side


def test_sides_of_one_distribution_show_no_drift() -> None:
    verdicts = [
        compare(
            make_side(2 * s, 100, classes=(5, 3, 2)), make_side(2 * s + 1, 100, classes=(5, 3, 2)), seed=s
        ).report
        for s in range(25)
    ]
    assert sum(v.status != "none" for v in verdicts) <= 4  # at a level of 5 %, more has a chance of 0.7 %
    quiet = next(v for v in verdicts if v.status == "none").to_json()
    assert quiet["why"]["code"] == "no-change"


def test_a_shift_of_brightness_is_found_named_and_its_images_score_highest() -> None:
    base, target = make_side(1, 200), make_side(2, 200, name="target", shift={"brightness": -4}, share=0.3)
    found = compare(base, target)
    report = found.report.to_json()
    assert report["status"] == "drift"
    assert report["why"]["code"] == "brightness-lower"
    assert report["attributes"][0]["name"] == "brightness"
    assert report["attributes"][0]["drifted"]
    assert report["attributes"][0]["shift"] < -0.5
    touched = np.arange(200) < 60
    assert roc_auc_score(touched, found.target["score"].to_numpy()) >= 0.95
    scores, p_values = found.target["score"].to_numpy(), found.target["p_value"].to_numpy()
    assert 0 <= scores.min() <= scores.max() <= 1
    assert np.all(np.diff(p_values[np.argsort(scores)]) <= 1e-12)


def test_the_p_values_of_untouched_images_are_uniform() -> None:
    found = compare(make_side(3, 400), make_side(4, 400, name="target"))
    p_values = np.sort(found.target["p_value"].to_numpy())
    assert np.abs(p_values - np.arange(1, 401) / 400).max() < 0.12


def test_a_shift_of_content_is_seen_by_the_embedding_alone() -> None:
    found = compare(make_side(5, 250), make_side(6, 250, name="target", offset=1.5)).report.to_json()
    tests = {t["name"]: t["drifted"] for t in found["tests"]}
    assert tests == {"attributes": False, "embedding": True}
    assert found["embedding"]["encoder"] == "test-1"
    low, high = found["embedding"]["auc_ci"]
    assert 0.5 < low < found["embedding"]["auc"] < high <= 1


def test_new_content_is_a_new_cluster_with_examples() -> None:
    found = compare(make_side(7, 300), make_side(8, 300, name="target", offset=40.0, share=0.25))
    clusters = found.report.to_json()["new_clusters"]
    assert clusters
    assert clusters[0]["ratio"] > 3
    assert all(int(item.removeprefix("target-")) < 75 for item in clusters[0]["examples"])
    number = clusters[0]["id"]
    assert (np.asarray(found.target["cluster"]) == number).sum() == clusters[0]["target"]


def test_label_shift_is_reported_apart_from_appearance() -> None:
    base, target = make_side(9, 200, classes=(5, 3, 2)), make_side(10, 200, name="target", classes=(1, 3, 6))
    report = compare(base, target).report.to_json()
    tests = {t["name"]: t["drifted"] for t in report["tests"]}
    assert tests == {"attributes": False, "embedding": False, "classes": True, "geometry": False}
    assert report["status"] == "drift"
    assert report["why"]["code"] == "class-share"
    assert report["classes"]["drifted"]


def test_a_class_that_one_side_lacks_is_named() -> None:
    base, target = make_side(11, 100, classes=(5, 5)), make_side(12, 100, name="target", classes=(3, 3, 4))
    classes = compare(base, target).report.to_json()["classes"]
    assert classes["only_in_target"] == ["class2"]
    assert classes["only_in_base"] == []


def test_smaller_boxes_are_geometry_shift() -> None:
    base = make_side(13, 200, classes=(5, 3, 2))
    target = make_side(14, 200, name="target", classes=(5, 3, 2), box_scale=0.7)
    report = compare(base, target).report.to_json()
    assert report["why"]["code"] == "box-size"
    assert report["geometry"][0]["name"] == "size"
    assert report["geometry"][0]["drifted"]
    assert not report["classes"]["drifted"]


def test_equal_input_and_seed_give_the_same_report() -> None:
    base, target = make_side(15, 100, classes=(1, 1)), make_side(16, 100, name="target", classes=(1, 1))
    one, two = (compare(base, target, seed=7, report_id="r") for _ in range(2))
    first, second = (c.report.to_json() | {"created_at": ""} for c in (one, two))
    assert first == second
    assert one.target.equals(two.target)
    assert (first["seed"], first["versions"]["drift_method"]) == (7, "3")


def test_a_report_is_plain_json_without_nan() -> None:
    base = make_side(17, 60, vectors=False)
    report = compare(base, make_side(18, 60, name="target", vectors=False)).report.to_json()
    json.dumps(report, allow_nan=False)
    assert report["embedding"] is None
    assert report["classes"] is None


def test_too_few_images_and_none_are_refused() -> None:
    whole = make_side(19, 100)
    for count, code in ((0, "no-images"), (49, "too-few-images")):
        small = whole.take(np.arange(count))
        for sides in ((small, whole), (whole, small)):
            with pytest.raises(InvalidInputError) as caught:
                compare(*sides)
            assert caught.value.error_code == code


def test_different_encoders_are_refused() -> None:
    with pytest.raises(InvalidInputError) as caught:
        compare(make_side(20, 60), make_side(21, 60, vectors=False))
    assert caught.value.error_code == "encoders-differ"


def test_images_that_are_all_equal_are_no_drift() -> None:
    base = make_side(22, 60)
    flat = make_side(23, 60, name="target")
    base.attributes[:] = 1.0
    flat.attributes[:] = 1.0
    assert base.vectors is not None
    assert flat.vectors is not None
    base.vectors[:] = flat.vectors[:] = base.vectors[0]
    report = compare(base, flat).report
    assert report.status == "none"
    json.dumps(report.to_json(), allow_nan=False)


def test_images_that_are_odd_only_for_their_content_or_only_among_their_attributes_score_highest() -> None:
    rng = np.random.default_rng(11)
    brightness, contrast, noise = (COMPARED_ATTRIBUTES.index(n) for n in ("brightness", "contrast", "noise"))
    for case in ("content", "attributes"):
        base, target = make_side(21, 400), make_side(22, 400, name="target")
        for side in (base, target):
            assert side.vectors is not None
            shown = np.asarray(side.vectors[:, 2], float)
            if case == "content":
                side.attributes[:, brightness] = 10 + shown / shown.std() + 0.1 * rng.normal(size=400)
            else:
                side.attributes[:, noise] = side.attributes[:, contrast] + 0.1 * rng.normal(size=400)
        moved = brightness if case == "content" else noise
        target.attributes[:80, moved] = rng.permutation(target.attributes[:80, moved])
        scores = compare(base, target).target["score"].to_numpy()
        assert roc_auc_score(np.arange(400) < 80, scores) >= 0.65, case  # a single view gives .51
