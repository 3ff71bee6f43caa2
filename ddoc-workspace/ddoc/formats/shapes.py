"""Boxes and polygons from annotation files, checked against their image: clipped, counted, listed."""

from collections.abc import Sequence
from math import isfinite

from ddoc.dataset.items import Box
from ddoc.reports import Report


def checked_box(
    x1: float, y1: float, x2: float, y2: float, *, width: int, height: int, subject: str, report: Report
) -> Box | None:
    """Return the box inside a `width`×`height` image, or None where no area is left; both are reported."""
    if 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height:
        return Box(x1, y1, x2, y2)
    if not isfinite(x1 + y1 + x2 + y2):
        report.note("invalid-number", subject, "skipped", f"{x1} {y1} {x2} {y2}")
        return None
    if not (x1 < x2 and y1 < y2):
        report.note("box-empty", subject, "skipped", f"{x1:g} {y1:g} {x2:g} {y2:g}")
        return None
    inside = Box(max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
    if not (inside.x1 < inside.x2 and inside.y1 < inside.y2):
        report.note("box-outside", subject, "skipped", f"{x1:g} {y1:g} {x2:g} {y2:g} in {width}×{height}")
        return None
    report.note("box-clipped", subject, "clipped", f"{x1:g} {y1:g} {x2:g} {y2:g} in {width}×{height}")
    return inside


def checked_ring(
    points: Sequence[float], *, width: int, height: int, subject: str, report: Report
) -> tuple[float, ...] | None:
    """Return a ring of flat coordinates with its points inside the image, or None where no area is left."""
    ring = tuple(points)
    if len(ring) < 6 or len(ring) % 2:
        report.note("polygon-invalid", subject, "skipped", f"{len(ring)} coordinates")
        return None
    xs, ys = ring[0::2], ring[1::2]
    if not isfinite(sum(ring)):
        report.note("invalid-number", subject, "skipped", "polygon")
        return None
    if min(xs) < 0 or min(ys) < 0 or max(xs) > width or max(ys) > height:
        ring = tuple(min(max(v, 0.0), float(height if at % 2 else width)) for at, v in enumerate(ring))
        xs, ys = ring[0::2], ring[1::2]
        report.note("polygon-clipped", subject, "clipped")
    if min(xs) == max(xs) or min(ys) == max(ys):
        report.note("polygon-empty", subject, "skipped")
        return None
    return ring
