"""YOLO: one text file per image with a line per box or polygon; data.yaml names classes and splits.

Read in both layouts (`images/<split>` and `<split>/images`), with text beside the image, with or without
data.yaml, and as Roboflow exports it (paths that begin with `../`, splits that do not exist).
"""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, cast, overload

from ddoc.dataset.info import class_names_of, parse_yaml, yaml_of
from ddoc.dataset.items import Annotation
from ddoc.dataset.labels import MAX_BYTES, ItemLabels, decode_labels, encode_labels
from ddoc.errors import InvalidInputError
from ddoc.formats import imagefolder
from ddoc.formats.extras import class_name
from ddoc.formats.locate import ItemNames, Splits
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
from ddoc.formats.tree import Tree, file_name, folder_of, nfc, printable, stem_of
from ddoc.reports import Action, Report

INFO = FormatInfo(
    format="yolo",
    title="YOLO",
    tasks=("detect", "segment", "classify"),
    layout="data.yaml, images/<split>/<file>, labels/<split>/<stem>.txt",
    holds=("boxes", "polygons", "backgrounds", "unannotated images", "splits", "classes without annotations"),
    cannot_hold=(
        "masks, several rings, flags, attributes: in the .json beside the text, which ddoc reads back",
        "ids",
    ),
)
MAX_CLASSES = 10_000
_IDS = frozenset({"coco_id"})
_CLASS_LISTS = frozenset({"classes.txt", "obj.names", "labels.txt", "class_names.txt"})
_NOT_LABELS = _CLASS_LISTS | {
    "train.txt",
    "val.txt",
    "test.txt",
    "readme.txt",
    "requirements.txt",
    "license.txt",
}


@dataclass(slots=True)
class _Plan:
    """What data.yaml and the folders say before any image is read."""

    classes: ClassTable
    declared: bool
    origin: dict[str, Any] = field(default_factory=dict[str, Any])
    prefixes: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    listed: dict[str, str] = field(default_factory=dict[str, str])

    def place_of(self, path: str) -> tuple[str | None, str]:
        """Return the split that data.yaml gives to the image at `path`, and the folder that says so."""
        if path in self.listed:
            return self.listed[path], ""
        return next(
            ((split, prefix) for prefix, split in self.prefixes if path.startswith(prefix)), (None, "")
        )


class Yolo:
    """The YOLO format."""

    info = INFO

    def detect(self, tree: Tree) -> float:
        """Return 0.95 for data.yaml with label files, 0.85 for label files alone, 0.4 for data.yaml alone."""
        found = _yaml_of(tree)
        if found is not None and found[1].get("task") == "classify":
            return 0.0
        pairs = islice(_paired(tree, _label_files(tree)), 20)
        looks = any(_looks_like_labels(tree.path(text)) for _, text in pairs)
        if looks:
            return 0.95 if found else 0.85
        return 0.4 if found else 0.0

    def read(self, tree: Tree, report: Report) -> SourceDataset:
        """Read images and their label texts. Raises InvalidInputError `format-mismatch` without either."""
        texts = _label_files(tree)
        plan = _plan(tree, report)
        if not texts and not plan.declared:
            raise InvalidInputError("no YOLO label files and no data.yaml", code="format-mismatch")
        items = _items(tree, texts, plan, report)
        return SourceDataset("yolo", "detect", plan.classes, items, plan.origin)

    def write(self, source: ExportSource, out: OutputFolder, report: Report) -> None:
        """Write the canonical text and, where it cannot hold something, the sidecar (reported)."""
        if source.info.task == "classify":
            imagefolder.ImageFolder().write(source, out, report)
            return
        out.write("data.yaml", yaml_of(source.info).encode())
        for item in source.items:
            out.place(item.image, f"images/{item.split}/{item.name}")
            _write_labels(item, source, out, report)


def _write_labels(item: ExportItem, source: ExportSource, out: OutputFolder, report: Report) -> None:
    labels = ItemLabels(item.annotations, item.extra)
    text, sidecar = encode_labels(
        labels, info=source.info, width=item.width, height=item.height, without=_IDS
    )
    _note_ids(item, report)
    stem = f"labels/{item.split}/{stem_of(item.name)}"
    if text is not None:
        out.write(f"{stem}.txt", text.encode())
    if sidecar is not None:
        out.write(f"{stem}.json", sidecar.encode())
        _note_sidecar(item.name, labels, report)


def _note_ids(item: ExportItem, report: Report) -> None:
    """Say that COCO's ids are left out: they alone are not worth a second file for every image."""
    count = "coco_id" in item.extra
    for annotation in item.annotations or ():
        if "coco_id" in annotation.extra:
            count += 1
    if count:
        report.note("ids-dropped", item.name, "skipped", "COCO's ids of image and annotations", count=count)


