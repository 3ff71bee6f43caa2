"""Every layout that tools write is detected and read as the same dataset."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ddoc.dataset.images import probe_image
from ddoc.dataset.info import read_info
from ddoc.dataset.items import Annotation
from ddoc.dataset.labels import read_labels
from ddoc.errors import InvalidInputError
from ddoc.formats.ingest import IngestResult, ingest
from tests.fixtures.make_data import (
    CLASSES,
    SIZE,
    MadeImage,
    make_coco,
    make_image,
    make_imagefolder,
    make_root,
    make_voc,
    make_yolo,
    save_image,
)

Content = dict[tuple[str, str], tuple[Annotation, ...] | None]


def content(root: Path) -> Content:
    """Return (split, name) → annotations of a root, details left out."""
    data = root / "data"
    info = read_info(data)
    found: Content = {}
    for path in sorted((data / "images").rglob("*")):
        if path.is_file():
            image = path.relative_to(data).as_posix()
            header = probe_image(path)
            labels = read_labels(data, image, info=info, width=header.width, height=header.height)
            assert labels.issues == ()
            mine = labels.annotations
            plain = None if mine is None else tuple(Annotation(a.class_name, a.box, a.polygons) for a in mine)
            found[(image.split("/")[1], image.split("/", 2)[2])] = plain
    return found


def expected(made: list[MadeImage]) -> dict[tuple[str, str], list[tuple[str, tuple[int, ...]]]]:
    return {
        (m.split, m.name): [(CLASSES[c], (x, y, x + w, y + h)) for c, x, y, w, h in m.boxes] for m in made
    }


def assert_is(root: Path, made: list[MadeImage]) -> None:
    read = content(root)
    plain = {
        key: [(a.class_name, (a.box.x1, a.box.y1, a.box.x2, a.box.y2)) for a in mine or () if a.box]
        for key, mine in read.items()
    }
    assert plain == expected(made)
    assert all(mine is not None for mine in read.values())


def codes(result: IngestResult) -> dict[str, int]:
    return {row["code"]: row["count"] for row in result.report.to_json()}


@pytest.mark.parametrize("make", [make_yolo, make_coco, make_voc])
def test_a_set_is_read_to_the_pixel(tmp_path: Path, make: object) -> None:
    made = make(tmp_path / "s", n=20, seed=3)  # type: ignore[operator]
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert result.format == make.__name__.removeprefix("make_")  # type: ignore[attr-defined]
    assert_is(tmp_path / "r", made)
    assert result.annotations == sum(len(m.boxes) for m in made)
    assert set(codes(result)) <= {"one-based-boxes"}
    assert set(result.info.classes) == set(CLASSES)


def test_yolo_with_the_split_above_images(tmp_path: Path) -> None:
    made = make_yolo(tmp_path / "made")
    for split in ("train", "val"):
        for kind in ("images", "labels"):
            target = tmp_path / "s" / ("valid" if split == "val" else split) / kind
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(tmp_path / "made" / kind / split, target)
    yaml = (
        "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnames: ['cat', 'dog', 'bird']\n"
    )
    (tmp_path / "s" / "data.yaml").write_text(yaml)
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert_is(tmp_path / "r", made)
    assert codes(result) == {"split-missing": 1}


def test_yolo_without_yaml_names_its_classes_by_number(tmp_path: Path) -> None:
    made = make_yolo(tmp_path / "s")
    (tmp_path / "s" / "data.yaml").unlink()
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert result.format == "yolo"
    assert result.info.classes == ("class_0", "class_1", "class_2")
    assert result.annotations == sum(len(m.boxes) for m in made)


def test_yolo_with_classes_txt_and_text_beside_the_images(tmp_path: Path) -> None:
    made = make_yolo(tmp_path / "made", splits=("train",))
    (tmp_path / "s").mkdir()
    for path in [*(tmp_path / "made").rglob("*.jpg"), *(tmp_path / "made").rglob("*.txt")]:
        shutil.copy(path, tmp_path / "s")
    (tmp_path / "s" / "classes.txt").write_text("cat\ndog\nbird\n")
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert_is(tmp_path / "r", made)
    assert codes(result) == {"no-split": len(made)}


def test_yolo_splits_by_list_files(tmp_path: Path) -> None:
    made = make_yolo(tmp_path / "made")
    for kind in ("images", "labels"):
        (tmp_path / "s" / kind).mkdir(parents=True)
        for path in (tmp_path / "made" / kind).rglob("*.*"):
            shutil.copy(path, tmp_path / "s" / kind)
    for split in ("train", "val"):
        lines = "".join(f"./images/{m.name}\n" for m in made if m.split == split)
        (tmp_path / "s" / f"{split}.txt").write_text(lines)
    (tmp_path / "s" / "data.yaml").write_text(
        "path: /data/x\ntrain: train.txt\nval: val.txt\nnames: [cat, dog, bird]\n"
    )
    ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert_is(tmp_path / "r", made)


def test_a_lone_folder_around_everything_is_no_part_of_the_names(tmp_path: Path) -> None:
    made = make_yolo(tmp_path / "s" / "my dataset" / "v1")
    ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert_is(tmp_path / "r", made)


def test_coco_as_roboflow_lays_it_out(tmp_path: Path) -> None:
    made = make_coco(tmp_path / "s")
    for split in ("train", "val"):
        json_file = tmp_path / "s" / "annotations" / f"instances_{split}.json"
        json_file.rename(tmp_path / "s" / split / "_annotations.coco.json")
    (tmp_path / "s" / "val").rename(tmp_path / "s" / "valid")
    ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert_is(tmp_path / "r", made)


def test_coco_with_one_json_and_any_folders(tmp_path: Path) -> None:
    made = make_coco(tmp_path / "s", splits=("train",))
    (tmp_path / "s" / "train").rename(tmp_path / "s" / "pictures of pets")
    (tmp_path / "s" / "annotations" / "instances_train.json").rename(tmp_path / "s" / "result.json")
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert_is(tmp_path / "r", made)
    assert codes(result) == {"no-split": len(made)}


def test_coco_with_a_second_json_of_the_same_images_counts_nothing_twice(tmp_path: Path) -> None:
    made = make_coco(tmp_path / "s", splits=("train",))
    annotations = tmp_path / "s" / "annotations"
    shutil.copy(annotations / "instances_train.json", annotations / "person_keypoints_train.json")
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert_is(tmp_path / "r", made)
    assert codes(result)["duplicate-annotation"] == sum(len(m.boxes) for m in made)


def test_voc_as_labelimg_lays_it_out(tmp_path: Path) -> None:
    made = make_voc(tmp_path / "made", splits=("train",))
    (tmp_path / "s").mkdir()
    for path in [*(tmp_path / "made").rglob("*.jpg"), *(tmp_path / "made").rglob("*.xml")]:
        shutil.copy(path, tmp_path / "s")
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert_is(tmp_path / "r", made)
    assert codes(result)["no-split"] == len(made)


def test_voc_as_roboflow_lays_it_out(tmp_path: Path) -> None:
    made = make_voc(tmp_path / "made")
    for m in made:
        folder = tmp_path / "s" / ("valid" if m.split == "val" else m.split)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(tmp_path / "made" / "JPEGImages" / m.name, folder)
        shutil.copy(tmp_path / "made" / "Annotations" / f"{Path(m.name).stem}.xml", folder)
    ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert_is(tmp_path / "r", made)


def test_of_overlapping_lists_train_wins_over_val_over_trainval(tmp_path: Path) -> None:
    made = make_voc(tmp_path / "s", n=6, splits=("train", "val"))
    main = tmp_path / "s" / "ImageSets" / "Main"
    every = "".join(f"{Path(m.name).stem}\n" for m in made)
    (main / "trainval.txt").write_text(every)
    (main / "val.txt").write_text(every)
    (main / "cat_train.txt").write_text("".join(f"{Path(m.name).stem} -1\n" for m in made))
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert_is(tmp_path / "r", made)
    assert codes(result)["in-several-lists"] == sum(m.split == "train" for m in made)


def test_voc_classes_come_in_order_of_first_appearance_unless_a_labelmap_says(tmp_path: Path) -> None:
    made = make_voc(tmp_path / "s", n=9)
    order = list(dict.fromkeys(CLASSES[c] for m in made for c, *_ in m.boxes))
    assert ingest(tmp_path / "s", tmp_path / "r", name="x").info.classes == tuple(order)
    (tmp_path / "s" / "labelmap.txt").write_text(
        "# label:color:parts:actions\nbackground:0,0,0::\nbird:1,1,1::\ncat:2,2,2::\n"
    )
    assert ingest(tmp_path / "s", tmp_path / "r2", name="x").info.classes[:2] == ("bird", "cat")


def test_imagefolder_with_and_without_splits(tmp_path: Path) -> None:
    for splits in (("train", "val"), ()):
        folder = tmp_path / f"s{len(splits)}"
        made = make_imagefolder(folder, splits=splits)
        result = ingest(folder, tmp_path / f"r{len(splits)}", name="x")
        assert (result.format, result.info.task) == ("imagefolder", "classify")
        assert result.info.classes == tuple(sorted(CLASSES))
        read = content(tmp_path / f"r{len(splits)}")
        assert read == {
            (split or "train", f"{label}/{name}"): (Annotation(label),) for split, label, name in made
        }


def test_equal_names_in_two_class_folders_are_kept_apart(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        save_image(tmp_path / "s" / label / "1.jpg", make_image(np.random.default_rng(len(label))))
    save_image(tmp_path / "s" / "dog" / "2.jpg", make_image(np.random.default_rng(5)))
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert set(content(tmp_path / "r")) == {
        ("train", "cat/1.jpg"),
        ("train", "dog/1-2.jpg"),
        ("train", "dog/2.jpg"),
    }
    assert codes(result)["name-clash"] == 1


def test_a_plain_folder_of_images(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.png", "한글 이름.jpg"):
        save_image(tmp_path / "s" / name, make_image(np.random.default_rng(0), 10 + len(name)))
    (tmp_path / "s" / "notes.docx").write_bytes(b"x")
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert result.format == "images"
    assert content(tmp_path / "r") == {("train", n): None for n in ("a.jpg", "b.png", "한글 이름.jpg")}
    assert codes(result) == {"unread-file": 1, "no-split": 3}


def test_roboflow_csv_of_boxes_and_of_classes(tmp_path: Path) -> None:
    made = make_yolo(tmp_path / "made", splits=("train",))
    shutil.copytree(tmp_path / "made" / "images" / "train", tmp_path / "s" / "train")
    lines = ["filename,width,height,class,xmin,ymin,xmax,ymax"]
    lines += [
        f"{m.name},{SIZE[0]},{SIZE[1]},{CLASSES[c]},{x},{y},{x + w},{y + h}"
        for m in made
        for c, x, y, w, h in m.boxes
    ]
    (tmp_path / "s" / "train" / "_annotations.csv").write_text("\n".join(lines))
    ingest(tmp_path / "s", tmp_path / "r", name="x")
    boxed = {k: v or () for k, v in content(tmp_path / "r").items()}
    assert sum(len(v) for v in boxed.values()) == sum(len(m.boxes) for m in made)
    rows = [
        "filename, cat, dog, bird",
        *(f"{m.name}, {int(i % 2 == 0)}, {int(i % 2)}, 0" for i, m in enumerate(made)),
    ]
    (tmp_path / "s" / "train" / "_annotations.csv").unlink()
    (tmp_path / "s" / "train" / "_classes.csv").write_text("\n".join(rows))
    result = ingest(tmp_path / "s", tmp_path / "r2", name="x")
    assert (result.info.task, result.info.classes, result.annotations) == ("classify", CLASSES, len(made))


def test_our_own_layout_is_read_back(tmp_path: Path) -> None:
    for task in ("detect", "classify"):
        info = make_root(tmp_path / task, task=task, splits=("train", "holdout"))
        result = ingest(tmp_path / task / "data", tmp_path / f"r-{task}", name="made")
        assert result.info.classes == info.classes
        assert content(tmp_path / f"r-{task}") == content(tmp_path / task)


def test_a_format_can_be_forced(tmp_path: Path) -> None:
    made = make_yolo(tmp_path / "s")
    result = ingest(tmp_path / "s", tmp_path / "r", name="x", format="images")
    assert (result.format, result.items, result.annotations) == ("images", len(made), 0)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ("coco", "format-mismatch"),
        ("voc", "format-mismatch"),
        ("csv", "format-mismatch"),
        ("x", "unknown-format"),
    ],
)
def test_a_forced_format_that_does_not_fit_is_refused(tmp_path: Path, form: str, code: str) -> None:
    make_yolo(tmp_path / "s")
    with pytest.raises(InvalidInputError) as caught:
        ingest(tmp_path / "s", tmp_path / "r", name="x", format=form)
    assert caught.value.error_code == code
    assert not (tmp_path / "r" / "data").exists()


def zip_of(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w") as writer:
        for path in sorted(folder.rglob("*")):
            writer.write(path, path.relative_to(folder))
    return archive


@pytest.mark.parametrize("make", [make_yolo, make_coco, make_voc])
def test_an_archive_reads_as_its_folder(tmp_path: Path, make: object) -> None:
    made = make(tmp_path / "s")  # type: ignore[operator]
    archive = zip_of(tmp_path / "s", tmp_path / "s.zip")
    ingest(archive, tmp_path / "r", name="x")
    assert_is(tmp_path / "r", made)
    assert archive.exists()
    assert list((tmp_path / "r" / ".ddoc" / "tmp").iterdir()) == []


def test_a_zip_without_images_is_refused(tmp_path: Path) -> None:
    for at, files in enumerate(({}, {"a.txt": b"x"}, {"a.jpg": b"not an image at all, sorry"})):
        with zipfile.ZipFile(tmp_path / f"{at}.zip", "w") as writer:
            for name, data in files.items():
                writer.writestr(name, data)
        with pytest.raises(InvalidInputError) as caught:
            ingest(tmp_path / f"{at}.zip", tmp_path / f"r{at}", name="x")
        assert caught.value.error_code == "no-images"
        assert not (tmp_path / f"r{at}" / "data").exists()
        assert list((tmp_path / f"r{at}" / ".ddoc" / "tmp").iterdir()) == []


def test_links_and_odd_names_in_a_folder_are_left_out_and_reported(tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    save_image(secret, make_image(np.random.default_rng(0)))
    save_image(tmp_path / "s" / "a.jpg", make_image(np.random.default_rng(1)))
    save_image(tmp_path / "s" / "b\u202e.jpg", make_image(np.random.default_rng(2)))
    save_image(tmp_path / "s" / "._a.jpg", make_image(np.random.default_rng(2)))
    (tmp_path / "s" / "link.jpg").symlink_to(secret)
    (tmp_path / "s" / "folder").symlink_to(tmp_path)
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert result.items == 1
    assert codes(result) == {"link": 2, "unsafe-name": 1, "system-file": 1, "no-split": 1}


def test_stems_that_would_share_a_label_file_are_kept_apart(tmp_path: Path) -> None:
    for name in ("train/a.jpg", "train/a.png", "val/A.jpg", "val/sub/a.jpg"):
        save_image(tmp_path / "s" / name, make_image(np.random.default_rng(len(name)), 20 + len(name)))
    result = ingest(tmp_path / "s", tmp_path / "r", name="x", format="images")
    names = set(content(tmp_path / "r"))
    assert names == {("train", "a.jpg"), ("train", "a-2.png"), ("val", "A-3.jpg"), ("val", "sub/a.jpg")}
    assert codes(result)["name-clash"] == 2


def test_equal_bytes_are_named_within_and_across_splits(tmp_path: Path) -> None:
    image = make_image(np.random.default_rng(0))
    for name in ("train/a.jpg", "train/b.jpg", "val/c.jpg"):
        save_image(tmp_path / "s" / name, image)
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert codes(result) == {"identical-images": 1, "identical-across-splits": 1}
    assert result.items == 3


def test_a_registered_folder_is_left_as_it_was(tmp_path: Path) -> None:
    make_yolo(tmp_path / "s")
    before = {p: (p.read_bytes(), p.stat().st_nlink) for p in (tmp_path / "s").rglob("*") if p.is_file()}
    ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert {
        p: (p.read_bytes(), p.stat().st_nlink) for p in (tmp_path / "s").rglob("*") if p.is_file()
    } == before


def test_a_repeat_clears_what_a_kill_left_and_gives_the_same(tmp_path: Path) -> None:
    make_yolo(tmp_path / "s")
    litter = tmp_path / "r" / ".ddoc" / "tmp" / "ingest" / "data" / "images"
    litter.mkdir(parents=True)
    (litter / "half.jpg").write_bytes(b"x")
    first = ingest(tmp_path / "s", tmp_path / "r", name="x")
    again = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert first == again
    assert not list((tmp_path / "r").rglob("half.jpg"))


def test_progress_counts_items_and_may_stop_the_work(tmp_path: Path) -> None:
    make_yolo(tmp_path / "s")

    class Stop(Exception):
        pass

    def stop(done: int, total: int | None, *, unit: str = "", message: str = "") -> None:
        if done:
            raise Stop

    with pytest.raises(Stop):
        ingest(tmp_path / "s", tmp_path / "r", name="x", progress=stop)
    assert not (tmp_path / "r" / "data").exists()
    assert list((tmp_path / "r" / ".ddoc" / "tmp").iterdir()) == []


def test_coco_crowds_masks_and_attributes_are_kept(tmp_path: Path) -> None:
    save_image(tmp_path / "s" / "a.jpg", make_image(np.random.default_rng(0), 20, 10))
    crowd = {"size": [10, 20], "counts": [0, 50, 150]}
    rows = [
        {
            "id": 7,
            "image_id": 5,
            "category_id": 3,
            "bbox": [0, 0, 5, 10],
            "segmentation": crowd,
            "iscrowd": 1,
            "area": 50,
        },
        {
            "id": 9,
            "image_id": 5,
            "category_id": 3,
            "bbox": [1.5, 2, 3, 4],
            "attributes": {"occluded": True, "색": "빨강"},
        },
        {"id": 8, "image_id": 5, "category_id": 3, "segmentation": [[1, 1, 9, 1, 9, 9]], "score": 0.5},
    ]
    whole = {
        "images": [{"id": 5, "file_name": "a.jpg", "width": 20, "height": 10, "license": 2}],
        "categories": [{"id": 3, "name": "cat", "supercategory": "animal"}],
        "licenses": [{"id": 2, "name": "MIT"}],
        "annotations": rows,
    }
    (tmp_path / "s" / "x.json").write_text(json.dumps(whole))
    ingest(tmp_path / "s", tmp_path / "r", name="x")
    data = tmp_path / "r" / "data"
    info = read_info(data)
    labels = read_labels(data, "images/train/a.jpg", info=info, width=20, height=10)
    first, second, third = labels.annotations or ()
    assert info.task == "segment"
    assert info.origin["categories"] == [{"id": 3, "name": "cat", "supercategory": "animal"}]
    assert (first.kind, first.extra["iscrowd"], first.extra["coco_id"]) == ("mask", 1, 7)
    assert second.extra == {"coco_id": 9, "occluded": True, "attributes": {"색": "빨강"}}
    assert (third.polygons, third.extra) == (
        ((1.0, 1.0, 9.0, 1.0, 9.0, 9.0),),
        {"coco_id": 8, "coco": {"score": 0.5}},
    )
    assert labels.extra == {"coco_id": 5, "coco": {"license": 2}}
