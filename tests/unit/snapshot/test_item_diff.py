import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddoc.core.annotation_diff import diff_annotations
from ddoc.core.item_changes import IMAGE_SUFFIXES, split_and_name
from ddoc.core.snapshot_service import SnapshotService
from ddoc.core.workspace_service import WorkspaceService
from ddoc.dataset import images
from ddoc.dataset.info import read_info
from ddoc.dataset.items import Annotation, Box
from ddoc.dataset.labels import ItemLabels, read_labels, write_labels
from ddoc.dataset.scan import split_path
from ddoc.errors import InvalidInputError, NotFoundError
from tests.fixtures.make_data import make_root

SIZE = (64, 48)


def _labels(root: Path, image: str) -> list[Annotation]:
    data = root / "data"
    found = read_labels(data, image, info=read_info(data), width=SIZE[0], height=SIZE[1])
    return list(found.annotations or ())


def _write(root: Path, image: str, annotations: Sequence[Annotation]) -> None:
    data = root / "data"
    labels = ItemLabels(tuple(annotations))
    write_labels(data, image, labels, info=read_info(data), width=SIZE[0], height=SIZE[1])


def _images(root: Path) -> list[str]:
    data = root / "data"
    return sorted(p.relative_to(data).as_posix() for p in (data / "images").rglob("*.jpg"))


def test_boxes_are_told_added_removed_moved_and_relabelled_with_both_geometries(
    root: Path, snapshots: SnapshotService
) -> None:
    image = _images(root)[2]
    keep, moved = Annotation("cat", Box(1, 1, 9, 9)), Annotation("dog", Box(20, 20, 40, 40))
    named, gone = Annotation("bird", Box(50, 2, 60, 12)), Annotation("cat", Box(2, 30, 12, 46))
    _write(root, image, [keep, moved, named, gone])
    snapshots.create_snapshot("Before")
    shifted, renamed = Annotation("dog", Box(22, 21, 42, 41)), Annotation("cat", Box(50, 2, 60, 12))
    new = Annotation("bird", Box(30, 2, 44, 10))
    _write(root, image, [keep, shifted, renamed, new])
    page = snapshots.diff("v3", "working").page()
    (item,) = page["items"]
    assert item["change"] == "relabelled"
    assert item["old"]["path"] == item["new"]["path"] == image
    assert (item["old"]["width"], item["old"]["height"]) == SIZE
    found = item["annotations"]
    assert [a["class_name"] for a in found["added"]] == ["bird"]
    assert [a["box"] for a in found["removed"]] == [{"x": 2, "y": 30, "width": 10, "height": 16}]
    assert [(p["old"]["box"]["x"], p["new"]["box"]["x"]) for p in found["moved"]] == [(20, 22)]
    assert [(p["old"]["class_name"], p["new"]["class_name"]) for p in found["relabelled"]] == [
        ("bird", "cat")
    ]
    assert found["unchanged"] == 1
    assert page["counts"]["boxes_moved"] == 1
    assert page["classes"]["cat"] == {"added": 0, "removed": 1, "moved": 0, "relabelled": 1, "changed": 0}


def test_items_are_told_added_removed_changed_and_moved(root: Path, snapshots: SnapshotService) -> None:
    data = root / "data"
    train = [i for i in _images(root) if "/train/" in i]
    (data / train[0]).unlink()
    (data / train[1]).write_bytes((data / train[1]).read_bytes() + b"x")
    moved_to = train[2].replace("/train/", "/val/")
    (data / train[2]).rename(data / moved_to)
    label = data / train[2].replace("images", "labels").replace(".jpg", ".txt")
    label.rename(Path(str(label).replace("/train/", "/val/")))
    (data / "images" / "val" / "new.jpg").write_bytes((data / train[3]).read_bytes())
    found = snapshots.diff("v2", "working")
    page = found.page()
    by_change = {item["change"]: item for item in page["items"]}
    assert {c: page["counts"][c] for c in ("added", "removed", "changed", "moved", "relabelled")} == {
        "added": 1,
        "removed": 1,
        "changed": 1,
        "moved": 1,
        "relabelled": 0,
    }
    assert (by_change["moved"]["old"]["split"], by_change["moved"]["new"]["split"]) == ("train", "val")
    assert by_change["moved"]["annotations"]["added"] == []
    assert by_change["added"]["old"] is None
    assert by_change["removed"]["new"] is None
    assert found.page(change="moved")["total"] == 1
    status = snapshots.status()
    assert (status.added, status.removed, status.modified) == (1, 1, 2)
    made = snapshots.create_snapshot("Third")
    assert made.changes == {
        **made.changes,
        "added": 1,
        "removed": 1,
        "modified": 2,
        "moved": 1,
        "relabelled": 0,
    }
    backwards = snapshots.diff("v3", "v2").page()["counts"]
    assert (backwards["added"], backwards["removed"], backwards["moved"]) == (1, 1, 1)