def _note_sidecar(name: str, labels: ItemLabels, report: Report) -> None:
    """Say what only readers of the sidecar will see."""
    if labels.extra.keys() - _IDS:
        report.note(
            "only-in-sidecar", name, "kept", f"image: {', '.join(sorted(labels.extra.keys() - _IDS))}"
        )
    for annotation in labels.annotations or ():
        what = _beyond_text(annotation)
        if what:
            report.note("only-in-sidecar", name, "kept", f"{annotation.class_name}: {what}")


def _beyond_text(annotation: Annotation) -> str:
    parts = sorted(annotation.extra.keys() - _IDS)
    if annotation.mask is not None:
        parts.append("mask")
    elif len(annotation.polygons) > 1:
        parts.append(f"{len(annotation.polygons)} rings")
    elif annotation.kind == "class":
        parts.append("class of the whole image")
    return ", ".join(parts)


def _items(tree: Tree, texts: Sequence[str], plan: _Plan, report: Report) -> Iterator[SourceItem]:
    images = tree.images()
    pairs = dict(_paired(tree, texts))
    used = frozenset(pairs.values())
    sidecars = frozenset(tree.with_suffix(".json"))
    names, splits = ItemNames(images), Splits(report)
    classes = plan.classes.names if plan.declared else _Numbered(plan.classes)
    for path in images:
        image = tree.path(path)
        header = probed(image, path, report)
        if header is None:
            continue
        labels = _labels(tree, pairs.get(path), sidecars, classes, header.width, header.height, report)
        if labels.annotations is None:
            report.note("not-annotated", path, "kept", "no label file")
        said, prefix = plan.place_of(path)
        split = splits.of(path, said)
        yield SourceItem(
            image,
            nfc(path[len(prefix) :]) if prefix else names.name_of(path, split),
            split,
            header,
            labels.annotations,
            labels.extra,
        )
    for text in texts:
        if text not in used:
            report.note("image-missing", printable(text), "skipped", "labels without an image")


def _labels(
    tree: Tree,
    text: str | None,
    sidecars: frozenset[str],
    classes: Sequence[str],
    width: int,
    height: int,
    report: Report,
) -> ItemLabels:
    if text is None:
        return ItemLabels(None)
    sidecar = f"{stem_of(text)}.json"
    labels = decode_labels(
        tree.read(text, MAX_BYTES + 1),
        tree.read(sidecar, MAX_BYTES + 1) if sidecar in sidecars else None,
        classes=classes,
        width=width,
        height=height,
    )
    for code, detail in labels.issues:
        report.note(code, printable(text), _action(code), printable(detail))
    return labels


def _action(code: str) -> Action:
    if code.endswith("-clipped"):
        return "clipped"
    return "changed" if code in {"details-lost", "sidecar-invalid"} else "skipped"


def _label_files(tree: Tree) -> list[str]:
    return [f for f in tree.with_suffix(".txt") if not _is_other_text(file_name(f).lower())]


def _is_other_text(name: str) -> bool:
    return name in _NOT_LABELS or name.startswith("readme.")


