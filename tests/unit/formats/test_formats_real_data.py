"""Real sets, as tools in the field write them. Skipped where the data is absent."""

from pathlib import Path

import pytest

from ddoc.dataset.images import probe_image
from ddoc.dataset.info import read_info
from ddoc.dataset.items import Annotation
from ddoc.dataset.labels import read_labels
from ddoc.formats import ExportItem
from ddoc.formats.export import export
from ddoc.formats.ingest import ingest

DATA = Path(__file__).parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not (DATA / "bccd-voc.zip").exists(), reason="the real data is not here")


def items_of(root: Path) -> list[ExportItem]:
    data = root / "data"
    info = read_info(data)
    found: list[ExportItem] = []
    for path in sorted(p for p in (data / "images").rglob("*") if p.is_file()):
        image = path.relative_to(data).as_posix()
        header = probe_image(path)
        labels = read_labels(data, image, info=info, width=header.width, height=header.height)
        assert labels.issues == ()
        _, split, name = image.split("/", 2)
        found.append(
            ExportItem(path, name, split, header.width, header.height, labels.annotations, labels.extra)
        )
    return found


def details(items: list[ExportItem]) -> dict[tuple[str, str], list[tuple[object, ...]]]:
    """Everything of each item but the ids that COCO gives."""
    return {
        (i.split, i.name): [
            (a.class_name, a.box, {k: v for k, v in a.extra.items() if k != "coco_id"})
            for a in i.annotations or ()
        ]
        for i in items
    }


def test_bccd_is_read_whole(tmp_path: Path) -> None:
    result = ingest(DATA / "bccd-voc.zip", tmp_path / "r", name="bccd")
    assert (result.format, result.info.task, result.items, result.annotations) == ("voc", "detect", 364, 4888)
    assert dict(result.splits) == {"train": 205, "val": 87, "test": 72}
    assert set(result.info.classes) == {"WBC", "RBC", "Platelets"}
    annotations = [a for i in items_of(tmp_path / "r") for a in i.annotations or ()]
    assert sum(a.extra.get("truncated") == 1 for a in annotations) == 1131
    assert sum(a.box is not None and a.box.width == 1 == a.box.height for a in annotations) == 2
    assert [row["code"] for row in result.report.to_json()] == ["one-based-boxes"]


def test_bccd_through_coco_and_yolo_comes_back_to_voc_exactly(tmp_path: Path) -> None:
    ingest(DATA / "bccd-voc.zip", tmp_path / "r-start", name="bccd")
    start = items_of(tmp_path / "r-start")
    current = tmp_path / "r-start"
    for form in ("coco", "yolo", "voc"):
        export(items_of(current), read_info(current / "data"), format=form, target=tmp_path / form)
        ingest(tmp_path / form, tmp_path / f"r-{form}", name="bccd")
        current = tmp_path / f"r-{form}"
    end = items_of(current)
    assert details(end) == details(start)
    assert sum(len(i.annotations or ()) for i in end) == 4888
    assert sum("truncated" in a.extra for i in end for a in i.annotations or ()) == 1131


def test_voc_to_voc_writes_the_numbers_that_were_read(tmp_path: Path) -> None:
    import re
    import zipfile

    ingest(DATA / "bccd-voc.zip", tmp_path / "r", name="bccd")
    export(
        items_of(tmp_path / "r"), read_info(tmp_path / "r" / "data"), format="voc", target=tmp_path / "voc"
    )
    edge = re.compile(rb"<(xmin|ymin|xmax|ymax)>([^<]*)<")
    with zipfile.ZipFile(DATA / "bccd-voc.zip") as archive:
        for name in archive.namelist():
            if name.endswith(".xml"):
                written = tmp_path / "voc" / "Annotations" / Path(name).name
                assert edge.findall(archive.read(name)) == edge.findall(written.read_bytes())


def test_bccd_cells_is_an_imagefolder(tmp_path: Path) -> None:
    result = ingest(DATA / "bccd-cells.zip", tmp_path / "r", name="cells")
    assert (result.format, result.info.task, result.items, result.annotations) == (
        "imagefolder",
        "classify",
        900,
        900,
    )
    assert result.info.classes == ("Platelets", "RBC", "WBC")
    assert set(result.splits) == {"train", "val"}


def corners(annotation: Annotation) -> tuple[float, ...]:
    assert annotation.box is not None
    return (annotation.box.x1, annotation.box.y1, annotation.box.x2, annotation.box.y2)


def test_three_exports_of_roboflow_are_the_same_four_items(tmp_path: Path) -> None:
    read: dict[str, dict[str, ExportItem]] = {}
    for form in ("coco", "voc", "yolov8"):
        result = ingest(DATA / f"roboflow-{form}.zip", tmp_path / form, name=form)
        assert (result.items, result.annotations, dict(result.splits)) == (4, 4, {"train": 4})
        assert set(result.info.classes) == {"almond", "flower", "giraffe", "zebra"}
        read[form] = {i.name: i for i in items_of(tmp_path / form)}
    for name, item in read["coco"].items():
        for other in (read["voc"][name], read["yolov8"][name]):
            assert [a.class_name for a in other.annotations or ()] == [
                a.class_name for a in item.annotations or ()
            ]
            for a, b in zip(item.annotations or (), other.annotations or (), strict=True):
                assert all(abs(p - q) <= 2 for p, q in zip(corners(a), corners(b), strict=True))
                assert bool(a.polygons) == bool(b.polygons)