def test_pages_of_a_diff_go_on_where_the_last_ended(root: Path, snapshots: SnapshotService) -> None:
    for image in _images(root):
        _write(root, image, [Annotation("cat", Box(1, 1, 5, 5))])
    found = snapshots.diff("v2", "working")
    first = found.page(limit=2)
    second = found.page(limit=100, cursor=first["next_cursor"])
    names = [i["file_name"] for i in first["items"] + second["items"]]
    assert names == sorted(names)
    assert len(names) == len(set(names)) == first["total"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("options", [{"change": "eaten"}, {"cursor": "!"}])
def test_a_page_that_cannot_be_is_refused(snapshots: SnapshotService, options: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        snapshots.diff("v1", "v2").page(**options)  # pyright: ignore


def test_a_diff_with_an_unknown_version_is_not_found(snapshots: SnapshotService) -> None:
    with pytest.raises(NotFoundError):
        snapshots.diff("v1", "v9")


def test_a_changed_sidecar_alone_is_a_changed_annotation(root: Path, snapshots: SnapshotService) -> None:
    image = _images(root)[2]
    box = Box(1.3, 1.1, 9.7, 9.9)
    _write(root, image, [Annotation("cat", box, extra={"truncated": 0})])
    snapshots.create_snapshot("Before")
    _write(root, image, [Annotation("cat", box, extra={"truncated": 1})])
    (item,) = snapshots.diff("v3", "working").page()["items"]
    assert len(item["annotations"]["changed"]) == 1
    assert json.dumps(item)


def test_an_image_that_cannot_be_read_keeps_its_boxes_in_the_diff(
    root: Path, snapshots: SnapshotService
) -> None:
    image = _images(root)[2]
    _write(root, image, [Annotation("cat", Box(1, 1, 5, 5))])
    snapshots.create_snapshot("Before")
    (root / "data" / image).write_bytes(b"broken")
    (item,) = snapshots.diff("v3", "working").page()["items"]
    assert item["change"] == "changed"
    assert item["annotations"]["unchanged"] == 1


def test_a_class_folder_is_the_label_of_a_classification_image(tmp_path: Path) -> None:
    make_root(tmp_path / "source", n=8, task="classify")
    root = tmp_path / "ws"
    WorkspaceService().init_workspace(root, source=tmp_path / "source", name="Classes")
    snapshots = SnapshotService(root)
    image = sorted((root / "data" / "images" / "train").rglob("*.jpg"))[0]
    old = image.parent.name
    new = "dog" if old != "dog" else "bird"
    target = image.parent.parent / new / image.name
    target.parent.mkdir(exist_ok=True)
    image.rename(target)
    (item,) = snapshots.diff("v1", "working").page()["items"]
    assert item["changes"] == ["moved", "relabelled"]
    assert [(p["old"]["class_name"], p["new"]["class_name"]) for p in item["annotations"]["relabelled"]] == [
        (old, new)
    ]
    assert sum(snapshots.get("v1").data.classes.values()) == 8


BOXES = st.tuples(*[st.integers(0, 40)] * 2, *[st.integers(1, 20)] * 2).map(
    lambda b: Box(b[0], b[1], b[0] + b[2], b[1] + b[3])
)
ANNOTATIONS = st.lists(st.builds(Annotation, st.sampled_from(["cat", "dog"]), BOXES), max_size=8)


@given(ANNOTATIONS, ANNOTATIONS)
def test_every_annotation_of_both_sides_is_told_once(old: list[Annotation], new: list[Annotation]) -> None:
    found = diff_annotations(old, new)
    pairs = [*found.moved, *found.relabelled, *found.changed]
    assert len(found.removed) + len(pairs) + found.unchanged == len(old)
    assert len(found.added) + len(pairs) + found.unchanged == len(new)
    assert all(a.class_name == b.class_name and a.box != b.box for a, b in found.moved)
    assert all(a.class_name != b.class_name for a, b in found.relabelled)


@given(ANNOTATIONS)
def test_nothing_differs_from_itself_in_any_order(annotations: list[Annotation]) -> None:
    assert diff_annotations(annotations, list(reversed(annotations))).is_same


@pytest.mark.parametrize("path", ["images/train/a.jpg", "images/train/cat/a.jpg", "images/val/cat/b/가.jpg"])
@pytest.mark.parametrize("classify", [False, True])
def test_items_are_named_as_the_index_names_them(path: str, classify: bool) -> None:
    assert split_and_name(path, classify=classify) == split_path(path, classify=classify)


def test_images_are_told_by_the_suffixes_that_the_index_knows() -> None:
    assert set(IMAGE_SUFFIXES) == set(images.IMAGE_SUFFIXES)
