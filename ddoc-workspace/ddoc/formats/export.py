"""Writing items in any format, with a report of what it cannot hold."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ddoc.dataset.items import Annotation, DatasetInfo
from ddoc.errors import ConflictError, InvalidInputError
from ddoc.formats.model import ExportItem, ExportSource
from ddoc.formats.names import UniqueNames
from ddoc.formats.output import Images, OutputFolder
from ddoc.formats.registry import format_named
from ddoc.formats.shapes import checked_box, checked_ring
from ddoc.reports import Report


@dataclass(frozen=True, slots=True)
class ExportResult:
    """How much an export wrote, and what the format could not hold."""

    items: int
    files: int
    bytes: int
    report: Report


def export(
    items: Iterable[ExportItem],
    info: DatasetInfo,
    *,
    format: str,  # noqa: A002 (the word of the vocabulary)
    target: Path,
    include_images: bool = True,
    link: bool = True,
    report: Report | None = None,
) -> ExportResult:
    """Write `items` under the new folder `target`, in their order; equal items give equal bytes.

    Images are hard-linked where possible (`link`), else copied, and never re-encoded. The folder appears whole or
    not at all. Raises InvalidInputError `unknown-format` or `unknown-class`, ConflictError `target-exists`.
    """
    chosen = format_named(format)
    if target.exists():
        raise ConflictError("the export's folder exists already", code="target-exists")
    notes = Report() if report is None else report
    staging = target.with_name(f".{target.name}.partial")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        images: Images = ("linked" if link else "copied") if include_images else "left out"
        checked = _Checked(items, info, notes)
        with OutputFolder(staging, images) as out:
            chosen.write(ExportSource(info, checked), out, notes)
        staging.rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return ExportResult(checked.count, out.files, out.bytes, notes)


class _Checked:
    """The items as they may be written: names apart, geometry inside the image, classes known."""

    def __init__(self, items: Iterable[ExportItem], info: DatasetInfo, report: Report) -> None:
        self._items = items
        self._classes = frozenset(info.classes)
        self._names = UniqueNames(report)
        self._report = report
        self.count = 0

    def __iter__(self) -> Iterator[ExportItem]:
        for item in self._items:
            self.count += 1
            name = self._names.take(item.name)
            annotations = item.annotations
            if annotations and not self._all_fit(annotations, item):
                annotations = tuple(fit for a in annotations if (fit := self._fitted(a, item)) is not None)
            if name is item.name and annotations is item.annotations:
                yield item
            else:
                yield ExportItem(
                    item.image, name, item.split, item.width, item.height, annotations, item.extra
                )

    def _all_fit(self, annotations: tuple[Annotation, ...], item: ExportItem) -> bool:
        for annotation in annotations:  # noqa: SIM110 (the generator of all() costs as much as the check)
            if not self._is_fit(annotation, item):
                return False
        return True

    def _is_fit(self, annotation: Annotation, item: ExportItem) -> bool:
        if annotation.class_name not in self._classes:
            raise InvalidInputError(
                "the class is not one of the dataset's",
                code="unknown-class",
                class_name=annotation.class_name,
            )
        box = annotation.box
        if annotation.polygons or box is None:
            return not annotation.polygons or all(_ring_fits(r, item) for r in annotation.polygons)
        return 0 <= box.x1 < box.x2 <= item.width and 0 <= box.y1 < box.y2 <= item.height

    def _fitted(self, annotation: Annotation, item: ExportItem) -> Annotation | None:
        if self._is_fit(annotation, item):
            return annotation
        size = {"width": item.width, "height": item.height}
        box = annotation.box
        if box is not None:
            box = checked_box(box.x1, box.y1, box.x2, box.y2, **size, subject=item.name, report=self._report)
        rings = (checked_ring(r, **size, subject=item.name, report=self._report) for r in annotation.polygons)
        kept = tuple(r for r in rings if r is not None)
        if box is None and not kept and annotation.mask is None:
            return None
        return Annotation(annotation.class_name, box, kept, annotation.mask, annotation.extra)


def _ring_fits(ring: tuple[float, ...], item: ExportItem) -> bool:
    xs, ys = ring[0::2], ring[1::2]
    return min(xs) >= 0 and min(ys) >= 0 and max(xs) <= item.width and max(ys) <= item.height
