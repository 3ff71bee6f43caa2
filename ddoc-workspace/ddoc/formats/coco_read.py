"""Reading COCO: one or several json files, images wherever they are."""

import contextlib
import gc
import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, cast

from ddoc.dataset import masks
from ddoc.dataset.images import ImageHeader
from ddoc.dataset.items import NO_EXTRA, Annotation, Box, Extra
from ddoc.dataset.yolo_text import bounds
from ddoc.errors import InvalidInputError
from ddoc.formats.extras import class_name, sane
from ddoc.formats.locate import ImageIndex, ItemNames, Splits
from ddoc.formats.model import ClassTable, SourceDataset, SourceItem
from ddoc.formats.probing import note_size, probed
from ddoc.formats.shapes import checked_box, checked_ring
from ddoc.formats.tree import Tree, file_name, folder_of, printable, split_named, stem_of
from ddoc.formats.voc_flags import FLAGS
from ddoc.reports import Report

_IMAGE_KEYS = frozenset({"id", "file_name", "width", "height", "annotated", "ddoc"})
_ANNOTATION_KEYS = frozenset(
    {"id", "image_id", "category_id", "bbox", "segmentation", "area", "iscrowd", "attributes", "ddoc"}
)
_PLAIN_KEYS = _ANNOTATION_KEYS - {"ddoc"}
_MAX_AREA = 1e12  # pixels; beyond it, or not a number, an area says nothing
_SCALARS = frozenset({"coco_id", "iscrowd", "area"})
_LIFTED = (*FLAGS, "pose")
Raw = dict[str, Any]


@dataclass(slots=True)
class _Entry:
    """One image as the json files describe it, with its raw annotations and the classes they refer to."""

    image: Raw
    split: str | None
    joined: bool = False
    annotations: list[tuple[Raw, Mapping[Any, str]]] = field(
        default_factory=list[tuple[Raw, Mapping[Any, str]]]
    )


def looks_like_coco(tree: Tree, path: str) -> bool:
    """Return whether the json file has COCO's keys near its beginning or its end."""
    with tree.path(path).open("rb") as file:
        head = file.read(1 << 16)
        size = file.seek(0, 2)
        file.seek(max(size - (1 << 16), 0))
        text = head + file.read(1 << 16)
    return b'"images"' in text and (b'"annotations"' in text or b'"categories"' in text)


def read(tree: Tree, report: Report) -> SourceDataset:
    """Read every json file of COCO's shape. Raises InvalidInputError `format-mismatch` without one."""
    files = [f for f in tree.with_suffix(".json") if looks_like_coco(tree, f)]
    if not files:
        raise InvalidInputError("no COCO json file", code="format-mismatch")
    images = tree.images()
    index = ImageIndex(images)
    classes = ClassTable()
    entries: dict[str, _Entry] = {}
    origin: Raw = {}
    for path in sorted(files, key=lambda f: (_split_of_file(f) != "train", f)):
        document = _load(tree, path, report)
        if document is not None:
            _collect(document, path, index, classes, entries, origin, report)
    items = _items(tree, images, entries, report)
    return SourceDataset("coco", "detect", classes, items, origin)


