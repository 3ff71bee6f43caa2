"""Broken annotations end in the report with an exact code; everything else of the set is read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddoc.formats.ingest import IngestResult, ingest
from tests.fixtures.make_data import make_image, save_image

W, H = 64, 48
GOOD = {"yolo": "0 0.5 0.5 0.25 0.25\n", "coco": [16, 12, 32, 24]}


def images(folder: Path, *names: str) -> None:
    for at, name in enumerate(names):
        save_image(folder / name, make_image(np.random.default_rng(at), W, H))


def codes(result: IngestResult) -> dict[str, int]:
    return {row["code"]: row["count"] for row in result.report.to_json()}


# --- YOLO -------------------------------------------------------------------------------------------------------

YOLO_LINES: list[tuple[str, str, int]] = [
    ("0 0.5 0.5 nan 0.1", "invalid-number", 0),
    ("0 nan 0.5 0.1 0.1", "invalid-number", 0),
    ("0 inf 0.5 0.1 0.1", "invalid-number", 0),
    ("0 1e400 0.5 0.1 0.1", "invalid-number", 0),
    ("0 0.5 0.5 -0.1 0.1", "box-empty", 0),
    ("0 0.5 0.5 0 0.1", "box-empty", 0),
    ("0 0.5 0.5 0.1 0", "box-empty", 0),
    ("0 1.5 0.5 0.1 0.1", "box-empty", 0),
    ("0 -0.5 0.5 0.1 0.1", "box-empty", 0),
    ("0 1.0 0.5 0.5 0.5", "box-clipped", 1),
    ("0 0.5 0.0 0.5 0.5", "box-clipped", 1),
    ("0 0.5 0.5 1.5 1.5", "box-clipped", 1),
    ("9 0.5 0.5 0.1 0.1", "class-out-of-range", 0),
    ("-1 0.5 0.5 0.1 0.1", "class-out-of-range", 0),
    ("99999999999999999999 0.5 0.5 0.1 0.1", "class-out-of-range", 0),
    ("cat 0.5 0.5 0.1 0.1", "bad-line", 0),
    ("0.5 0.5 0.5 0.1 0.1", "bad-line", 0),
    ("nan 0.5 0.5 0.1 0.1", "bad-line", 0),
    ("0 0.5 0.5 0.1", "bad-line", 0),
    ("0", "bad-line", 0),
    ("0 a b c d", "bad-line", 0),
    ("0,0.5,0.5,0.1,0.1", "bad-line", 0),
    ("0 0.1 0.1 0.2 0.2 0.3 0.3 0.4", "bad-line", 0),
    ("0 0.1 0.1 0.2 0.2 0.3 nan", "invalid-number", 0),
    ("0 0.1 0.1 0.1 0.2 0.1 0.3", "polygon-empty", 0),
    ("0 2 2 2 3 3 3", "polygon-empty", 0),
    ("0 0.1 0.1 0.9 1.4 1.5 0.3", "polygon-clipped", 1),
]


@pytest.mark.parametrize(("line", "code", "kept"), YOLO_LINES, ids=[c[0] for c in YOLO_LINES])
def test_a_bad_yolo_line_is_reported(tmp_path: Path, line: str, code: str, kept: int) -> None:
    source = tmp_path / "s"
    images(source / "images" / "train", "a.jpg")
    (source / "labels" / "train").mkdir(parents=True)
    (source / "labels" / "train" / "a.txt").write_text(f"{GOOD['yolo']}{line}\n")
    (source / "data.yaml").write_text("train: images/train\nnames: [cat, dog]\n")
    result = ingest(source, tmp_path / "r", name="x")
    assert codes(result) == {code: 1}
    assert (result.items, result.annotations) == (1, 1 + kept)


YOLO_FILES: list[tuple[str, bytes, str]] = [
    ("binary", b"\xff\xfe\x00\x01\x02" * 40, "labels-not-text"),
    ("utf-16", "0 0.5 0.5 0.1 0.1".encode("utf-16"), "labels-not-text"),
    ("sidecar is not json", b"{", "sidecar-invalid"),
    ("sidecar of another kind", b'{"version": "5.0", "shapes": []}', "sidecar-invalid"),
    ("sidecar nests without end", b'{"ddoc": 1, "image": ' + b"[" * 100_000, "sidecar-invalid"),
    ("sidecar box without area", b'{"ddoc":1,"annotations":[{"at":"x","box":[1,1,1,1]}]}', "sidecar-invalid"),
    (
        "sidecar ring of one point",
        b'{"ddoc":1,"annotations":[{"at":"x","polygons":[[1,1]]}]}',
        "sidecar-invalid",
    ),
    (
        "sidecar mask",
        b'{"ddoc":1,"annotations":[{"at":"x","mask":{"size":[4,4],"counts":"~~"}}]}',
        "sidecar-invalid",
    ),
    (
        "sidecar of a line that is gone",
        b'{"ddoc":1,"annotations":[{"at":"0.1 0.1","extra":{"a":1}}]}',
        "details-lost",
    ),
]


@pytest.mark.parametrize(("data", "code"), [f[1:] for f in YOLO_FILES], ids=[f[0] for f in YOLO_FILES])
def test_a_bad_yolo_file_is_reported(tmp_path: Path, data: bytes, code: str) -> None:
    source = tmp_path / "s"
    images(source / "images" / "train", "a.jpg", "b.jpg")
    (source / "labels" / "train").mkdir(parents=True)
    (source / "labels" / "train" / "b.txt").write_text(GOOD["yolo"])
    name = "a.txt" if code == "labels-not-text" else "b.json"
    (source / "labels" / "train" / name).write_bytes(data)
    if name == "b.json":
        (source / "labels" / "train" / "a.txt").write_text("")
    (source / "data.yaml").write_text("names: [cat]\n")
    result = ingest(source, tmp_path / "r", name="x")
    expected = {code: 1} | ({"not-annotated": 1} if code == "labels-not-text" else {})
    assert codes(result) == expected
    assert (result.items, result.annotations) == (2, 1)


YAML: list[tuple[str, str, str]] = [
    ("no yaml", "names: [", "class_0"),
    ("a list", "- a\n- b\n", "class_0"),
    ("names nest", "names: [[a, b], [c]]\n", "class_0"),
    ("numbers too large", "names: {999999999: cat}\n", "class_0"),
    ("an object", "names: !!python/object/apply:os.system ['true']\n", "class_0"),
    (
        "an alias bomb",
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nnames: [*b,*b,*b]\n",
        "class_0",
    ),
    ("empty name", "names: ['']\n", "class_0"),
    ("control characters", 'names: ["a\\u0007b"]\n', "a_b"),
    ("a mapping", "names: {0: cat, 1: dog}\n", "cat"),
    ("numbers as names", "names: [7, 8]\n", "7"),
]


@pytest.mark.parametrize(("text", "name"), [y[1:] for y in YAML], ids=[y[0] for y in YAML])
def test_a_bad_data_yaml_costs_only_the_names(tmp_path: Path, text: str, name: str) -> None:
    source = tmp_path / "s"
    images(source / "images" / "train", "a.jpg")
    (source / "labels" / "train").mkdir(parents=True)
    (source / "labels" / "train" / "a.txt").write_text(GOOD["yolo"])
    (source / "data.yaml").write_text(text)
    result = ingest(source, tmp_path / "r", name="x")
    assert result.info.classes[0] == name
    assert (result.items, result.annotations) == (1, 1)


# --- COCO -------------------------------------------------------------------------------------------------------


def coco(folder: Path, document: Any) -> None:
    images(folder / "images", "a.jpg", "b.jpg")
    (folder / "annotations.json").write_text(document if isinstance(document, str) else json.dumps(document))


def document(*annotations: Any, **changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": W, "height": H}, {"id": 2, "file_name": "b.jpg"}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": GOOD["coco"]}, *annotations],
    }
    return base | changes


def ann(**fields: Any) -> dict[str, Any]:
    return {"id": 2, "image_id": 2, "category_id": 1, **fields}


NAN, INF = float("nan"), float("inf")
COCO_ANNOTATIONS: list[tuple[str, Any, str, int]] = [
    ("nan", ann(bbox=[NAN, 1, 2, 3]), "invalid-number", 0),
    ("infinite", ann(bbox=[1, 1, INF, 3]), "invalid-number", 0),
    ("negative width", ann(bbox=[10, 10, -5, 5]), "box-empty", 0),
    ("no width", ann(bbox=[10, 10, 0, 5]), "box-empty", 0),
    ("outside", ann(bbox=[100, 10, 5, 5]), "box-outside", 0),
    ("above", ann(bbox=[10, -10, 5, 5]), "box-outside", 0),
    ("over the edge", ann(bbox=[60, 40, 10, 20]), "box-clipped", 1),
    ("before the edge", ann(bbox=[-3, -3, 10, 20]), "box-clipped", 1),
    ("three numbers", ann(bbox=[1, 2, 3]), "box-invalid", 0),
    ("words", ann(bbox=["a", "b", "c", "d"]), "box-invalid", 0),
    ("a word", ann(bbox="1234"), "box-invalid", 0),
    ("a mapping", ann(bbox={"x": 1}), "box-invalid", 0),
    ("nulls", ann(bbox=[None] * 4), "box-invalid", 0),
    ("too long for a float", ann(bbox=[1, 1, 10**400, 1]), "box-invalid", 0),
    ("unknown category", ann(category_id=7, bbox=[1, 1, 2, 2]), "unknown-class", 0),
    ("no category", {"id": 2, "image_id": 2, "bbox": [1, 1, 2, 2]}, "unknown-class", 0),
    ("a list as category", ann(category_id=[1], bbox=[1, 1, 2, 2]), "unknown-class", 0),
    ("unknown image", {**ann(bbox=[1, 1, 2, 2]), "image_id": 99}, "annotation-without-image", 0),
    ("a list as image", {**ann(bbox=[1, 1, 2, 2]), "image_id": [2]}, "annotation-without-image", 0),
    ("not a mapping", "x", "annotation-without-image", 0),
    ("null", None, "annotation-without-image", 0),
    ("ring of two points", ann(segmentation=[[1, 1, 2, 2]]), "polygon-invalid", 0),
    ("ring of odd length", ann(segmentation=[[1, 1, 2, 2, 3, 3, 4]]), "polygon-invalid", 0),
    ("ring of words", ann(segmentation=[["a"] * 6]), "polygon-invalid", 0),
    ("ring with nan", ann(segmentation=[[1, 1, 2, 2, 3, NAN]]), "invalid-number", 0),
    ("ring without area", ann(segmentation=[[1, 1, 1, 2, 1, 3]]), "polygon-empty", 0),
    ("ring over the edge", ann(segmentation=[[1, 1, 90, 1, 20, 30]]), "polygon-clipped", 1),
    ("flat ring", ann(segmentation=[1, 1, 20, 2, 3, 30]), "", 1),
    ("mask of another size", ann(segmentation={"size": [4, 4], "counts": [16]}), "mask-size-mismatch", 0),
    ("mask that does not fill", ann(segmentation={"size": [H, W], "counts": [1, 2, 3]}), "invalid-mask", 0),
    (
        "mask with negative runs",
        ann(segmentation={"size": [H, W], "counts": [-5, W * H + 5]}),
        "invalid-mask",
        0,
    ),
    ("mask of huge size", ann(segmentation={"size": [10**9, 10**9], "counts": [10**18]}), "invalid-mask", 0),
    ("mask without counts", ann(segmentation={"size": [H, W]}), "invalid-mask", 0),
    ("mask of odd letters", ann(segmentation={"size": [H, W], "counts": "가나다"}), "invalid-mask", 0),
    ("mask cut short", ann(segmentation={"size": [H, W], "counts": "ooooooo"}), "invalid-mask", 0),
    ("deep attributes", ann(bbox=[1, 1, 5, 5], attributes=json.loads("[" * 60 + "]" * 60)), "", 1),
    (
        "deeper attributes",
        ann(bbox=[1, 1, 5, 5], attributes={"a": json.loads("[" * 60 + "]" * 60)}),
        "details-dropped",
        1,
    ),
]


@pytest.mark.parametrize(
    ("bad", "code", "kept"), [c[1:] for c in COCO_ANNOTATIONS], ids=[c[0] for c in COCO_ANNOTATIONS]
)
def test_a_bad_coco_annotation_is_reported(tmp_path: Path, bad: Any, code: str, kept: int) -> None:
    coco(tmp_path / "s", document(bad))
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    found = codes(result)
    found.pop("no-split")
    assert found.pop(code, 0) == (1 if code else 0)
    if not kept:
        found.pop("box-empty", None)
    assert set(found) <= {"polygon-invalid"}
    assert (result.items, result.annotations) == (2, 1 + kept)


COCO_IMAGES: list[tuple[str, Any, str]] = [
    ("a file that is not there", {"id": 3, "file_name": "c.jpg"}, "image-missing"),
    ("a path out of the set", {"id": 3, "file_name": "../../../etc/passwd"}, "image-missing"),
    ("no name", {"id": 3}, "entry-invalid"),
    ("no id", {"file_name": "a.jpg"}, "entry-invalid"),
    ("a number as name", {"id": 3, "file_name": 7}, "entry-invalid"),
    ("not a mapping", 5, "entry-invalid"),
    ("another size", {"id": 3, "file_name": "b.jpg", "width": 7, "height": 9}, "duplicate-image-entry"),
]


@pytest.mark.parametrize(("bad", "code"), [c[1:] for c in COCO_IMAGES], ids=[c[0] for c in COCO_IMAGES])
def test_a_bad_coco_image_is_reported(tmp_path: Path, bad: Any, code: str) -> None:
    whole = document()
    whole["images"].append(bad)
    coco(tmp_path / "s", whole)
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert codes(result)[code] == 1
    assert (result.items, result.annotations) == (2, 1)


COCO_DOCUMENTS: list[tuple[str, str]] = [
    ("cut short", json.dumps(document())[:-20]),
    ("images is a mapping", json.dumps(document(images={}))),
    ("annotations is a word", json.dumps(document(annotations="x"))),
    ("a list", json.dumps([document()])),
    ("nests without end", '{"images": [], "annotations": ' + "[" * 100_000),
]


@pytest.mark.parametrize("text", [d[1] for d in COCO_DOCUMENTS], ids=[d[0] for d in COCO_DOCUMENTS])
def test_a_bad_coco_document_is_reported(tmp_path: Path, text: str) -> None:
    coco(tmp_path / "s", text)
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert codes(result)["json-invalid"] == 1
    assert codes(result)["not-annotated"] == 2


def test_hostile_texts_in_coco_are_kept_as_texts(tmp_path: Path) -> None:
    whole = document(
        ann(bbox=[1, 1, 5, 5], attributes={"x": "\ud800", "y": INF, "z": '"</script>'}),
        categories=[{"id": 1, "name": "cat"}, {"id": 2, "name": "\ud800\x00<b>"}, {"id": 3, "name": "cat"}],
    )
    coco(tmp_path / "s", whole)
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert result.info.classes == ("cat", "__<b>", "cat-3")
    assert result.annotations == 2


# --- VOC --------------------------------------------------------------------------------------------------------


def voc(folder: Path, xml: str | bytes) -> None:
    images(folder / "JPEGImages", "a.jpg", "b.jpg")
    (folder / "Annotations").mkdir()
    good = voc_xml(voc_object(1, 1, 10, 10))
    (folder / "Annotations" / "a.xml").write_text(good)
    data = xml if isinstance(xml, bytes) else xml.encode()
    (folder / "Annotations" / "b.xml").write_bytes(data)


def voc_xml(*objects: str, size: tuple[Any, Any] = (W, H), head: str = "") -> str:
    return (
        f"{head}<annotation><filename>b.jpg</filename><size><width>{size[0]}</width><height>{size[1]}</height>"
        f"</size>{''.join(objects)}</annotation>"
    )


def voc_object(*edges: Any, name: str = "cat") -> str:
    parts = "".join(f"<{t}>{v}</{t}>" for t, v in zip(("xmin", "ymin", "xmax", "ymax"), edges, strict=True))
    return f"<object><name>{name}</name><bndbox>{parts}</bndbox></object>"


BOMB = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
VOC_CASES: list[tuple[str, str | bytes, str, int]] = [
    ("entities", voc_xml(voc_object(1, 1, 5, 5, name="&y;"), head=BOMB), "xml-refused", 0),
    ("outside entity", voc_xml(voc_object(1, 1, 5, 5, name="&x;"), head=OUTSIDE), "xml-refused", 0),
    ("doctype in utf-16", voc_xml(head=BOMB).encode("utf-16"), "xml-refused", 0),
    ("cut short", voc_xml(voc_object(1, 1, 5, 5))[:-30], "xml-invalid", 0),
    ("empty", b"", "xml-invalid", 0),
    ("binary", bytes(range(256)), "xml-invalid", 0),
    ("another root", "<html/>", "xml-invalid", 0),
    ("unknown encoding", '<?xml version="1.0" encoding="cp037"?><annotation/>', "xml-invalid", 0),
    ("nests without end", "<annotation>" + "<a>" * 200_000, "xml-invalid", 0),
    ("words", voc_xml(voc_object("a", "b", "c", "d")), "box-invalid", 0),
    ("empty edge", voc_xml(voc_object("", 1, 5, 5)), "box-invalid", 0),
    ("nan", voc_xml(voc_object("nan", 1, 5, 5)), "invalid-number", 0),
    ("infinite", voc_xml(voc_object(1, 1, "inf", 5)), "invalid-number", 0),
    ("turned round", voc_xml(voc_object(20, 20, 5, 5)), "box-empty", 0),
    ("negative", voc_xml(voc_object(-20, -20, -5, -5)), "box-outside", 0),
    ("zero-based", voc_xml(voc_object(0, 0, 5, 5)), "box-clipped", 1),
    ("over the edge", voc_xml(voc_object(60, 40, 70, 60)), "box-clipped", 1),
    ("outside", voc_xml(voc_object(80, 40, 90, 60)), "box-outside", 0),
    ("no box", voc_xml("<object><name>cat</name></object>"), "object-invalid", 0),
    (
        "three edges",
        voc_xml("<object><name>cat</name><bndbox><xmin>1</xmin></bndbox></object>"),
        "object-invalid",
        0,
    ),
    ("no name", voc_xml("<object><bndbox/></object>"), "object-invalid", 0),
    ("empty name", voc_xml(voc_object(1, 1, 5, 5, name="  ")), "object-invalid", 0),
    (
        "parts",
        voc_xml("<object><name>cat</name><part><name>head</name></part></object>"),
        "element-dropped",
        0,
    ),
    ("another size", voc_xml(voc_object(1, 1, 5, 5), size=(640, 480)), "size-mismatch", 1),
    ("one pixel", voc_xml(voc_object(7, 7, 7, 7)), "", 1),
    ("a whole image", voc_xml(voc_object(1, 1, W, H)), "", 1),
    ("decimals", voc_xml(voc_object("1.5", "2.25", "8.125", "9")), "", 1),
]


@pytest.mark.parametrize(("xml", "code", "kept"), [c[1:] for c in VOC_CASES], ids=[c[0] for c in VOC_CASES])
def test_a_bad_voc_file_is_reported(tmp_path: Path, xml: str | bytes, code: str, kept: int) -> None:
    voc(tmp_path / "s", xml)
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    found = codes(result)
    if code:
        assert found[code] == 1
    else:
        assert set(found) <= {"no-split", "one-based-boxes"}
    assert (result.items, result.annotations) == (2, 1 + kept)


def test_an_xml_in_euc_kr_is_read(tmp_path: Path) -> None:
    head = '<?xml version="1.0" encoding="EUC-KR"?>'
    voc(tmp_path / "s", voc_xml(voc_object(1, 1, 5, 5, name="고양이"), head=head).encode("cp949"))
    assert ingest(tmp_path / "s", tmp_path / "r", name="x").info.classes == ("cat", "고양이")


# --- CSV --------------------------------------------------------------------------------------------------------

CSV_ROWS: list[tuple[str, str, int]] = [
    ("b.jpg,64,48,cat,a,b,c,d", "row-invalid", 0),
    ("b.jpg,64,48,cat,1,2,3", "row-invalid", 0),
    ("b.jpg,x,48,cat,1,2,3,4", "row-invalid", 0),
    ("b.jpg,64,48,cat,nan,2,3,4", "invalid-number", 0),
    ("b.jpg,64,48,cat,5,5,5,9", "box-empty", 0),
    ("b.jpg,64,48,cat,-5,5,5,9", "box-clipped", 1),
    ("b.jpg,64,48,cat,100,5,110,9", "box-outside", 0),
    ("b.jpg,64,48,,1,2,3,4", "object-invalid", 0),
    ("c.jpg,64,48,cat,1,2,3,4", "image-missing", 0),
    ("../b.jpg/../../x,64,48,cat,1,2,3,4", "image-missing", 0),
    ("b.jpg,640,480,cat,1,2,3,4", "size-mismatch", 1),
    ('"b.jpg",64,48,"a, ""cat""",1,2,3,4', "", 1),
]


