"""Generated annotations survive every pair of formats, up to what the conversion report names."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddoc.dataset import masks
from ddoc.dataset.items import NO_EXTRA, Annotation, Box, DatasetInfo
from ddoc.dataset.labels import ItemLabels, decode_labels, encode_labels
from ddoc.dataset.yolo_text import box_line, box_of, comes_back, plain_box
from ddoc.formats import ExportItem, detect
from ddoc.formats.export import export
from ddoc.formats.tree import scan_tree
from ddoc.reports import Report
from tests.fixtures.make_data import make_image, save_image

WIDTH, HEIGHT = 97, 61
CLASSES = ("고양이", "dog & <cat>", 'a "quoted" bird', "unused")
NAMES = ("a.jpg", "사진 하나.jpg", "it's & <this>.jpg", "sub/b.jpg")
INFO = DatasetInfo("generated", "detect", CLASSES, ("train", "val"))


def coordinate(rng: np.random.Generator, limit: int) -> float:
    """A whole pixel, a decimal of three places, or any float, each a third of the time."""
    match rng.integers(3):
        case 0:
            return float(rng.integers(0, limit + 1))
        case 1:
            return int(rng.integers(0, limit * 1000 + 1)) / 1000
        case _:
            return float(rng.uniform(0, limit))


def make_box(rng: np.random.Generator) -> Box:
    xs = sorted(coordinate(rng, WIDTH) for _ in range(2))
    ys = sorted(coordinate(rng, HEIGHT) for _ in range(2))
    fits = xs[1] - xs[0] > 1e-3 and ys[1] - ys[0] > 1e-3
    return Box(xs[0], ys[0], xs[1], ys[1]) if fits else Box(1, 1, 2, 2)


def make_ring(rng: np.random.Generator) -> tuple[float, ...]:
    count = int(rng.integers(3, 7))
    flat = tuple(v for _ in range(count) for v in (coordinate(rng, WIDTH), coordinate(rng, HEIGHT)))
    xs, ys = flat[0::2], flat[1::2]
    return flat if max(xs) - min(xs) > 0.01 and max(ys) - min(ys) > 0.01 else (0.0, 0.0, 5.0, 0.0, 5.0, 5.0)


EXTRAS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("truncated", (1,)),
    ("difficult", (1,)),
    ("occluded", (1,)),
    ("pose", ("Left", "왼쪽 & <rear>")),
    ("iscrowd", (1,)),
    ("area", (250_000.25, 300_000)),
    ("attributes", ({"색": "빨강"}, {"age": 3, "색": ""})),
)


def make_annotation(rng: np.random.Generator) -> Annotation:
    name = CLASSES[int(rng.integers(3))]
    extra = {
        k: values[int(rng.integers(len(values)))] for k, values in EXTRAS if rng.random() < 0.2
    } or NO_EXTRA
    match rng.integers(4):
        case 0:
            outline = tuple(make_ring(rng) for _ in range(int(rng.integers(1, 3))))
            xs = [v for ring in outline for v in ring[0::2]]
            ys = [v for ring in outline for v in ring[1::2]]
            return Annotation(name, Box(min(xs), min(ys), max(xs), max(ys)), outline, extra=extra)
        case 1:
            pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
            x, y = int(rng.integers(0, WIDTH - 10)), int(rng.integers(0, HEIGHT - 10))
            pixels[y : y + int(rng.integers(1, 9)), x : x + int(rng.integers(1, 9))] = 1
            mask = masks.encode(pixels)
            edges = masks.bounds(mask)
            assert edges is not None
            return Annotation(name, Box(*edges), mask=mask, extra=extra)
        case _:
            return Annotation(name, make_box(rng), extra=extra)


def make_annotations(seed: int, most: int) -> tuple[Annotation, ...]:
    """Up to `most` annotations; one in five repeats the geometry of the one before with other details."""
    rng = np.random.default_rng(seed)
    made: list[Annotation] = []
    for _ in range(int(rng.integers(0, most + 1))):
        fresh = make_annotation(rng)
        if made and rng.random() < 0.2:
            last = made[-1]
            fresh = Annotation(fresh.class_name, last.box, last.polygons, last.mask, fresh.extra)
        made.append(fresh)
    return tuple(made)


ANNOTATIONS = st.builds(make_annotations, st.integers(0, 2**32 - 1), st.integers(0, 5))
ITEMS = st.lists(st.none() | ANNOTATIONS, min_size=len(NAMES), max_size=len(NAMES))
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@contextmanager
def scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def to_export(folder: Path, drawn: list[tuple[Annotation, ...] | None]) -> list[ExportItem]:
    image = make_image(np.random.default_rng(0), WIDTH, HEIGHT)
    made = []
    for at, (name, mine) in enumerate(zip(NAMES, drawn, strict=True)):
        save_image(folder / "images" / name, image)
        made.append(
            ExportItem(folder / "images" / name, name, "train" if at % 2 else "val", WIDTH, HEIGHT, mine)
        )
    return made


def write_and_read(
    folder: Path, step: str, form: str, items: list[ExportItem]
) -> tuple[list[ExportItem], Report]:
    """Export as `form` and read it back; returns the items, and what either side reported."""
    report = Report()
    target = folder / step
    export(items, INFO, format=form, target=target, report=report)
    tree = scan_tree(target, report)
    found = detect(tree)
    assert found.info.format == form
    read = [
        ExportItem(i.image, i.name, i.split, i.width, i.height, i.annotations, i.extra)
        for i in found.read(tree, report).items
    ]
    return read, report


def close(one: Box | None, other: Box | None) -> bool:
    if one is None or other is None:
        return one is other
    left, right = (one.x1, one.y1, one.x2, one.y2), (other.x1, other.y1, other.x2, other.y2)
    return all(abs(a - b) < 1e-8 for a, b in zip(left, right, strict=True))


def rings_of(annotation: Annotation, form: str) -> tuple[tuple[float, ...], ...]:
    return annotation.polygons[:1] if form == "voc" else annotation.polygons


def extras_of(annotation: Annotation, forms: set[str]) -> dict[str, object]:
    """What the formats on the way hold of an annotation's details, ids apart."""
    kept = {k: v for k, v in annotation.extra.items() if k not in {"coco_id", "voc_box"}}
    if "voc" in forms:
        kept = {k: v for k, v in kept.items() if k in {"truncated", "difficult", "occluded", "pose"}}
    return kept


