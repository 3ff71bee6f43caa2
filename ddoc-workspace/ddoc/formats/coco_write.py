"""Writing COCO: one json per split, written as the items come, with ids kept where they are free."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from ddoc.dataset.items import Annotation
from ddoc.formats.coco_annotations import area_of
from ddoc.formats.model import ExportItem, ExportSource
from ddoc.formats.output import OutputFolder
from ddoc.formats.voc_flags import FLAGS
from ddoc.reports import Report

_ATTRIBUTES = (*FLAGS, "pose")
_OWN = frozenset({"coco_id", "iscrowd", "area", "coco", "attributes", *_ATTRIBUTES})
_IMAGE_KEYS = frozenset({"id", "file_name", "width", "height"})
_ANNOTATION_KEYS = frozenset({"id", "image_id", "category_id", "bbox", "segmentation", "area", "iscrowd"})
# A lone surrogate in a text becomes the escape that JSON reads as the same
_SURROGATES = "backslashreplace"
_SCALARS = frozenset({"coco_id", "iscrowd", "area"})
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=dict)
_PART = ".annotations.part"


def write(source: ExportSource, out: OutputFolder, report: Report) -> None:
    """Write annotations/instances_<split>.json and images/<split>/<file>."""
    categories = _categories(source)
    numbers = {c["name"]: c["id"] for c in categories}
    writers: dict[str, _SplitWriter] = {}
    try:
        for item in source.items:
            writer = writers.get(item.split)
            if writer is None:
                writer = writers[item.split] = _open(out, item.split, source, categories)
            out.place(item.image, f"images/{item.split}/{item.name}")
            writer.add(item, numbers, report)
        if not writers:
            split = next(iter(source.info.splits), "train")
            writers[split] = _open(out, split, source, categories)
        for writer in writers.values():
            out.count(writer.finish())
    finally:
        for writer in writers.values():
            writer.close()


def _categories(source: ExportSource) -> list[dict[str, Any]]:
    """Return the categories with the ids they came with, the others numbered from 1 past those."""
    given: dict[str, dict[str, Any]] = {}
    for raw in source.info.origin.get("categories", ()):
        if isinstance(raw.get("id"), int) and raw["id"] not in {c["id"] for c in given.values()}:
            given[str(raw.get("name"))] = dict(raw)
    used = {given[name]["id"] for name in source.info.classes if name in given}
    free = (n for n in range(1, 1 << 31) if n not in used)
    return [given.get(name) or {"id": next(free), "name": name} for name in source.info.classes]


def _open(
    out: OutputFolder, split: str, source: ExportSource, categories: list[dict[str, Any]]
) -> "_SplitWriter":
    path = out.path(f"annotations/instances_{split}.json")
    head = {k: source.info.origin[k] for k in ("info", "licenses") if source.info.origin.get(k)}
    head["categories"] = categories
    return _SplitWriter(path, head)


@dataclass(slots=True)
class _Ids:
    """Hands out ids: the one that a thing came with if it is a free whole number, else the next free one."""

    used: set[int] = field(default_factory=set[int])
    next: int = 1

    def take(self, wanted: object) -> int:
        """Return an id that nothing else has."""
        if type(wanted) is int and wanted not in self.used:
            self.used.add(wanted)
            return wanted
        while self.next in self.used:
            self.next += 1
        self.used.add(self.next)
        return self.next


class _SplitWriter:
    """Streams one split: images into the file, annotations into a part that is appended at the end."""

    def __init__(self, path: str, head: dict[str, Any]) -> None:
        self._path = path
        self._file = _open_text(path)
        self._part = _open_text(path + _PART)
        self._file.write(_dumps(head)[:-1] + ',"images":[')
        self._images, self._annotations = _Ids(), _Ids()
        self._first_image = self._first_annotation = True

    def add(self, item: ExportItem, numbers: dict[str, int], report: Report) -> None:
        """Write one image and its annotations."""
        wanted = item.extra.get("coco_id")
        number = self._images.take(wanted)
        if wanted is not None and number != wanted:
            report.note("id-changed", item.name, "changed", f"image {wanted} → {number}")
        text = (
            f'{{"id":{number},"file_name":{_dumps(item.name)},"width":{item.width},"height":{item.height}'
            f"{_image_rest(item, report)}}}"
        )
        self._file.write(text if self._first_image else f",\n{text}")
        self._first_image = False
        if item.annotations:
            lines = [
                self._annotation(a, number, numbers[a.class_name], item, report) for a in item.annotations
            ]
            self._part.write(("" if self._first_annotation else ",\n") + ",\n".join(lines))
            self._first_annotation = False

    def _annotation(
        self, annotation: Annotation, image: int, category: int, item: ExportItem, report: Report
    ) -> str:
        extra = annotation.extra
        wanted = extra.get("coco_id")
        number = self._annotations.take(wanted)
        if wanted is not None and number != wanted:
            report.note("id-changed", item.name, "changed", f"annotation {wanted} → {number}")
        area = extra.get("area")
        if area is None:
            area = _number(area_of(annotation.box, annotation.polygons, annotation.mask))
        return (
            f'{{"id":{number},"image_id":{image},"category_id":{category},{_geometry(annotation)}'
            f'"area":{area},"iscrowd":{1 if extra.get("iscrowd") else 0}'
            f"{'' if extra.keys() <= _SCALARS else _annotation_rest(annotation)}}}"
        )

    def finish(self) -> int:
        """Complete the document; returns its bytes."""
        self._file.write('\n],"annotations":[')
        self._part.flush()
        self._part.seek(0)
        shutil.copyfileobj(self._part, self._file, 1 << 20)
        self._file.write("\n]}\n")
        self._file.flush()
        return Path(self._path).stat().st_size

    def close(self) -> None:
        """Close the files and remove the part."""
        self._file.close()
        self._part.close()
        Path(self._path + _PART).unlink(missing_ok=True)


def _open_text(path: str) -> TextIO:
    return Path(path).open("x+", encoding="utf-8", errors=_SURROGATES)


def _geometry(annotation: Annotation) -> str:
    box = annotation.box
    if box is None:
        return ""  # a class of the whole image: COCO's readers skip what has no box
    corner = f'"bbox":[{_number(box.x1)},{_number(box.y1)},{_side(box.x1, box.x2)},{_side(box.y1, box.y2)}],'
    if annotation.mask is not None:
        return f'{corner}"segmentation":{_dumps(dict(annotation.mask))},'
    if not annotation.polygons:
        return f'{corner}"segmentation":[],'
    rings = ",".join(f"[{','.join(str(_number(v)) for v in ring)}]" for ring in annotation.polygons)
    return f'{corner}"segmentation":[{rings}],'


def _image_rest(item: ExportItem, report: Report) -> str:
    if item.annotations is not None and item.extra.keys() <= _SCALARS:
        return ""
    rest = {k: v for k, v in item.extra.get("coco", {}).items() if k not in _IMAGE_KEYS}
    if item.annotations is None:
        rest["annotated"] = False
        report.note(
            "unannotated-marked", item.name, "kept", 'marked "annotated": false; others read a background'
        )
    own = {k: v for k, v in item.extra.items() if k not in {"coco", "coco_id"}}
    if own:
        rest["ddoc"] = own
    return "," + _dumps(rest)[1:-1] if rest else ""


def _annotation_rest(annotation: Annotation) -> str:
    """Return what goes beside geometry: flags as attributes, unknown keys as they came, the rest under `ddoc`."""
    extra = annotation.extra
    rest: dict[str, Any] = {k: v for k, v in extra.get("coco", {}).items() if k not in _ANNOTATION_KEYS}
    attributes = {**extra.get("attributes", {}), **{k: extra[k] for k in _ATTRIBUTES if k in extra}}
    if attributes:
        rest["attributes"] = attributes
    own = {k: v for k, v in extra.items() if k not in _OWN}
    if own:
        rest["ddoc"] = own
    return "," + _dumps(rest)[1:-1] if rest else ""


def _number(value: float) -> float | int:
    whole = int(value)
    return whole if whole == value else value


def _side(start: float, end: float) -> float | int:
    """Return the side from `start` to `end`, by the shortest decimal that leads back to `end`."""
    side = end - start
    whole = int(side)
    if whole == side:
        return whole
    short = round(side, 6)
    return short if round(start + short, 9) == end else side


def _dumps(value: object) -> str:
    return _ENCODER.encode(value)