def _paired(tree: Tree, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (image, label file): in the parallel `labels` folder, else beside the image."""
    if not texts:
        return
    known = {nfc(text): text for text in texts}
    places: dict[str, tuple[str, ...]] = {}
    for image in tree.images():
        folder = folder_of(image)
        if folder not in places:
            places[folder] = _label_folders(nfc(folder))
        stem = nfc(stem_of(image[len(folder) :]))
        for place in places[folder]:
            text = known.get(f"{place}{stem}.txt")
            if text is not None:
                yield image, text
                break


def _label_folders(folder: str) -> tuple[str, ...]:
    """Return where the labels of a folder's images may be: its innermost `images` called `labels`, and itself."""
    parts = folder.split("/")
    for at in range(len(parts) - 2, -1, -1):
        if parts[at].lower() == "images":
            return "/".join([*parts[:at], "labels", *parts[at + 1 :]]), folder
    return (folder,)


def _looks_like_labels(path: Path) -> bool:
    """Return whether the first line reads as a class number and coordinates; an empty file says nothing."""
    with path.open("rb") as file:
        tokens = file.read(4096).split(b"\n", 1)[0].split()
    try:
        numbers = [float(t) for t in tokens]
    except ValueError:
        return False
    return len(numbers) >= 5 and numbers[0].is_integer()


def _yaml_of(tree: Tree) -> tuple[str, dict[str, Any]] | None:
    """Return (path, content) of the outermost YAML file that names classes."""
    files = sorted(
        tree.with_suffix(".yaml", ".yml"), key=lambda f: (f.count("/"), file_name(f) != "data.yaml", f)
    )
    for path in files[:50]:
        try:
            content = parse_yaml(tree.read(path, MAX_BYTES).decode("utf-8-sig"))
        except (InvalidInputError, UnicodeDecodeError):
            continue  # not the file we look for; what it is does not matter
        if "names" in content or "nc" in content:
            return path, content
    return None


def _plan(tree: Tree, report: Report) -> _Plan:
    found = _yaml_of(tree)
    if found is None:
        names = _class_list(tree)
        return _Plan(ClassTable(_unique(names, report)), declared=bool(names))
    path, content = found
    try:
        names = class_names_of(content.get("names"))
    except InvalidInputError as error:
        report.note("classes-invalid", path, "skipped", error.detail)
        names = ()
    plan = _Plan(ClassTable(_unique(names, report)), declared=bool(names))
    origin = content.get("origin")
    plan.origin = cast("dict[str, Any]", origin) if isinstance(origin, dict) else {}
    _read_splits(plan, tree, path, content, report)
    return plan


def _read_splits(plan: _Plan, tree: Tree, path: str, content: dict[str, Any], report: Report) -> None:
    """Collect what folder or list each split of data.yaml means; `splits` is ours."""
    own = content.get("splits")
    for split in cast("list[Any]", own) if isinstance(own, list) else []:
        plan.prefixes.append((f"{folder_of(path)}images/{split}/", str(split)))
    base = content.get("path")
    for split in ("train", "val", "test"):
        values = content.get(split, content.get("valid") if split == "val" else None)
        for value in cast("list[Any]", values) if isinstance(values, list) else [values]:
            if isinstance(value, str) and not isinstance(own, list):
                _read_split(plan, tree, path, base if isinstance(base, str) else "", split, value, report)


def _read_split(
    plan: _Plan, tree: Tree, path: str, base: str, split: str, value: str, report: Report
) -> None:
    folder = folder_of(path)
    for candidate in (posixpath.join(folder, base, value), posixpath.join(folder, value), value):
        inside = posixpath.normpath(candidate).lstrip("/")
        while inside.startswith("../"):
            inside = inside[3:]
        if inside.endswith(".txt") and inside in tree.files:
            _read_list(plan, tree, inside, split)
            return
        prefix = "" if inside in {".", ".."} else f"{inside}/"
        if prefix and any(f.startswith(prefix) for f in tree.files):
            plan.prefixes.append((prefix, split))
            return
    report.note("split-missing", split, "skipped", f"data.yaml names {value[:200]!r}, which is not there")


def _read_list(plan: _Plan, tree: Tree, path: str, split: str) -> None:
    """Give `split` to the images that a list file names, one a line, relative to the list or the root."""
    known = {nfc(f): f for f in tree.files}
    for line in tree.read(path, MAX_BYTES).decode("utf-8", "replace").splitlines():
        for candidate in (posixpath.join(folder_of(path), line.strip()), line.strip()):
            image = known.get(nfc(posixpath.normpath(candidate).lstrip("./")))
            if image is not None:
                plan.listed.setdefault(image, split)
                break


def _class_list(tree: Tree) -> tuple[str, ...]:
    for path in sorted(tree.files, key=lambda f: (f.count("/"), f)):
        if file_name(path).lower() in _CLASS_LISTS:
            text = tree.read(path, MAX_BYTES).decode("utf-8-sig", "replace")
            return tuple(nfc(line.strip()) for line in text.splitlines() if line.strip())
    return ()


def _unique(names: Sequence[str], report: Report) -> list[str]:
    """Keep one name per class number: a second `cat` becomes `cat-2`, an empty one `class_<n>`."""
    kept: list[str] = []
    for number, name in enumerate(names):
        base = class_name(name, fallback=f"class_{number}", report=report)
        unique, count = base, 2
        while unique in kept:
            unique, count = f"{base}-{count}", count + 1
        if unique != base:
            report.note("class-renamed", base, "renamed", unique)
        kept.append(unique)
    return kept


class _Numbered(Sequence[str]):
    """The classes of a set that names none: `class_<n>`, known as far as the labels use them."""

    def __init__(self, table: ClassTable) -> None:
        self._table = table

    def __len__(self) -> int:
        return MAX_CLASSES

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            raise TypeError("classes are looked up one by one")
        if not 0 <= index < MAX_CLASSES:
            raise IndexError(index)
        while len(self._table) <= index:
            self._table.add(f"class_{len(self._table)}")
        return self._table.at(index)