def assert_same(before: list[ExportItem], after: list[ExportItem], forms: set[str]) -> None:
    by_name = {i.name: i for i in after}
    assert sorted(by_name) == sorted(i.name for i in before)
    for item in before:
        other = by_name[item.name]
        assert other.split == item.split
        assert (other.annotations is None) == (item.annotations is None)
        for a, b in zip(item.annotations or (), other.annotations or (), strict=True):
            assert a.class_name == b.class_name
            assert close(a.box, b.box)
            assert extras_of(a, forms) == extras_of(b, forms)
            if "voc" not in forms:
                assert a.mask == b.mask
                assert a.polygons == b.polygons
            else:
                assert b.mask is None
                assert b.polygons == a.polygons[:1]


@pytest.mark.parametrize("form", ["yolo", "coco", "voc"])
@SLOW
@given(drawn=ITEMS)
def test_what_a_format_holds_comes_back(form: str, drawn: list[tuple[Annotation, ...] | None]) -> None:
    with scratch() as folder:
        items = to_export(folder, drawn)
        read, _ = write_and_read(folder, "one", form, items)
        assert_same(items, read, {form})


@pytest.mark.parametrize(
    ("first", "second"),
    [(a, b) for a in ("yolo", "coco", "voc") for b in ("yolo", "coco", "voc") if a != b],
)
@SLOW
@given(drawn=ITEMS)
def test_every_pair_of_formats_keeps_what_both_hold(
    first: str, second: str, drawn: list[tuple[Annotation, ...] | None]
) -> None:
    with scratch() as folder:
        items = to_export(folder, drawn)
        middle, _ = write_and_read(folder, "one", first, items)
        last, _ = write_and_read(folder, "two", second, middle)
        assert_same(items, last, {first, second})


