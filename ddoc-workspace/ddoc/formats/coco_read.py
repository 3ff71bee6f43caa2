"""Reading COCO: one or several json files, images wherever they are."""

import contextlib
import gc
import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from ddoc.dataset.images import ImageHeader
from ddoc.dataset.items import NO_EXTRA, Annotation, Extra
from ddoc.errors import InvalidInputError
from ddoc.formats.coco_annotations import Raw, annotation_of, own_details, plain_box
from ddoc.formats.extras import class_name, sane
from ddoc.formats.locate import ImageIndex, ItemNames, Splits
from ddoc.formats.model import ClassTable, SourceDataset, SourceItem
from ddoc.formats.probing import note_size, probed
from ddoc.formats.tree import Tree, file_name, folder_of, printable, split_named, stem_of
from ddoc.reports import Report

_IMAGE_KEYS = frozenset({"id", "file_name", "width", "height", "annotated", "ddoc"})


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
            extra = extra if len(extra) == 1 or sane(extra) else NO_EXTRA
            annotations = _annotations(entry, header, path, report)
        split = splits.of(path, entry.split if entry else None)
        name = names.name_of(path, split)
        yield SourceItem(image, name, split, header, annotations, extra)


def _image_extra(image: Raw) -> Extra:
    rest = {k: v for k, v in image.items() if k not in _IMAGE_KEYS}
    extra: Raw = {"coco_id": image["id"], **own_details(image)}
    if rest:
        extra["coco"] = rest
    return extra


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
        annotation = plain_box(raw, classes, header)
        if annotation is None:
            annotation = annotation_of(raw, classes, header, subject, report)
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
