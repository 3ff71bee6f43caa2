"""Edits of a root: what they change, refuse, and give back when undone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ddoc.dataset.additions import additions_from_paths
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.edits import Edits
from ddoc.dataset.filters import Filter
from ddoc.dataset.selections import Selection
from ddoc.errors import (
    ConflictError,
    EmptySelectionError,
    InvalidInputError,
    StaleVersionError,
)
from tests.fixtures.make_data import make_image, make_root, save_image


@pytest.fixture
def dataset(tmp_path: Path) -> Iterator[Dataset]:
    make_root(tmp_path / "root", n=12, splits=("train", "val"))
    with Dataset.open(tmp_path / "root") as opened:
        yield opened


def files_below(root: Path) -> dict[str, bytes]:
    data = root / "data"
    return {p.relative_to(data).as_posix(): p.read_bytes() for p in sorted(data.rglob("*")) if p.is_file()}


def test_moving_items_keeps_their_ids_and_annotations(dataset: Dataset) -> None:
    ids = dataset.index.ids(Filter(split="train"))
    before = dataset.annotations(ids)
    result = Edits(dataset).move(Selection.of(ids), target_split="test")
    assert result.changed == len(ids)
    assert dataset.index.ids(Filter(split="test")) == ids
    assert dataset.annotations(ids) == before
    assert "test" in dataset.info.splits


def test_undo_gives_back_every_byte(dataset: Dataset) -> None:
    before = files_below(dataset.root)
    edits = Edits(dataset)
    ids = dataset.index.ids()
    edits.move(Selection.of(ids[:4]), target_split="test")
    edits.relabel(Selection.of(ids[2:9]), new_label="wolf")
    edits.remove(Selection.of(ids[1:3]))
    assert files_below(dataset.root) != before
    for _ in range(3):
        edits.undo()
    assert files_below(dataset.root) == before
    assert dataset.index.ids() == ids
    with pytest.raises(ConflictError, match="no edit"):
        edits.undo()


def test_undo_works_after_a_restart(tmp_path: Path) -> None:
    make_root(tmp_path, n=6)
    before = files_below(tmp_path)
    with Dataset.open(tmp_path) as dataset:
        Edits(dataset).remove(Selection(filter=Filter(split="val")))
    with Dataset.open(tmp_path) as dataset:
        Edits(dataset).undo()
        assert dataset.index.count() == 6
    assert files_below(tmp_path) == before


def test_edits_are_undone_in_reverse_order_only(dataset: Dataset) -> None:
    edits = Edits(dataset)
    first = edits.remove(Selection.of(dataset.index.ids()[:1]))
    second = edits.remove(Selection.of(dataset.index.ids()[:1]))
    with pytest.raises(ConflictError) as caught:
        edits.undo(first.edit_id)
    assert caught.value.error_code == "not-last-edit"
    assert caught.value.context["last_edit_id"] == second.edit_id


def test_a_dry_run_says_the_effect_and_changes_nothing(dataset: Dataset) -> None:
    before, version = files_below(dataset.root), dataset.version
    result = Edits(dataset).move(Selection(filter=Filter(split="val")), target_split="train", dry_run=True)
    assert result.edit_id is None
    assert result.changed == result.effect["splits"]["val"]["before"] == 4
    assert result.effect["splits"]["val"]["after"] == 0
    assert result.effect["splits"]["train"]["after"] == 12
    assert (files_below(dataset.root), dataset.version) == (before, version)


def test_relabelling_one_class_leaves_the_others(dataset: Dataset) -> None:
    before = dataset.statistics().classes
    result = Edits(dataset).relabel(
        Selection(filter=Filter(class_name="cat")), new_label="dog", from_label="cat"
    )
    after = dataset.statistics().classes
    assert after["cat"]["annotations"] == 0
    assert after["dog"]["annotations"] == before["cat"]["annotations"] + before["dog"]["annotations"]
    assert after["bird"] == before["bird"]
    assert result.effect["classes"]["dog"] == {
        "before": before["dog"]["annotations"],
        "after": after["dog"]["annotations"],
    }


def test_a_new_class_is_appended_and_old_numbers_stay(dataset: Dataset) -> None:
    classes = dataset.info.classes
    Edits(dataset).relabel(Selection(filter=Filter(class_name="cat")), new_label="wolf")
    assert dataset.info.classes == (*classes, "wolf")


def test_undoing_the_first_use_of_a_class_leaves_nothing_to_read_anew(dataset: Dataset) -> None:
    Edits(dataset).relabel(Selection.of(dataset.index.ids()), new_label="lion", from_label="dog")
    Edits(dataset).undo()
    version = dataset.version
    assert dataset.refresh().changed == 0
    assert dataset.version == version
    assert "lion" not in dataset.statistics().classes


def test_relabelling_a_classification_set_moves_between_class_folders(tmp_path: Path) -> None:
    make_root(tmp_path, n=9, task="classify")
    with Dataset.open(tmp_path) as dataset:
        ids = dataset.index.ids(Filter(class_name="cat"))
        result = Edits(dataset).relabel(Selection.of(ids), new_label="dog")
        assert result.changed == len(ids) > 0
        assert dataset.index.ids(Filter(class_name="cat")) == []
        assert set(ids) <= set(dataset.index.ids(Filter(class_name="dog")))
        assert not list((tmp_path / "data/images").glob("*/cat"))


def test_added_images_with_a_taken_name_are_renamed(dataset: Dataset, tmp_path: Path) -> None:
    name = dataset.index.page(limit=1).items[0].name
    save_image(tmp_path / "new" / name, make_image_of(7))
    save_image(tmp_path / "new" / "한글 이미지.png", make_image_of(8))
    result = Edits(dataset).add(additions_from_paths([tmp_path / "new"]), target_split="extra")
    assert result.changed == 2
    names = {item.name for item in dataset.index.page(Filter(split="extra")).items}
    assert "한글 이미지.png" in names
    assert name not in names
    assert dataset.index.count() == 14


def make_image_of(seed: int):
    import numpy as np

    return make_image(np.random.default_rng(seed))


def test_adding_an_image_that_is_here_counts_a_duplicate_and_a_leak(dataset: Dataset) -> None:
    item = dataset.index.page(Filter(split="train"), limit=1).items[0]
    source = dataset.layout.data / item.path
    edits = Edits(dataset)
    effect = edits.add(additions_from_paths([source]), target_split="val", dry_run=True).effect
    assert (effect["duplicates_introduced"], effect["leaks_introduced"]) == (1, 1)
    skipping = edits.add(additions_from_paths([source]), target_split="val", skip_duplicates=True)
    assert skipping.skipped == ((source.name, "duplicate-content"),)
    assert skipping.edit_id is None


def test_what_cannot_be_is_refused(dataset: Dataset) -> None:
    edits = Edits(dataset)
    some = Selection.of(dataset.index.ids()[:2])
    cases = [
        (lambda: edits.move(some, target_split="../x"), InvalidInputError, "invalid-split"),
        (lambda: edits.move(some, target_split=""), InvalidInputError, "invalid-split"),
        (lambda: edits.relabel(some, new_label=" "), InvalidInputError, "invalid-label"),
        (
            lambda: edits.relabel(some, new_label="cat", from_label="unicorn"),
            InvalidInputError,
            "unknown-class",
        ),
        (lambda: edits.remove(Selection.of([])), EmptySelectionError, "empty-selection"),
        (lambda: edits.remove(Selection.of(["0" * 16])), EmptySelectionError, "empty-selection"),
        (
            lambda: edits.remove(Selection(filter=Filter(split="nope"))),
            EmptySelectionError,
            "empty-selection",
        ),
        (lambda: edits.remove(some, expected_version="old"), StaleVersionError, "stale-version"),
        (lambda: edits.add([], target_split="train"), EmptySelectionError, "empty-selection"),
    ]
    before = files_below(dataset.root)
    for call, kind, code in cases:
        with pytest.raises(kind) as caught:
            call()
        assert caught.value.error_code == code
    assert files_below(dataset.root) == before


def test_items_already_there_are_skipped_with_a_code(dataset: Dataset) -> None:
    ids = dataset.index.ids(Filter(split="train"))
    result = Edits(dataset).move(Selection.of(ids), target_split="train")
    assert result.changed == 0
    assert result.edit_id is None
    assert result.skipped == tuple((i, "already-there") for i in ids)
