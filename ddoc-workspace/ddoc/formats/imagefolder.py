"""ImageFolder: one folder per class, with or without splits above (torchvision's layout)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ddoc.dataset.info import MAX_CHARACTERS, class_names_of, parse_yaml
from ddoc.dataset.items import Annotation
from ddoc.errors import InvalidInputError
from ddoc.formats.locate import IMAGE_FOLDERS, Splits
from ddoc.formats.model import (
    ClassTable,
    ExportItem,
    ExportSource,
    FormatInfo,
    SourceDataset,
    SourceItem,
)
from ddoc.formats.output import OutputFolder
from ddoc.formats.probing import probed
from ddoc.formats.tree import Tree, nfc, split_named
from ddoc.reports import Report

INFO = FormatInfo(
    format="imagefolder",
    title="ImageFolder",
    tasks=("classify",),
    layout="<split>/<class>/<file>",
    holds=("one class per image", "splits"),
    cannot_hold=("boxes", "polygons", "masks", "several classes per image", "flags, ids and attributes"),
)
_Place = tuple[str | None, str | None, str]
_ANNOTATIONS = (".xml", ".csv")


class ImageFolder:
    """The ImageFolder format."""

    info = INFO

    def detect(self, tree: Tree) -> float:
        """Return 0.9 with our dataset.yaml, 0.6 where every image lies in a class folder and there are several."""
        images = tree.images()
        if _declared(tree) is not None:
            return 0.9
        if not images or tree.with_suffix(*_ANNOTATIONS):
            return 0.0
        places = [_place(path) for path in images]
        classes = {name for _, name, _ in places}
        splits = {split for split, _, _ in places}
        if {str(name).lower() for name in classes} <= IMAGE_FOLDERS:
            return 0.0  # <split>/images/<file> says nothing about classes
        if None in classes or (len(classes) < 2 and splits == {None}):
            return 0.0
        return 0.6

    def read(self, tree: Tree, report: Report) -> SourceDataset:
        """Read classes from folders, sorted by name unless our dataset.yaml gives their order."""
        images = tree.images()
        declared = _declared(tree) or _Declared((), ())
        places = [(path, _place(path, declared.splits)) for path in images]
        found = sorted({place[1] for _, place in places if place[1] is not None})
        if not found:
            raise InvalidInputError("no image lies in a class folder", code="format-mismatch")
        classes = ClassTable([*declared.classes, *found])
        return SourceDataset("imagefolder", "classify", classes, _items(tree, places, report))

    def write(self, source: ExportSource, out: OutputFolder, report: Report) -> None:
        """Write each image into the folder of its class; what has no single class is reported and left out."""
        for item in source.items:
            name = _class_of(item, report)
            if name is not None:
                out.place(item.image, f"{item.split}/{name}/{item.name}")
        if not out.has_images:
            report.note("images-left-out", INFO.title, "skipped", "without images this format holds nothing")


def folder_name(class_name: str) -> str | None:
    """Return the folder of a class, None where its name cannot be one."""
    if (
        class_name in {"", ".", ".."}
        or "/" in class_name
        or "\0" in class_name
        or len(class_name.encode()) > 255
    ):
        return None
    return class_name


def _class_of(item: ExportItem, report: Report) -> str | None:
    annotations = item.annotations or ()
    names = Counter(a.class_name for a in annotations)
    if len(names) != 1:
        detail = "not annotated" if item.annotations is None else f"{len(names)} classes"
        report.note("no-single-class", item.name, "skipped", detail)
        return None
    name = folder_name(next(iter(names)))
    if name is None:
        report.note("class-not-a-folder", next(iter(names)), "skipped")
        return None
    shapes = sum(a.kind != "class" for a in annotations)
    if shapes:
        report.note("shape-dropped", item.name, "skipped", f"{shapes} boxes, polygons or masks", count=shapes)
    extras = bool(item.extra) + sum(bool(a.extra) for a in annotations)
    if extras:
        report.note("details-dropped", item.name, "skipped", "flags, ids or attributes", count=extras)
    return name


def _place(path: str, splits: Sequence[str] = ()) -> _Place:
    """Return (split, class, name below the class) that the folders of `path` say; `splits` are names beyond ours."""
    parts = path.split("/")
    if len(parts) > 1 and parts[0].lower() == "images":
        parts = parts[1:]
    split = None
    if len(parts) > 1:
        split = parts[0] if parts[0] in splits else split_named(parts[0])
    if split is not None:
        parts = parts[1:]
    if len(parts) < 2:
        return split, None, parts[0]
    return split, nfc(parts[0]), nfc("/".join(parts[1:]))


@dataclass(frozen=True, slots=True)
class _Declared:
    """What our own dataset.yaml of a classification set says."""

    classes: tuple[str, ...]
    splits: tuple[str, ...]


def _declared(tree: Tree) -> _Declared | None:
    """Return what dataset.yaml declares, None without one of a classification set."""
    for name in ("dataset.yaml", "data.yaml"):
        if name in tree.files:
            try:
                content: dict[str, Any] = parse_yaml(tree.read(name, MAX_CHARACTERS).decode("utf-8"))
                if content.get("task") != "classify":
                    return None
                splits = content.get("splits")
                own = cast("list[Any]", splits) if isinstance(splits, list) else []
                return _Declared(class_names_of(content.get("names")), tuple(str(s) for s in own))
            except (InvalidInputError, UnicodeDecodeError):
                return None
    return None


def _items(tree: Tree, places: list[tuple[str, _Place]], report: Report) -> Iterator[SourceItem]:
    splits = Splits(report)
    for path, (split, class_name, name) in places:
        header = probed(tree.path(path), path, report)
        if header is None:
            continue
        if class_name is None:
            report.note("not-annotated", path, "kept", "not in a class folder")
        annotations = None if class_name is None else (Annotation(class_name),)
        chosen = split or splits.of(name)
        yield SourceItem(tree.path(path), name, chosen, header, annotations)