def _load(tree: Tree, path: str, report: Report) -> Raw | None:
    try:
        with _without_cycles():
            document = json.loads(tree.path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        report.note("json-invalid", printable(path), "skipped", str(error)[:200])
        return None
    keys = ("images", "annotations", "categories")
    if not isinstance(document, dict) or not all(isinstance(document.get(k, []), list) for k in keys):
        report.note("json-invalid", printable(path), "skipped", "not a COCO document")
        return None
    return cast("Raw", document)


@contextlib.contextmanager
def _without_cycles() -> Generator[None]:
    """Pause the collector of reference cycles: JSON has none, and looking for them takes as long as parsing."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def _collect(
    document: Raw,
    path: str,
    index: ImageIndex,
    classes: ClassTable,
    entries: dict[str, _Entry],
    origin: Raw,
    report: Report,
) -> None:
    """Add one document's images and annotations to the entries."""
    by_category = _categories(document, path, classes, origin, report)
    for key in ("licenses", "info"):
        if document.get(key):
            origin.setdefault(key, document[key])
    split, beside = _split_of_file(path), folder_of(path)
    by_id: dict[Any, _Entry | None] = {}
    for image in _mappings(document.get("images", []), path, report):
        name, number = image.get("file_name"), image.get("id")
        if not isinstance(name, str) or not isinstance(number, int | str):
            report.note("entry-invalid", printable(path), "skipped", "an image without file_name or id")
            continue
        found = index.find(name, beside=beside, split=split)
        if found is None:
            report.note(
                "image-missing", printable(name), "skipped", "the json names an image that is not there"
            )
            by_id[number] = None
            continue
        entry = entries.get(found)
        if entry is None:
            entry = entries[found] = _Entry(image, split)
        else:
            entry.joined = True
            report.note(
                "duplicate-image-entry", printable(name), "kept", f"again in {path}; annotations are joined"
            )
        by_id[number] = entry
    for raw in cast("list[Any]", document.get("annotations", [])):
        try:
            entry = by_id[raw["image_id"]]
        except (KeyError, TypeError):
            report.note("annotation-without-image", printable(path), "skipped", printable(str(raw)[:200]))
            continue
        if entry is not None:
            entry.annotations.append((raw, by_category))
        else:
            detail = f"annotation {raw.get('id')} of image {raw['image_id']}"
            report.note("annotation-without-file", printable(path), "skipped", printable(detail)[:200])


def _categories(
    document: Raw, path: str, classes: ClassTable, origin: Raw, report: Report
) -> Mapping[Any, str]:
    """Return category id → class name, adding the classes in the file's order."""
    by_id: dict[Any, str] = {}
    kept: list[Raw] = []
    raws = list(_mappings(document.get("categories", []), path, report))
    placeholder = _placeholder(raws, document)
    for raw in raws:
        number, name = raw.get("id"), raw.get("name")
        if not isinstance(number, int | str) or not isinstance(name, str | int):
            report.note("entry-invalid", printable(path), "skipped", "a category without id or name")
            continue
        if raw is placeholder:
            report.note("supercategory", printable(str(name)), "skipped", "a group of the others, never used")
            continue
        unique = class_name(str(name), fallback=f"class_{number}", report=report)
        if unique in by_id.values():
            report.note("class-renamed", unique, "renamed", f"{unique}-{number}")
            unique = f"{unique}-{number}"
        by_id[number] = classes.add(unique)
        kept.append({**raw, "name": unique})
    if [c.get("id") for c in kept] != list(range(1, len(kept) + 1)) or any(
        set(c) > {"id", "name"} for c in kept
    ):
        origin.setdefault("categories", kept)
    return by_id


def _placeholder(raws: list[Raw], document: Raw) -> Raw | None:
    """Return the category that Roboflow puts first to name the group of all others, if no annotation uses it."""
    if len(raws) < 2 or raws[0].get("supercategory") != "none":
        return None
    first = raws[0]
    if any(r.get("supercategory") != first.get("name") for r in raws[1:]):
        return None
    annotations = cast("list[Any]", document.get("annotations", []))
    used = any(
        isinstance(a, dict) and cast("Raw", a).get("category_id") == first.get("id") for a in annotations
    )
    return None if used else first


def _mappings(values: Any, path: str, report: Report) -> Iterator[Raw]:
    for value in cast("list[Any]", values):
        if isinstance(value, dict):
            yield cast("Raw", value)
        else:
            report.note("entry-invalid", printable(path), "skipped", "not a mapping")


def _split_of_file(path: str) -> str | None:
    """Return the split that a json file's name, or the folder it is in, says."""
    stem = stem_of(file_name(path)).lower()
    for word in stem.replace("-", "_").replace(".", "_").replace(" ", "_").split("_"):
        split = split_named(word)
        if split is not None:
            return split
    for folder in reversed(path.split("/")[:-1]):
        split = split_named(folder)
        if split is not None:
            return split
    return stem_of(file_name(path))[len("instances_") :] if stem.startswith("instances_") else None


def _items(tree: Tree, images: list[str], entries: dict[str, _Entry], report: Report) -> Iterator[SourceItem]:
    names, splits = ItemNames(images), Splits(report)
    for path in images:
        entry = entries.pop(path, None)
        image = tree.path(path)
        header = probed(image, path, report)
        if header is None:
            continue
        annotations: tuple[Annotation, ...] | None = None
        extra: Extra = NO_EXTRA
        if entry is None:
            report.note("not-annotated", printable(path), "kept", "no json file names it")
        else:
            if "width" in entry.image:
                note_size(header, entry.image["width"], entry.image.get("height"), path, report)
            extra = _image_extra(entry.image)
            extra = extra if sane(extra) else NO_EXTRA
            annotations = _annotations(entry, header, path, report)
        split = splits.of(path, entry.split if entry else None)
        name = names.name_of(path, split)
        yield SourceItem(image, name, split, header, annotations, extra)


def _image_extra(image: Raw) -> Extra:
    rest = {k: v for k, v in image.items() if k not in _IMAGE_KEYS}
    extra: Raw = {"coco_id": image["id"], **_own(image)}
    if rest:
        extra["coco"] = rest
    return extra


def _own(raw: Raw) -> Raw:
    """Return what our own export kept of other formats."""
    own = raw.get("ddoc")
    return cast("Raw", own) if isinstance(own, dict) else {}


def _annotations(
    entry: _Entry, header: ImageHeader, path: str, report: Report
) -> tuple[Annotation, ...] | None:
    if entry.image.get("annotated") is False and not entry.annotations:
        return None  # our own mark of an image that nobody has looked at
    made: list[Annotation] = []
    subject = printable(path)
    if entry.joined:
        _drop_repeated(entry, subject, report)
    for raw, classes in entry.annotations:
        annotation = _annotation(raw, classes, header, subject, report)
        if annotation is not None:
            made.append(annotation)
    return tuple(made)


def _drop_repeated(entry: _Entry, subject: str, report: Report) -> None:
    """Leave out annotations that a second json file says again (instances and keypoints of one set, say)."""
    seen: set[tuple[str, ...]] = set()
    kept: list[tuple[Raw, Mapping[Any, str]]] = []
    for raw, classes in entry.annotations:
        key = (str(raw.get("id")), str(raw.get("category_id")), str(raw.get("bbox")))
        if key in seen and raw.get("id") is not None:
            report.note("duplicate-annotation", subject, "skipped", f"annotation {raw.get('id')} again")
            continue
        seen.add(key)
        kept.append((raw, classes))
    entry.annotations = kept


def _annotation(
    raw: Raw, classes: Mapping[Any, str], header: ImageHeader, subject: str, report: Report
) -> Annotation | None:
    try:
        name = classes[raw["category_id"]]
    except (KeyError, TypeError):
        detail = f"category {raw.get('category_id')} is not declared"
        report.note("unknown-class", subject, "skipped", printable(detail[:200]))
        return None
    segmentation = raw.get("segmentation")
    if segmentation:
        polygons, mask = _segmentation(segmentation, header, subject, report)
    else:
        polygons, mask = (), None
    box = _box(raw.get("bbox"), header, subject, report, required=not polygons and mask is None)
    if box is None:
        if polygons:
            box = bounds(polygons)
        elif mask is not None:
            edges = masks.bounds(mask)
            box = Box(*edges) if edges else None
        elif raw.get("bbox") or raw.get("segmentation"):
            return None  # reported where it was found broken
    extra = _extra(raw, area_of(box, polygons, mask))
    if not extra.keys() <= _SCALARS and not sane(extra):
        report.note("details-dropped", subject, "skipped", "nested too deeply, or not finite")
        extra = {}
    return Annotation(name, box, polygons, mask, extra or NO_EXTRA)


def _box(raw: Any, header: ImageHeader, subject: str, report: Report, *, required: bool) -> Box | None:
    if not raw:
        return None
    try:
        x, y, w, h = map(float, raw if isinstance(raw, list) else ())
    except (TypeError, ValueError, OverflowError):
        report.note("box-invalid", subject, "skipped", str(raw)[:200])
        return None
    # the sum of two decimals is off in its last bits; the ninth decimal of a pixel takes that back
    right, bottom = x + w, y + h
    right = right if right.is_integer() else round(right, 9)
    bottom = bottom if bottom.is_integer() else round(bottom, 9)
    if not required and not (isfinite(x + y + right + bottom) and right > x and bottom > y):
        return None  # the outline says where the object is
    return checked_box(
        x, y, right, bottom, width=header.width, height=header.height, subject=subject, report=report
    )


def _segmentation(
    raw: Any, header: ImageHeader, subject: str, report: Report
) -> tuple[tuple[tuple[float, ...], ...], Mapping[str, Any] | None]:
    """Return the rings and the mask of COCO's `segmentation`, whichever it is."""
    if not raw:
        return (), None
    if isinstance(raw, dict):
        try:
            mask = masks.compressed(cast("Raw", raw))
        except InvalidInputError as error:
            report.note(error.error_code, subject, "skipped", error.detail)
            return (), None
        if mask["size"] != [header.height, header.width]:
            report.note("mask-size-mismatch", subject, "skipped", f"{mask['size']}")
            return (), None
        return (), mask
    rings: list[tuple[float, ...]] = []
    outlines = cast("list[Any]", raw) if isinstance(raw, list) else []
    if outlines and isinstance(outlines[0], int | float):
        outlines = [outlines]  # some tools leave out the inner brackets of a single ring
    for points in outlines:
        try:
            flat = [float(v) for v in points]
        except (TypeError, ValueError, OverflowError):
            report.note("polygon-invalid", subject, "skipped", str(points)[:200])
            continue
        ring = checked_ring(flat, width=header.width, height=header.height, subject=subject, report=report)
        if ring is not None:
            rings.append(ring)
    return tuple(rings), None


def _extra(raw: Raw, natural_area: float) -> Raw:
    """Return what COCO says beyond geometry and class; what follows from them is left out."""
    number = raw.get("id")
    extra: Raw = {"coco_id": number} if isinstance(number, int | str) else {}
    if raw.get("iscrowd"):
        extra["iscrowd"] = 1
    area = raw.get("area")
    if isinstance(area, int | float) and 1e-6 * natural_area < abs(area - natural_area) < _MAX_AREA:
        extra["area"] = area
    attributes = raw.get("attributes")
    if isinstance(attributes, dict) and attributes:
        rest = dict(cast("Raw", attributes))
        for key in _LIFTED:
            if rest.get(key):
                extra[key] = rest.pop(key)
        if rest:
            extra["attributes"] = rest
    if not _PLAIN_KEYS.issuperset(raw):
        rest = {k: v for k, v in raw.items() if k not in _ANNOTATION_KEYS}
        if rest:
            extra["coco"] = rest
        extra |= _own(raw)
    return extra


def area_of(
    box: Box | None, polygons: tuple[tuple[float, ...], ...], mask: Mapping[str, Any] | None
) -> float:
    """Return the area in pixels: of the mask, of the rings (shoelace formula), or of the box; 0 without geometry."""
    if mask is not None:
        _, _, counts = masks.counts_of(mask)
        return float(sum(counts[1::2]))
    if polygons:
        return round(sum(_ring_area(ring) for ring in polygons), 6)
    if box is None:
        return 0.0
    return round((box.x2 - box.x1) * (box.y2 - box.y1), 6)


def _ring_area(ring: tuple[float, ...]) -> float:
    total = 0.0
    for at in range(0, len(ring), 2):
        x, y = ring[at], ring[at + 1]
        total += x * ring[(at + 3) % len(ring)] - ring[(at + 2) % len(ring)] * y
    return abs(total) / 2