@SLOW
@given(drawn=ITEMS)
def test_what_is_lost_is_in_the_report(drawn: list[tuple[Annotation, ...] | None]) -> None:
    with scratch() as folder:
        items = to_export(folder, drawn)
        _, report = write_and_read(folder, "one", "voc", items)
        all_of = [a for i in items for a in i.annotations or ()]
        assert report.count("mask-dropped") == sum(a.mask is not None for a in all_of)
        assert report.count("rings-dropped") == sum(len(a.polygons) > 1 for a in all_of)
        lost = {"iscrowd", "area", "attributes"}
        assert report.count("details-dropped") == sum(bool(lost & set(a.extra)) for a in all_of)


@SLOW
@given(drawn=ITEMS, form=st.sampled_from(["yolo", "coco", "voc", "csv"]))
def test_two_exports_of_equal_data_are_byte_equal(
    drawn: list[tuple[Annotation, ...] | None], form: str
) -> None:
    with scratch() as folder:
        items = to_export(folder, drawn)
        contents = []
        for step in ("one", "two"):
            export(items, INFO, format=form, target=folder / step)
            files = sorted(p for p in (folder / step).rglob("*") if p.is_file())
            contents.append({str(p.relative_to(folder / step)): p.read_bytes() for p in files})
        assert contents[0] == contents[1]


@settings(max_examples=400, deadline=None)
@given(mine=ANNOTATIONS)
def test_labels_come_back_exactly(mine: tuple[Annotation, ...]) -> None:
    text, sidecar = encode_labels(ItemLabels(mine), info=INFO, width=WIDTH, height=HEIGHT)
    assert text is not None
    read = decode_labels(
        text.encode(), sidecar.encode() if sidecar else None, classes=CLASSES, width=WIDTH, height=HEIGHT
    )
    assert read.issues == ()
    assert read.annotations == mine


@settings(max_examples=400, deadline=None)
@given(mine=ANNOTATIONS)
def test_yolo_text_never_leaves_the_image(mine: tuple[Annotation, ...]) -> None:
    text, _ = encode_labels(ItemLabels(mine), info=INFO, width=WIDTH, height=HEIGHT)
    assert text is not None
    for line in text.splitlines():
        assert all(0 <= float(token) <= 1 for token in line.split()[1:])


@settings(max_examples=400, deadline=None)
@given(raw=st.binary(max_size=200), sidecar=st.none() | st.binary(max_size=200))
def test_no_bytes_in_a_label_file_raise(raw: bytes, sidecar: bytes | None) -> None:
    decode_labels(raw, sidecar, classes=CLASSES, width=WIDTH, height=HEIGHT)


@given(
    st.tuples(*[st.floats(-0.1, 1.1)] * 4),
    st.integers(1, 50_000),
    st.integers(1, 50_000),
)
def test_the_short_way_through_a_box_gives_what_the_long_one_does(
    shares: tuple[float, float, float, float], width: int, height: int
) -> None:
    short = plain_box(*shares, width, height)
    if short is not None:
        assert (short, False) == box_of(*shares, width, height)


@given(st.integers(1, 50_000), st.data())
def test_a_box_that_is_said_to_come_back_does(width: int, data: st.DataObject) -> None:
    ends = st.one_of(st.integers(0, width), st.integers(0, width * 100_000).map(lambda n: n / 100_000))
    x1, x2 = sorted((data.draw(ends), data.draw(ends)))
    box = Box(float(x1), float(x1), float(x2), float(x2))
    if x1 < x2 and comes_back(box, width, width):
        line = box_line(0, box, width, width)
        (read,) = (
            decode_labels(line.encode(), None, classes=("a",), width=width, height=width).annotations or ()
        )
        assert read.box == box
