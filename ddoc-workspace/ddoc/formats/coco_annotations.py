"""One COCO annotation: its geometry checked against the image, what else it says kept."""

from collections.abc import Mapping
from math import isfinite
from typing import Any, cast

from ddoc.dataset import masks
from ddoc.dataset.images import ImageHeader
from ddoc.dataset.items import NO_EXTRA, Annotation, Box
from ddoc.dataset.yolo_text import bounds
from ddoc.errors import InvalidInputError
from ddoc.formats.extras import sane
from ddoc.formats.shapes import checked_box, checked_ring
from ddoc.formats.tree import printable
from ddoc.formats.voc_flags import FLAGS
from ddoc.reports import Report

Raw = dict[str, Any]
_ANNOTATION_KEYS = frozenset(
    {"id", "image_id", "category_id", "bbox", "segmentation", "area", "iscrowd", "attributes", "ddoc"}
)
_PLAIN_KEYS = _ANNOTATION_KEYS - {"ddoc"}
_MAX_AREA = 1e12  # pixels; beyond it, or not a number, an area says nothing
_SCALARS = frozenset({"coco_id", "iscrowd", "area"})
_LIFTED = (*FLAGS, "pose")


def plain_box(raw: Raw, classes: Mapping[Any, str], header: ImageHeader) -> Annotation | None:
    """Return the annotation that is a box inside its image and nothing else, as most are; None for any other."""
    try:
        x, y, w, h = raw["bbox"]
        name = classes[raw["category_id"]]
        if raw.get("segmentation") or raw.get("attributes") or not raw.keys() <= _PLAIN_KEYS:
            return None
        x, y = float(x), float(y)
        right, bottom = round(x + w, 9), round(y + h, 9)
        if not (0 <= x < right <= header.width and 0 <= y < bottom <= header.height):
            return None
        extra = _extra(raw, (right - x) * (bottom - y))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return Annotation(name, Box(x, y, right, bottom), extra=extra or NO_EXTRA)


def annotation_of(
    raw: Raw, classes: Mapping[Any, str], header: ImageHeader, subject: str, report: Report
) -> Annotation | None:
    """Return the annotation, or None (reported under `subject`) where class or geometry cannot be used."""
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
    if 0 <= x < right <= header.width and 0 <= y < bottom <= header.height:
        return Box(x, y, right, bottom)
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
    if raw.keys() <= _PLAIN_KEYS and not raw.get("attributes"):
        return extra
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
        extra |= own_details(raw)
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


def own_details(raw: Raw) -> Raw:
    """Return what our own export kept of other formats."""
    own = raw.get("ddoc")
    return cast("Raw", own) if isinstance(own, dict) else {}