@pytest.mark.parametrize(("row", "code", "kept"), CSV_ROWS, ids=[c[0] for c in CSV_ROWS])
def test_a_bad_csv_row_is_reported(tmp_path: Path, row: str, code: str, kept: int) -> None:
    images(tmp_path / "s" / "train", "a.jpg", "b.jpg")
    head = "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,64,48,cat,1,1,5,5\n"
    (tmp_path / "s" / "train" / "_annotations.csv").write_text(f"{head}{row}\n")
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert result.format == "csv"
    if code:
        assert codes(result)[code] == 1
    assert (result.items, result.annotations) == (2, 1 + kept)


# --- for every format -------------------------------------------------------------------------------------------


def yolo_set(folder: Path) -> None:
    images(folder / "images", "a.jpg")
    (folder / "labels").mkdir()
    for stem in ("a", "ghost"):
        (folder / "labels" / f"{stem}.txt").write_text(GOOD["yolo"])


def coco_set(folder: Path) -> None:
    whole = document(ann(bbox=[1, 1, 5, 5]))
    whole["images"][1]["file_name"] = "ghost.jpg"
    coco(folder, whole)
    (folder / "images" / "b.jpg").unlink()


def voc_set(folder: Path) -> None:
    voc(folder, voc_xml(voc_object(1, 1, 5, 5)).replace("b.jpg", "ghost.jpg"))
    (folder / "JPEGImages" / "b.jpg").unlink()


