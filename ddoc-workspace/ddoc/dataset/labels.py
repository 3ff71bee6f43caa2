"""The one module that reads and writes an item's labels: `labels/<split>/…/<stem>.txt` and the sidecar beside it.

The text is the truth that any YOLO trainer reads. The sidecar `<stem>.json` exists only where text cannot hold
something; each of its entries names the geometry (the text after the class number) of the line that it completes,
so that lines edited, added or removed by another tool never take over what belongs to a different object:

    {"ddoc": 1, "image": {…}, "annotations": [{"at": "0.5 0.5 0.1 0.1", "box": […], "polygons": […], "mask": {…},
     "extra": {…}}, {"class": "cat", "extra": {…}}]}

`at` is absent for a class of the whole image. In a file with any polygon, boxes are written as polygons of four
corners, since trainers read such a file as polygons throughout; the sidecar knows that they are boxes.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any

from ddoc.dataset import masks, yolo_text
from ddoc.dataset.items import NO_EXTRA, Annotation, Box, DatasetInfo, Extra
from ddoc.dataset.sidecar import MAX_BYTES, Entry, Issue, parse_sidecar, sidecar_text, text_of
from ddoc.dataset.yolo_text import LineError, comes_back
from ddoc.errors import InvalidInputError
from ddoc.paths import write_atomic


@dataclass(frozen=True, slots=True)
class ItemLabels:
    """What is known of an image: its annotations (None = not annotated, empty = background), what formats say of
    the image beyond that, and what could not be read as it stood, as (code, detail)."""

    annotations: tuple[Annotation, ...] | None
    extra: Extra = NO_EXTRA
    issues: tuple[Issue, ...] = ()


NOT_ANNOTATED = ItemLabels(None)
_BLOCK = 1 << 16


def label_paths(image: str) -> tuple[str, str]:
    """Return the (text, sidecar) paths, relative to `data/`, of the image at `images/…`."""
    stem = "labels" + os.path.splitext(image)[0][len("images") :]  # noqa: PTH122 (Path is slow, a million times)
    return f"{stem}.txt", f"{stem}.json"


def class_of_path(image: str) -> str | None:
    """Return the class folder of a classification image `images/<split>/<class>/<file>`, None without one."""
    parts = image.split("/")
    return parts[2] if len(parts) > 3 else None


def read_labels(data: Path, image: str, *, info: DatasetInfo, width: int, height: int) -> ItemLabels:
    """Read the labels of `image` (path relative to `data/`), an image of `width`×`height` pixels.

    What is wrong in the files becomes an issue, never an error: `bad-line`, `class-out-of-range`,
    `invalid-number`, `box-clipped`, `box-empty`, `polygon-clipped`, `polygon-empty`, `labels-not-text`,
    `labels-too-large`, `sidecar-invalid`, `details-lost`.
    """
    text_path, sidecar_path = label_paths(image)
    sidecar = _read(f"{data}/{sidecar_path}")
    if info.task == "classify":
        return _classified(image, sidecar)
    text = _read(f"{data}/{text_path}")
    if text is None:
        return NOT_ANNOTATED
    return decode_labels(text, sidecar, classes=info.classes, width=width, height=height)


def write_labels(
    data: Path, image: str, labels: ItemLabels, *, info: DatasetInfo, width: int, height: int
) -> None:
    """Write the labels of `image`, each file by temporary file and rename; None as annotations removes the pair.

    Raises InvalidInputError `unknown-class`, `box-empty`, or `class-is-folder` where the class of a
    classification image is not that of its folder.
    """
    text_path, sidecar_path = label_paths(image)
    text, sidecar = encode_labels(labels, info=info, width=width, height=height)
    if info.task == "classify" and labels.annotations:
        names = {a.class_name for a in labels.annotations}
        if names != {class_of_path(image)}:
            raise InvalidInputError(
                "the class of a classification image is its folder", code="class-is-folder"
            )
    for path, content in ((data / sidecar_path, sidecar), (data / text_path, text)):
        if content is None:
            path.unlink(missing_ok=True)
        else:
            write_atomic(path, content.encode())


def encode_labels(
    labels: ItemLabels,
    *,
    info: DatasetInfo,
    width: int,
    height: int,
    without: frozenset[str] = frozenset(),
) -> tuple[str | None, str | None]:
    """Return the contents of the text file and of the sidecar; None for a file that must not exist.

    Details named in `without` are left out.

    Raises InvalidInputError `unknown-class` or `box-empty`.
    """
    if labels.annotations is None:
        return None, None
    if info.task == "classify":
        entries = [{"class": a.class_name, "extra": dict(a.extra)} for a in labels.annotations if a.extra]
        return None, sidecar_text(labels.extra, entries)
    numbers = _numbers(info.classes)
    outlined = any(a.polygons or a.mask is not None for a in labels.annotations)
    lines: list[str] = []
    described: list[tuple[str | None, dict[str, Any] | None]] = []
    for annotation in labels.annotations:
        number = numbers.get(annotation.class_name)
        if number is None:
            raise InvalidInputError(
                "the class is not one of the dataset's",
                code="unknown-class",
                class_name=annotation.class_name,
            )
        box, extra = annotation.box, annotation.extra
        if not outlined and box is not None and extra.keys() <= without and comes_back(box, width, height):
            line, entry = yolo_text.box_line(number, box, width, height), None  # nine boxes of ten
        else:
            line, entry = _encode(
                annotation, number, outlined=outlined, width=width, height=height, without=without
            )
        if line is not None:
            lines.append(line)
        described.append((line, entry))
    return "".join(f"{line}\n" for line in lines), sidecar_text(
        _kept(labels.extra, without), _entries(described)
    )


def decode_labels(
    text: bytes, sidecar: bytes | None, *, classes: Sequence[str], width: int, height: int
) -> ItemLabels:
    """Return what the contents of a text file and its sidecar say. Issues as `read_labels` names them."""
    issues: list[Issue] = []
    extra, entries, whole = parse_sidecar(sidecar, issues) if sidecar is not None else (NO_EXTRA, {}, [])
    try:
        lines = text_of(text).splitlines()
    except InvalidInputError as error:
        return ItemLabels(None, extra, (*issues, (error.error_code, error.detail)))
    annotations: list[Annotation] = []
    for line in lines:
        tokens = line.split()
        if not tokens:
            continue
        try:
            annotation = None if entries else _plain(tokens, classes, width, height)
            annotations.append(annotation or _decode(tokens, entries, classes, width, height, issues))
        except LineError as error:
            issues.append((error.code, line[:200]))
    annotations.extend(a for a in whole if a.class_name in classes)
    issues.extend(("details-lost", at[:200]) for at, left in entries.items() for _ in left)
    return ItemLabels(tuple(annotations), extra, tuple(issues))


def _entries(described: list[tuple[str | None, dict[str, Any] | None]]) -> list[dict[str, Any]]:
    """Return the entries in the order of their lines.

    Of several lines with one geometry, those without details get an empty entry too if another has some, so that
    each finds its own.
    """
    wanted = {entry["at"] for _, entry in described if entry is not None and "at" in entry}
    entries: list[dict[str, Any]] = []
    for line, entry in described:
        if entry is not None:
            entries.append(entry)
        elif wanted and line is not None and (at := line.partition(" ")[2]) in wanted:
            entries.append({"at": at})
    return entries


def _classified(image: str, sidecar: bytes | None) -> ItemLabels:
    issues: list[Issue] = []
    name = class_of_path(image)
    extra, _, whole = parse_sidecar(sidecar, issues) if sidecar is not None else (NO_EXTRA, {}, [])
    if name is None:
        return ItemLabels(None, extra, tuple(issues))
    known = next((a for a in whole if a.class_name == name), None)
    return ItemLabels((known or Annotation(name),), extra, tuple(issues))


def _encode(
    annotation: Annotation, number: int, *, outlined: bool, width: int, height: int, without: frozenset[str]
) -> tuple[str | None, dict[str, Any] | None]:
    """Return the line and the sidecar entry of one annotation."""
    extra = _kept(annotation.extra, without)
    entry: dict[str, Any] = {"extra": dict(extra)} if extra else {}
    box, polygons = annotation.box, annotation.polygons
    if annotation.mask is not None:
        line = _mask_line(annotation, number, width, height)
        entry |= {"polygons": [list(r) for r in polygons], "mask": dict(annotation.mask)}
        if box is not None:
            entry["box"] = _corners(box)
    elif polygons:
        ring = yolo_text.joined(polygons)
        line = yolo_text.ring_line(number, ring, width, height)
        if len(polygons) > 1 or _ring_again(line, width, height) != ring:
            entry["polygons"] = [list(r) for r in polygons]
        if box is not None and box != yolo_text.bounds(polygons):
            entry["box"] = _corners(box)
    elif box is None:
        return None, {"class": annotation.class_name} | entry
    elif outlined:
        line = yolo_text.ring_line(number, _rectangle(_inside(box, width, height)), width, height)
        entry |= {"polygons": [], "box": _corners(box)}
    else:
        line = yolo_text.box_line(number, _inside(box, width, height), width, height)
        if not comes_back(box, width, height):
            entry["box"] = _corners(box)
    return line, {"at": line.partition(" ")[2]} | entry if entry else None


def _kept(extra: Extra, without: frozenset[str]) -> Extra:
    if not extra or not without:
        return extra
    return NO_EXTRA if extra.keys() <= without else {k: v for k, v in extra.items() if k not in without}


def _mask_line(annotation: Annotation, number: int, width: int, height: int) -> str:
    """Outline a mask; one without outlines (empty or a line of pixels) is written as its box."""
    assert annotation.mask is not None
    outlines = annotation.polygons or masks.rings(annotation.mask)
    if outlines:
        return yolo_text.ring_line(number, yolo_text.joined(outlines), width, height)
    edges = masks.bounds(annotation.mask)
    box = annotation.box or (Box(*edges) if edges else Box(0, 0, width, height))
    return yolo_text.ring_line(number, _rectangle(box), width, height)


def _inside(box: Box, width: int, height: int) -> Box:
    """Return the part of the box inside the image. Raises InvalidInputError `box-empty` without one."""
    if 0 <= box.x1 < box.x2 <= width and 0 <= box.y1 < box.y2 <= height:
        return box
    x1, y1, x2, y2 = yolo_text.clip(box.x1, box.y1, box.x2, box.y2, width, height)
    if not (x1 < x2 and y1 < y2):
        raise InvalidInputError("a box has no area inside its image", code="box-empty", box=_corners(box))
    return Box(x1, y1, x2, y2)


def _ring_again(line: str, width: int, height: int) -> yolo_text.Ring | None:
    try:
        return yolo_text.ring_of([float(t) for t in line.split()[1:]], width, height)[0]
    except LineError:
        return None


def _plain(tokens: list[str], classes: Sequence[str], width: int, height: int) -> Annotation | None:
    """Return the annotation of a line that is a box inside the image, as most are; None for any other line."""
    try:
        number, cx, cy, w, h = tokens
        box = yolo_text.plain_box(float(cx), float(cy), float(w), float(h), width, height)
        return None if box is None else Annotation(classes[int(number)], box) if number.isdigit() else None
    except (ValueError, IndexError):
        return None


def _decode(
    tokens: list[str],
    entries: dict[str, list["Entry"]],
    classes: Sequence[str],
    width: int,
    height: int,
    issues: list[Issue],
) -> Annotation:
    """Return the annotation of one line, completed by its sidecar entry. Raises LineError."""
    count = len(tokens)
    try:
        number = int(tokens[0]) if tokens[0].isdigit() else _whole(tokens[0])
        values = [float(t) for t in tokens[1:]]
    except ValueError:
        raise LineError("bad-line") from None
    if not 0 <= number < len(classes):
        raise LineError("class-out-of-range")
    waiting = entries.get(" ".join(tokens[1:])) if entries else None
    if waiting:
        return _completed(waiting.pop(0), classes[number], values, width, height)
    if count == 5:
        box, clipped = yolo_text.box_of(values[0], values[1], values[2], values[3], width, height)
        if clipped:
            issues.append(("box-clipped", " ".join(tokens)))
        return Annotation(classes[number], box)
    if count == 6:  # a prediction: the sixth number is its confidence
        box, _ = yolo_text.box_of(values[0], values[1], values[2], values[3], width, height)
        return Annotation(
            classes[number], box, extra={"confidence": values[4]} if isfinite(values[4]) else {}
        )
    if count < 7 or count % 2 == 0:
        raise LineError("bad-line")
    ring, clipped = yolo_text.ring_of(values, width, height)
    if clipped:
        issues.append(("polygon-clipped", " ".join(tokens)[:200]))
    return Annotation(classes[number], yolo_text.bounds([ring]), (ring,))


def _completed(entry: "Entry", name: str, values: list[float], width: int, height: int) -> Annotation:
    polygons, box = entry.polygons, entry.box
    if polygons is None and entry.mask is None and len(values) > 5:
        polygons = (yolo_text.ring_of(values, width, height)[0],)
    if box is None and polygons:
        box = yolo_text.bounds(polygons)
    elif box is None and entry.mask is None and len(values) <= 5:
        box = yolo_text.box_of(values[0], values[1], values[2], values[3], width, height)[0]
    return Annotation(name, box, polygons or (), entry.mask, entry.extra)


def _read(path: str) -> bytes | None:
    """Return the file's bytes (at most one over the limit), None where it is missing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        data = os.read(descriptor, _BLOCK)
        if len(data) < _BLOCK:
            return data
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return data + file.read(MAX_BYTES + 1 - _BLOCK)
    finally:
        os.close(descriptor)


def _whole(token: str) -> int:
    number = float(token)
    if not number.is_integer():
        raise ValueError("a class number must be whole")
    return int(number)


def _corners(box: Box) -> list[float]:
    return [box.x1, box.y1, box.x2, box.y2]


def _rectangle(box: Box) -> tuple[float, ...]:
    return (box.x1, box.y1, box.x2, box.y1, box.x2, box.y2, box.x1, box.y2)


@lru_cache(maxsize=16)
def _numbers(classes: tuple[str, ...]) -> Mapping[str, int]:
    return {name: number for number, name in enumerate(classes)}


def files_of(data: Path, image: str) -> Iterator[Path]:
    """Yield the label files of `image` that exist, as absolute paths."""
    for relative in label_paths(image):
        if (data / relative).is_file():
            yield data / relative
