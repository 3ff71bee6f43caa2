"""The quality queue, previews, recipes and re-splitting."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ddoc.dataset import quality
from ddoc.dataset.additions import additions_from_paths
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.edits import Edits
from ddoc.dataset.filters import Filter
from ddoc.dataset.items import Annotation, Box
from ddoc.dataset.labels import ItemLabels, write_labels
from ddoc.dataset.previews import thumbnail_of
from ddoc.dataset.recipes import export_recipe, replay_recipe
from ddoc.dataset.selections import Selection
from ddoc.errors import InvalidInputError
from tests.fixtures.make_data import make_root


@pytest.fixture
def dataset(tmp_path: Path) -> Iterator[Dataset]:
    make_root(tmp_path / "root", n=30, splits=("train", "val"))
    with Dataset.open(tmp_path / "root") as opened:
        yield opened


def copy_to(dataset: Dataset, item_id: str, split: str) -> None:
    source = dataset.layout.data / dataset.index.get(item_id).path
    Edits(dataset).add(additions_from_paths([source]), target_split=split)


def test_equal_images_in_two_splits_are_a_leak_with_a_best_one_to_keep(dataset: Dataset) -> None:
    item_id = dataset.index.ids(Filter(split="train", has_annotations=True))[0]
    copy_to(dataset, item_id, "val")
    found = quality.queue(dataset)
    assert found["counts"]["exact_groups"] == found["counts"]["leaks"] == 1
    group = found["leaks"][0]
    assert group["kind"] == "exact"
    assert group["splits"] == ["train", "val"]
    assert group["keep"] == item_id
    Edits(dataset).remove(Selection.of(group["remove"]))
    assert quality.queue(dataset)["counts"]["leaks"] == 0


def test_near_groups_come_from_the_analysis(dataset: Dataset) -> None:
    table = dataset.index.items_table()
    n = table.num_rows
    group = np.full(n, -1, np.int32)
    group[[2, 5, 9]] = 4
    zeros = np.zeros(n, np.float32)
    dataset.index.load_groups(
        pa.table(
            {
                "content_hash": table.column("content_hash"),
                "cluster": np.full(n, -1, np.int32),
                "duplicate_group": group,
                "outlier": zeros,
                "x": zeros,
                "y": zeros,
            }
        )
    )
    found = quality.queue(dataset)
    ids = table.column("item_id").to_pylist()
    assert found["counts"]["near_groups"] == 1
    assert {i["item_id"] for i in found["duplicates"][0]["items"]} == {ids[2], ids[5], ids[9]}
    assert dataset.index.ids(Filter(duplicate_group=4)) == [ids[2], ids[5], ids[9]]
    assert dataset.index.count(Filter(duplicate_group=-1)) == 0
    (near,) = quality.near_groups(dataset)["groups"]
    assert (near["group"], near["exact"]) == (4, False)
    assert [i["item_id"] for i in near["items"]] == [ids[2], ids[5], ids[9]]
    assert quality.near_groups(dataset, limit=0) == {"groups": [], "total": 1}


def test_planted_label_errors_are_found(dataset: Dataset) -> None:
    item = next(i for i in dataset.index.page().items if i.annotation_count)
    boxes = (
        Annotation("cat", Box(5, 5, 25, 25)),
        Annotation("cat", Box(5, 5, 25, 25.3)),
        Annotation("dog", Box(30, 30, 31, 40)),
    )
    write_labels(
        dataset.layout.data,
        item.path,
        ItemLabels(boxes),
        info=dataset.info,
        width=item.width,
        height=item.height,
    )
    dataset.refresh()
    rows = quality.queue(dataset)["labels"]
    codes = {(row["item_id"], row["code"]) for row in rows}
    assert {(r["image_size"]["width"], r["image_size"]["height"]) for r in rows} == {
        (item.width, item.height)
    }
    assert (item.item_id, "duplicate-box") in codes
    assert (item.item_id, "tiny-box") in codes


def test_a_box_unlike_its_class_is_odd(tmp_path: Path) -> None:
    make_root(tmp_path, n=30, size=(640, 480))
    with Dataset.open(tmp_path) as dataset:
        rng = np.random.default_rng(0)
        items = dataset.index.page().items
        for number, item in enumerate(items):
            side = 400.0 if number == 7 else 40 + rng.normal() * 2
            labels = ItemLabels((Annotation("cat", Box(10, 10, 10 + side, 10 + side)),))
            write_labels(dataset.layout.data, item.path, labels, info=dataset.info, width=640, height=480)
        dataset.refresh()
        rows = quality.queue(dataset)["labels"]
        assert [(r["item_id"], r["code"]) for r in rows] == [(items[7].item_id, "odd-box-size")]


def test_thumbnails_are_kept_by_content_and_survive_a_move(dataset: Dataset) -> None:
    item = dataset.index.page(Filter(split="train"), limit=1).items[0]
    data = thumbnail_of(dataset.layout, item, 200)
    assert data[:4] == b"RIFF"
    Edits(dataset).move(Selection.of([item.item_id]), target_split="val")
    moved = dataset.index.get(item.item_id)
    assert moved.path != item.path
    assert thumbnail_of(dataset.layout, moved, 256) == data
    assert len(list(dataset.layout.thumbnails.rglob("*.webp"))) == 1
    for size in (0, -1, 5_000):
        with pytest.raises(InvalidInputError):
            thumbnail_of(dataset.layout, item, size)


def test_the_thumbnail_cache_is_capped(dataset: Dataset) -> None:
    for item in dataset.index.page().items:
        thumbnail_of(dataset.layout, item, 64, cap_bytes=1)
    left = list(dataset.layout.thumbnails.rglob("*.webp"))
    assert len(left) < 30


def test_a_recipe_repeats_on_another_workspace_and_says_what_differed(
    dataset: Dataset, tmp_path: Path
) -> None:
    edits = Edits(dataset)
    edits.move(Selection(filter=Filter(split="val")), target_split="test")
    edits.relabel(Selection(filter=Filter(class_name="cat")), new_label="lion", from_label="cat")
    edits.remove(Selection.of(dataset.index.ids()[:2]))
    copy_to(dataset, dataset.index.ids()[0], "train")
    recipe = export_recipe(dataset)
    assert [step["kind"] for step in recipe["steps"]] == ["move", "relabel", "remove", "add"]
    make_root(tmp_path / "other", n=20, seed=9)
    with Dataset.open(tmp_path / "other") as other:
        dry = replay_recipe(other, recipe, dry_run=True)
        assert other.index.count(Filter(split="test")) == 0
        assert dry["steps"][0]["changed"] > 0
        report = replay_recipe(other, recipe)
        assert [row["outcome"] for row in report["steps"]][:2] == ["done", "done"]
        assert report["steps"][3]["outcome"] == "not-portable"
        assert report["differs"]
        assert other.index.count(Filter(split="val")) == 0
        assert other.index.count(Filter(class_name="cat")) == 0
    with pytest.raises(InvalidInputError):
        replay_recipe(dataset, {"recipe": 99})


def test_undone_edits_are_not_in_the_recipe(dataset: Dataset) -> None:
    edits = Edits(dataset)
    mark = edits.mark()
    edits.remove(Selection.of(dataset.index.ids()[:1]))
    edits.undo()
    assert export_recipe(dataset, since=mark)["steps"] == []


def test_resplitting_is_exact_and_keeps_class_shares(tmp_path: Path) -> None:
    make_root(tmp_path, n=100)
    with Dataset.open(tmp_path) as dataset:
        result = Edits(dataset).split(ratios={"train": 0.7, "val": 0.2, "test": 0.1})
        stats = dataset.statistics()
        assert stats.splits == {"test": 10, "train": 70, "val": 20}
        assert result.effect["splits"]["test"]["after"] == 10
        cats = {s: dataset.index.count(Filter(split=s, class_name="cat")) for s in stats.splits}
        total = dataset.index.count(Filter(class_name="cat"))
        for split, share in (("train", 0.7), ("val", 0.2), ("test", 0.1)):
            assert abs(cats[split] - share * total) <= 2
        Edits(dataset).undo()
        assert dataset.statistics().splits == {"train": 66, "val": 34}


def test_a_stable_split_moves_nothing_when_the_set_grows(tmp_path: Path) -> None:
    make_root(tmp_path, n=60)
    with Dataset.open(tmp_path) as dataset:
        options = {"ratios": {"train": 0.5, "val": 0.5}, "stable": True, "seed": 4}
        Edits(dataset).split(**options)
        before = {i: dataset.index.get(i).split for i in dataset.index.ids()}
        make_root(tmp_path / "more", n=20, seed=77)
        Edits(dataset).add(additions_from_paths([tmp_path / "more/data/images"]), target_split="train")
        Edits(dataset).split(**options)
        assert {i: dataset.index.get(i).split for i in before} == before
        assert 15 < dataset.index.count(Filter(split="val")) < 65


def test_frozen_splits_stay_and_groups_do_not_straddle(tmp_path: Path) -> None:
    make_root(tmp_path, n=40, splits=("train", "test"))
    with Dataset.open(tmp_path) as dataset:
        frozen = set(dataset.index.ids(Filter(split="test")))
        for item_id in dataset.index.ids(Filter(split="train"))[:6]:
            copy_to(dataset, item_id, "val")
        Edits(dataset).split(
            ratios={"train": 0.6, "val": 0.4, "test": 0.2}, frozen=["test"], group_by="duplicates"
        )
        assert set(dataset.index.ids(Filter(split="test"))) == frozen
        assert quality.queue(dataset)["counts"]["leaks"] == 0
        splits = dataset.statistics().splits
        assert abs(splits["train"] - 0.6 * (splits["train"] + splits["val"])) <= 2


@pytest.mark.parametrize(
    "options",
    [
        {"ratios": {}},
        {"ratios": {"train": 0}},
        {"ratios": {"tr/ain": 1}},
        {"ratios": {"train": 1}, "frozen": ["train"]},
        {"ratios": {"train": 1}, "group_by": "colour"},
    ],
)
def test_a_split_that_cannot_be_is_refused(dataset: Dataset, options: dict) -> None:
    with pytest.raises(InvalidInputError):
        Edits(dataset).split(**options)


def test_a_view_can_be_named_and_found_again_after_a_restart(dataset: Dataset) -> None:
    from ddoc.dataset.saved_views import SavedViews

    views = SavedViews(dataset.layout)
    saved = views.save("흐린 사진", Filter(split="val", text="a"), "-name")
    views.save("흐린 사진", Filter(split="train"), "-name")
    again = SavedViews(dataset.layout)
    assert [v.name for v in again.list()] == ["흐린 사진"]
    assert again.get(saved.saved_id).filter == Filter(split="train")
    again.delete(saved.saved_id)
    assert again.list() == []
    for name in ("Big boxes", "big-boxes", "Big boxes"):
        views.save(name, Filter())
    assert sorted(v.name for v in views.list()) == ["Big boxes", "big-boxes"]
    with pytest.raises(InvalidInputError):
        views.save("  ", Filter())


def test_emptying_the_trash_frees_it_and_ends_undo(dataset: Dataset) -> None:
    from ddoc.errors import ConflictError

    edits = Edits(dataset)
    edits.remove(Selection.of(dataset.index.ids()[:3]))
    assert edits.empty_trash() > 0
    assert not dataset.layout.trash.exists()
    with pytest.raises(ConflictError):
        edits.undo()
    edits.remove(Selection.of(dataset.index.ids()[:1]))
    edits.undo()
