"""Exports: what is written is plain for other tools, whole or absent, reproducible, and says what it lost."""

import io
import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import yaml

from ddoc.dataset import masks
from ddoc.dataset.items import Annotation, Box, DatasetInfo
from ddoc.errors import ConflictError, InvalidInputError
from ddoc.formats import FORMATS, ExportItem
from ddoc.formats.archives import extract
from ddoc.formats.export import export
from ddoc.formats.ingest import ingest
from ddoc.formats.streaming import stream_zip
from ddoc.reports import Report
from tests.fixtures.make_data import make_image, save_image

INFO = DatasetInfo("set", "detect", ("cat", "dog & <co>"), ("train", "val"))


def item(
    folder: Path, name: str, *annotations: Annotation, split: str = "train", known: bool = True
) -> ExportItem:
    path = folder / "images" / name
    save_image(path, make_image(np.random.default_rng(len(name)), 64, 48))
    return ExportItem(path, name, split, 64, 48, annotations if known else None)


def files(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def rows(report: Report) -> dict[str, int]:
    return {row["code"]: row["count"] for row in report.to_json()}


CAT = Annotation("cat", Box(16.0, 12.0, 48.0, 36.0))


def test_yolo_is_what_trainers_read(tmp_path: Path) -> None:
    ring = (1.0, 1.0, 9.0, 1.0, 9.0, 9.0)
    made = [
        item(tmp_path, "a.jpg", CAT),
        item(tmp_path, "b.jpg", CAT, Annotation("dog & <co>", polygons=(ring,))),
    ]
    made += [item(tmp_path, "c.jpg", split="val"), item(tmp_path, "d.jpg", known=False)]
    result = export(made, INFO, format="yolo", target=tmp_path / "out")
    found = files(tmp_path / "out")
    assert found["labels/train/a.txt"] == b"0 0.5000000000 0.5000000000 0.5000000000 0.5000000000\n"
    assert found["labels/val/c.txt"] == b""
    assert "labels/train/d.txt" not in found
    mixed = found["labels/train/b.txt"].decode().splitlines()
    assert [len(line.split()) for line in mixed] == [9, 7]  # a box among polygons is written by its corners
    document = yaml.safe_load(found["data.yaml"])
    assert (document["train"], document["val"], document["nc"]) == ("images/train", "images/val", 2)
    assert document["names"] == ["cat", "dog & <co>"]
    assert (result.items, result.files, result.bytes) == (4, len(found), sum(map(len, found.values())))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools and NumPy 2
def test_coco_is_what_pycocotools_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from pycocotools.coco import COCO

    pixels = np.zeros((48, 64), np.uint8)
    pixels[5:15, 10:30] = 1
    mask = Annotation("dog & <co>", Box(10, 5, 30, 15), mask=masks.encode(pixels), extra={"iscrowd": 1})
    ring = Annotation("cat", Box(0, 0, 10, 10), ((0.0, 0.0, 10.0, 0.0, 10.0, 10.0),))
    export(
        [item(tmp_path, "a.jpg", CAT, mask, ring), item(tmp_path, "b.jpg")],
        INFO,
        format="coco",
        target=tmp_path / "out",
    )
    coco = COCO(tmp_path / "out" / "annotations" / "instances_train.json")
    capsys.readouterr()
    box, crowd, outline = coco.loadAnns(coco.getAnnIds())
    assert (box["bbox"], box["area"], box["iscrowd"]) == ([16, 12, 32, 24], 768, 0)
    assert np.array_equal(coco.annToMask(crowd), pixels)
    assert (crowd["area"], outline["area"]) == (200, 50)
    assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == list(INFO.classes)
    assert [i["file_name"] for i in coco.loadImgs(coco.getImgIds())] == ["a.jpg", "b.jpg"]


def test_voc_is_well_formed_and_one_based(tmp_path: Path) -> None:
    odd = Annotation("dog & <co>", Box(0.0, 0.0, 1.0, 1.0), extra={"truncated": 1, "pose": "Left & up"})
    export(
        [item(tmp_path, "it's & <a>.jpg", odd), item(tmp_path, "b.jpg", split="val")],
        INFO,
        format="voc",
        target=tmp_path / "out",
    )
    root = ET.parse(tmp_path / "out" / "Annotations" / "it's & <a>.xml").getroot()
    assert root.findtext("filename") == "it's & <a>.jpg"
    assert [root.findtext(f"object/bndbox/{e}") for e in ("xmin", "ymin", "xmax", "ymax")] == [
        "1",
        "1",
        "1",
        "1",
    ]
    assert (root.findtext("object/name"), root.findtext("object/pose")) == ("dog & <co>", "Left & up")
    assert (tmp_path / "out" / "ImageSets" / "Main" / "val.txt").read_text() == "b\n"


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_format_writes_backgrounds_and_unannotated_images(tmp_path: Path, form: str) -> None:
    made = [item(tmp_path, "a.jpg", CAT), item(tmp_path, "b.jpg"), item(tmp_path, "c.jpg", known=False)]
    result = export(made, INFO, format=form, target=tmp_path / "out")
    images = [f for f in files(tmp_path / "out") if f.endswith(".jpg")]
    lost = result.report.count("no-single-class")
    assert len(images) + lost == 3
    if form in {"yolo", "coco", "voc"}:
        read = ingest(tmp_path / "out", tmp_path / "r", name="x")
        assert (read.items, read.annotations) == (3, 1)
        assert read.report.count("not-annotated") == (1 if form in {"yolo", "voc"} else 0)


@pytest.mark.parametrize("form", ["yolo", "coco", "voc", "csv"])
def test_an_export_without_images_holds_the_annotations(tmp_path: Path, form: str) -> None:
    result = export(
        [item(tmp_path, "a.jpg", CAT)], INFO, format=form, target=tmp_path / "out", include_images=False
    )
    found = files(tmp_path / "out")
    assert found
    assert not any(name.endswith(".jpg") for name in found)
    assert result.files == len(found)


def test_images_are_linked_or_copied_but_never_changed(tmp_path: Path) -> None:
    made = [item(tmp_path, "a.jpg", CAT)]
    for link, count in ((True, 2), (False, 2)):
        export(made, INFO, format="yolo", target=tmp_path / f"out{link}", link=link)
        written = tmp_path / f"out{link}" / "images" / "train" / "a.jpg"
        assert written.read_bytes() == made[0].image.read_bytes()
        assert made[0].image.stat().st_nlink == count
        assert written.samefile(made[0].image) is link


@pytest.mark.parametrize("form", ["yolo", "coco", "voc", "csv", "images"])
def test_equal_data_exports_to_equal_bytes_wherever_it_lies(tmp_path: Path, form: str) -> None:
    for name in ("one", "two"):
        made = [item(tmp_path / name, n, CAT) for n in ("b.jpg", "a.jpg")]
        export(made, INFO, format=form, target=tmp_path / name / "out")
    first, second = files(tmp_path / "one" / "out"), files(tmp_path / "two" / "out")
    assert first == second
    assert not any(str(tmp_path).encode() in data for data in first.values())


def test_geometry_beyond_the_image_is_clipped_and_said(tmp_path: Path) -> None:
    over = Annotation("cat", Box(-5.0, 10.0, 20.0, 60.0))
    gone = Annotation("cat", Box(100.0, 10.0, 120.0, 20.0))
    ring = Annotation("cat", None, ((0.0, 0.0, 90.0, 0.0, 90.0, 30.0),))
    result = export([item(tmp_path, "a.jpg", over, gone, ring)], INFO, format="yolo", target=tmp_path / "out")
    assert {k: v for k, v in rows(result.report).items() if k != "only-in-sidecar"} == {
        "box-clipped": 1,
        "box-outside": 1,
        "polygon-clipped": 1,
    }
    numbers = [
        float(t)
        for line in files(tmp_path / "out")["labels/train/a.txt"].split(b"\n")
        for t in line.split()[1:]
    ]
    assert max(numbers) <= 1
    assert min(numbers) >= 0


def test_what_imagefolder_cannot_hold_is_named(tmp_path: Path) -> None:
    two = (CAT, Annotation("dog & <co>", Box(0.0, 0.0, 5.0, 5.0)))
    made = [item(tmp_path, "a.jpg", CAT), item(tmp_path, "b.jpg", *two), item(tmp_path, "c.jpg", known=False)]
    result = export(made, INFO, format="imagefolder", target=tmp_path / "out")
    assert sorted(files(tmp_path / "out")) == ["train/cat/a.jpg"]
    assert rows(result.report) == {"shape-dropped": 1, "no-single-class": 2}


def test_ids_come_back_where_they_are_free(tmp_path: Path) -> None:
    made = [
        item(tmp_path, "a.jpg", Annotation("cat", Box(0, 0, 5, 5), extra={"coco_id": 70})),
        item(tmp_path, "b.jpg", Annotation("cat", Box(0, 0, 5, 5), extra={"coco_id": 70}), CAT),
    ]
    result = export(made, INFO, format="coco", target=tmp_path / "out")
    document = json.loads((tmp_path / "out" / "annotations" / "instances_train.json").read_bytes())
    assert [a["id"] for a in document["annotations"]] == [70, 1, 2]
    assert rows(result.report) == {"id-changed": 1}


def test_an_unknown_class_or_format_or_a_used_folder_is_refused(tmp_path: Path) -> None:
    bad = [item(tmp_path, "a.jpg", Annotation("cow", Box(0, 0, 5, 5)))]
    with pytest.raises(InvalidInputError) as caught:
        export(bad, INFO, format="yolo", target=tmp_path / "out")
    assert caught.value.error_code == "unknown-class"
    with pytest.raises(InvalidInputError) as caught:
        export(bad, INFO, format="tfrecord", target=tmp_path / "out")
    assert caught.value.error_code == "unknown-format"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["images"]
    (tmp_path / "out").mkdir()
    with pytest.raises(ConflictError):
        export([], INFO, format="yolo", target=tmp_path / "out")


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_format_says_what_it_holds(form: str) -> None:
    info = FORMATS[form].info
    assert info.format == form
    assert info.tasks
    assert info.holds
    assert info.cannot_hold


def test_a_streamed_zip_is_the_folder_and_always_the_same(tmp_path: Path) -> None:
    made = [item(tmp_path, "한글 이름.jpg", CAT), item(tmp_path, "b.jpg")]
    export(made, INFO, format="coco", target=tmp_path / "out")
    (tmp_path / "out" / "large.bin").write_bytes(b"0123456789" * 100_000)
    first = b"".join(stream_zip(tmp_path / "out"))
    for path in (tmp_path / "out").rglob("*"):
        path.touch()
    assert b"".join(stream_zip(tmp_path / "out")) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        assert {n: archive.read(n) for n in archive.namelist()} == files(tmp_path / "out")
    (tmp_path / "a.zip").write_bytes(first)
    extract(tmp_path / "a.zip", tmp_path / "again")
    assert files(tmp_path / "again") == files(tmp_path / "out")


def test_a_streamed_zip_comes_in_blocks(tmp_path: Path) -> None:
    (tmp_path / "large.bin").write_bytes(bytes(3 << 20))
    assert max(len(block) for block in stream_zip(tmp_path)) < 1 << 20
