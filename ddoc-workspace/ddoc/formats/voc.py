"""Pascal VOC: one xml file per image, lists of splits, any class names.

Read with or without ImageSets lists (an item in several is read once: train before val before the others), as
LabelImg's flat folder, and as Roboflow exports it (xml beside the image in a folder per split).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ddoc.dataset.images import ImageHeader
from ddoc.dataset.info import is_split_name
from ddoc.dataset.items import NO_EXTRA, Annotation, Extra
from ddoc.dataset.yolo_text import bounds
from ddoc.errors import InvalidInputError
from ddoc.formats import voc_xml
from ddoc.formats.extras import class_name
from ddoc.formats.locate import ImageIndex, ItemNames, Splits
from ddoc.formats.model import (
    ClassTable,
    ExportItem,
    ExportSource,
    FormatInfo,
    SourceDataset,
    SourceItem,
)
from ddoc.formats.output import OutputFolder
from ddoc.formats.probing import note_size, probed
from ddoc.formats.shapes import checked_box, checked_ring
from ddoc.formats.tree import Tree, file_name, folder_of, nfc, printable, split_named, stem_of
from ddoc.formats.voc_xml import VocImage, VocObject, corners_of, edges_of, escaped
from ddoc.reports import Report

INFO = FormatInfo(
    format="voc",
    title="Pascal VOC",
    tasks=("detect", "segment"),
    layout="Annotations/<stem>.xml, JPEGImages/<file>, ImageSets/Main/<split>.txt",
    holds=(
        "boxes",
        "one polygon per object",
        "truncated, difficult, occluded, pose",
        "backgrounds",
        "splits",
    ),
    cannot_hold=("masks", "further rings of a polygon", "ids, crowds, areas, attributes", "unused classes"),
)
_MASK_FOLDERS = frozenset({"segmentationclass", "segmentationobject", "segmentationclassaug"})
_HELD = frozenset({"truncated", "difficult", "occluded", "pose", "voc", "voc_box"})
_HELD_OF_IMAGE = frozenset({"voc_database", "voc_segmented"})


class Voc:
    """The Pascal VOC format."""

    info = INFO

    def detect(self, tree: Tree) -> float:
        """Return 0.95 where one of the first xml files is a VOC annotation, 0.7 for ImageSets lists alone."""
        for path in tree.with_suffix(".xml")[:20]:
            with tree.path(path).open("rb") as file:
                if b"<annotation" in file.read(4096):
                    return 0.95
        return 0.7 if _list_files(tree) else 0.0

    def read(self, tree: Tree, report: Report) -> SourceDataset:
        """Read images and xml files. Raises InvalidInputError `format-mismatch` without an xml file."""
        if not tree.with_suffix(".xml") and not _list_files(tree):
            raise InvalidInputError("no xml file and no ImageSets list", code="format-mismatch")
        classes = ClassTable(_labelmap(tree, report))
        return SourceDataset("voc", "detect", classes, _items(tree, classes, report))

    def write(self, source: ExportSource, out: OutputFolder, report: Report) -> None:
        """Write one xml file per annotated image, and one list per split."""
        lists: dict[str, list[str]] = {split: [] for split in source.info.splits}
        names = {name: escaped(name) for name in source.info.classes}
        for item in source.items:
            stem = stem_of(item.name)
            lists.setdefault(item.split, []).append(stem)
            out.place(item.image, f"JPEGImages/{item.name}")
            if item.annotations is not None:
                out.write(f"Annotations/{stem}.xml", _xml(item, names, report).encode())
                if item.annotations:
                    report.note(
                        "one-based-boxes", stem, "changed", "the minima gain one", count=len(item.annotations)
                    )
        for split, stems in lists.items():
            out.write(f"ImageSets/Main/{split}.txt", "".join(f"{s}\n" for s in sorted(stems)).encode())


def _xml(item: ExportItem, names: dict[str, str], report: Report) -> str:
    extra = item.extra
    if extra:
        _note_dropped(item.name, "image", set(extra) - _HELD_OF_IMAGE, report)
    database = escaped(str(extra.get("voc_database", "Unknown")))
    objects = "".join(_object_xml(item, annotation, names, report) for annotation in item.annotations or ())
    return (
        f"<annotation>\n\t<folder>JPEGImages</folder>\n\t<filename>{escaped(file_name(item.name))}</filename>\n"
        f"\t<source>\n\t\t<database>{database}</database>\n\t</source>\n"
        f"\t<size>\n\t\t<width>{item.width}</width>\n\t\t<height>{item.height}</height>\n\t\t<depth>3</depth>\n\t</size>\n"
        f"\t<segmented>{int(extra.get('voc_segmented', 0))}</segmented>\n{objects}</annotation>\n"
    )


def _object_xml(item: ExportItem, annotation: Annotation, names: dict[str, str], report: Report) -> str:
    box = annotation.box
    if box is None and annotation.polygons:
        box = bounds(annotation.polygons)
    if box is None:
        report.note(
            "annotation-dropped", item.name, "skipped", f"{annotation.class_name}: {annotation.kind}, no box"
        )
        return ""
    edges = edges_of(box)
    if annotation.extra:
        _note_dropped(item.name, annotation.class_name, set(annotation.extra) - _HELD, report)
        edges = _original(annotation.extra.get("voc_box"), box, item) or edges
    if annotation.mask is not None:
        report.note("mask-dropped", item.name, "skipped", f"{annotation.class_name}: its box is kept")
    if len(annotation.polygons) > 1:
        report.note("rings-dropped", item.name, "skipped", f"{annotation.class_name}: the first ring is kept")
    return voc_xml.object_xml(annotation, names[annotation.class_name], edges)


def _note_dropped(name: str, what: str, keys: set[str], report: Report) -> None:
    if keys:
        report.note("details-dropped", name, "skipped", f"{what}: {', '.join(sorted(keys))}")


def _original(kept: Any, box: Any, item: ExportItem) -> tuple[str, str, str, str] | None:
    """Return the numbers that the box was read from, if it still is that box."""
    if not isinstance(kept, list | tuple) or len(kept) != 4:
        return None
    edges = (str(kept[0]), str(kept[1]), str(kept[2]), str(kept[3]))
    try:
        x1, y1, x2, y2 = corners_of(edges)
    except ValueError:
        return None
    inside = (max(x1, 0.0), max(y1, 0.0), min(x2, float(item.width)), min(y2, float(item.height)))
    return edges if inside == (box.x1, box.y1, box.x2, box.y2) else None


@dataclass(slots=True)
class _Sources:
    """Where xml files and lists say things, by image."""

    xml_of: dict[str, str]
    split_of: dict[str, str]
    has_lists: bool


def _items(tree: Tree, classes: ClassTable, report: Report) -> Iterator[SourceItem]:
    images = [i for i in tree.images() if not _is_mask(i)]
    for path in tree.images():
        if _is_mask(path):
            report.note("mask-image", printable(path), "skipped", "segmentation images are not read")
    sources = _sources(tree, images, report)
    names, splits = ItemNames(images), Splits(report)
    for path in images:
        xml = sources.xml_of.get(path)
        image = tree.path(path)
        header = probed(image, path, report)
        if header is None:
            continue
        annotations, extra = _annotations(tree, xml, header, classes, report)
        if xml is None:
            report.note("not-annotated", printable(path), "kept", "no xml file")
        said = sources.split_of.get(path)
        if said is None and sources.has_lists:
            report.note("not-in-a-list", printable(path), "kept", "no ImageSets list names it")
        split = splits.of(path, said)
        name = names.name_of(path, split)
        yield SourceItem(image, name, split, header, annotations, extra)


def _is_mask(path: str) -> bool:
    return any(part.lower() in _MASK_FOLDERS for part in path.split("/")[:-1])


def _sources(tree: Tree, images: list[str], report: Report) -> _Sources:
    index = ImageIndex(images)
    xml_of: dict[str, str] = {}
    for xml in tree.with_suffix(".xml"):
        image = _image_of(xml, index)
        if image is None:
            named = _parsed(tree, xml, Report())
            image = index.find(named.filename, beside=folder_of(xml)) if named and named.filename else None
        if image is None:
            report.note("image-missing", printable(xml), "skipped", "an xml file without its image")
        elif image in xml_of:
            report.note("duplicate-annotation-file", printable(xml), "skipped", f"{xml_of[image]} is read")
        else:
            xml_of[image] = xml
    split_of = _lists(tree, index, report)
    return _Sources(xml_of, split_of or {}, split_of is not None)


def _image_of(xml: str, index: ImageIndex) -> str | None:
    """Return the image with the stem of the xml file, wherever it is."""
    stem = stem_of(xml)
    folders = stem.split("/")
    for at in range(len(folders) - 2, -1, -1):
        if folders[at].lower() in {"annotations", "annotation", "xmls", "labels"}:
            return index.find_stem("/".join(folders[at + 1 :]), beside="/".join(folders[:at]))
    return index.find_stem(stem, beside=folder_of(xml))


def _lists(tree: Tree, index: ImageIndex, report: Report) -> dict[str, str] | None:
    """Return image → split from ImageSets, None without lists. An item in several lists is in the first by rank."""
    lists: list[tuple[int, str, str]] = []
    for path in _list_files(tree):
        name = stem_of(file_name(path))
        split = split_named(name) or name
        rank = {"train": 0, "val": 1, "test": 2}.get(split, 4 if name.lower() == "trainval" else 3)
        if name.lower() == "trainval" or rank < 3 or (is_split_name(name) and _is_plain_list(tree, path)):
            lists.append((rank, path, "train" if rank == 4 else split))
    if not lists:
        return None
    split_of: dict[str, str] = {}
    for rank, path, split in sorted(lists):
        for line in tree.path(path).read_bytes().decode("utf-8-sig", "replace").splitlines():
            stem = _listed(line)
            image = index.find_stem(stem) if stem else None
            if image is not None:
                if split_of.setdefault(image, split) != split and rank < 4:
                    report.note(
                        "in-several-lists", printable(image), "kept", f"{split_of[image]} before {split}"
                    )
            elif stem:
                report.note("listed-without-image", printable(stem), "skipped", f"in {printable(path)}")
    return split_of


def _list_files(tree: Tree) -> list[str]:
    return [f for f in tree.with_suffix(".txt") if "imagesets" in folder_of(f).lower().split("/")]


def _is_plain_list(tree: Tree, path: str) -> bool:
    """Return whether a list only names images: those per class end in 1, 0 or -1."""
    with tree.path(path).open("rb") as file:
        first = file.read(4096).split(b"\n", 1)[0].split()
    return len(first) == 1


def _listed(line: str) -> str:
    """Return the stem that a line names, without the mark of lists per class."""
    text = line.strip()
    head, _, mark = text.rpartition(" ")
    return head.strip() if head and mark in {"-1", "0", "1"} else text


def _labelmap(tree: Tree, report: Report) -> list[str]:
    """Return the class names of a labelmap.txt (`name:colour:parts:actions` a line), none without one."""
    for path in tree.with_suffix(".txt"):
        if file_name(path).lower() == "labelmap.txt":
            lines = tree.path(path).read_bytes().decode("utf-8-sig", "replace").splitlines()
            names = [nfc(line.split(":")[0].strip()) for line in lines if not line.startswith("#")]
            return [class_name(n, fallback=n, report=report) for n in names if n and n != "background"]
    return []


def _parsed(tree: Tree, xml: str, report: Report) -> VocImage | None:
    try:
        return voc_xml.parse(tree.read(xml, voc_xml.MAX_BYTES + 1))
    except InvalidInputError as error:
        report.note(error.error_code, printable(xml), "skipped", error.detail)
        return None


def _annotations(
    tree: Tree, xml: str | None, header: ImageHeader, classes: ClassTable, report: Report
) -> tuple[tuple[Annotation, ...] | None, Extra]:
    parsed = _parsed(tree, xml, report) if xml is not None else None
    if parsed is None or xml is None:
        return None, NO_EXTRA
    subject = printable(xml)
    if parsed.width is not None:
        note_size(header, parsed.width, parsed.height, subject, report)
    for tag in parsed.skipped:
        report.note("element-dropped", subject, "skipped", printable(tag))
    boxes = sum(o.edges is not None for o in parsed.objects)
    if boxes:
        report.note("one-based-boxes", subject, "changed", "the minima lose one", count=boxes)
    made = (_annotation(o, header, classes, subject, report) for o in parsed.objects)
    return tuple(a for a in made if a is not None), parsed.extra or NO_EXTRA


def _annotation(
    found: VocObject, header: ImageHeader, classes: ClassTable, subject: str, report: Report
) -> Annotation | None:
    name = class_name(found.name, fallback="", report=report)
    if not name:
        report.note("object-invalid", subject, "skipped", "an object without a name")
        return None
    ring = None
    size = {"width": header.width, "height": header.height}
    if found.ring is not None:
        ring = checked_ring(found.ring, **size, subject=subject, report=report)
    if found.edges is None:
        if ring is None:
            report.note("object-invalid", subject, "skipped", f"{name}: no bndbox")
            return None
        return Annotation(classes.add(name), bounds([ring]), (ring,), extra=found.extra or NO_EXTRA)
    try:
        corners = corners_of(found.edges)
    except ValueError:
        report.note("box-invalid", subject, "skipped", f"{name}: {' '.join(found.edges)}"[:200])
        return None
    box = checked_box(*corners, **size, subject=subject, report=report)
    if box is None:
        return None
    if edges_of(box) != found.edges:
        found.extra["voc_box"] = list(found.edges)
    return Annotation(classes.add(name), box, (ring,) if ring else (), extra=found.extra or NO_EXTRA)