@pytest.mark.parametrize("make", [yolo_set, coco_set, voc_set])
def test_annotations_without_their_image_are_reported(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "s")
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert codes(result)["image-missing"] == 1
    assert (result.items, result.annotations) == (1, 1)


@pytest.mark.parametrize("make", [yolo_set, coco_set, voc_set])
def test_an_image_without_annotations_is_kept_as_such(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "s")
    save_image(tmp_path / "s" / "images" / "extra.jpg", make_image(np.random.default_rng(9), W, H))
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    assert codes(result)["not-annotated"] == 1
    assert result.items == 2
    assert not (tmp_path / "r" / "data" / "labels" / "train" / "extra.txt").exists()


@pytest.mark.parametrize("make", [yolo_set, coco_set, voc_set])
def test_a_twenty_byte_jpg_is_reported_and_the_rest_is_read(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "s")
    whole = next((tmp_path / "s").rglob("a.jpg")).read_bytes()
    (tmp_path / "s" / "images" / "stub.jpg").parent.mkdir(exist_ok=True)
    (tmp_path / "s" / "images" / "stub.jpg").write_bytes(whole[:20])
    (tmp_path / "s" / "images" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "s" / "images" / "none.jpg").write_bytes(b"")
    result = ingest(tmp_path / "s", tmp_path / "r", name="x")
    found = codes(result)
    assert (found["truncated-image"], found["incomplete-image"], found["empty-image"]) == (1, 1, 1)
    assert result.items == 2
