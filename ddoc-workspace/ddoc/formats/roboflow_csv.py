"""CSV as Roboflow writes it: `_annotations.csv` with a box a line, or `_classes.csv` with a column per class."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ddoc.dataset.images import ImageHeader
from ddoc.dataset.items import Annotation
from ddoc.errors import InvalidInputError
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
from ddoc.formats.shapes import checked_box
from ddoc.formats.tree import Tree, folder_of, printable, split_named
from ddoc.reports import Report

INFO = FormatInfo(
    format="csv",
    title="CSV (Roboflow)",
    tasks=("detect", "classify"),
    layout="<split>/_annotations.csv beside the images",
    holds=("boxes", "one or no class per image (_classes.csv)", "splits"),
    cannot_hold=(
        "polygons",
        "masks",
        "flags, ids and attributes",
        "the difference of unannotated and background",
        "unused classes",
    ),
)
_BOXES = ("filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax")


@dataclass(slots=True)
class _Table:
    """One csv file: its header, and its rows by the image they name."""

    path: str
    header: list[str]
    rows: dict[str, list[list[str]]] = field(default_factory=dict[str, list[list[str]]])

    @property
    def has_boxes(self) -> bool:
        """Whether each row is a box; else each column after the first is a class."""
        return set(_BOXES) <= set(self.header)


class RoboflowCsv:
    """The CSV format of Roboflow."""

    info = INFO

    def detect(self, tree: Tree) -> float:
        """Return 0.9 where a csv file has the columns."""
        for path in tree.with_suffix(".csv")[:20]:
            with tree.path(path).open("rb") as file:
                first = file.read(4096).split(b"\n", 1)[0].decode("utf-8-sig", "replace")
            if _is_header([c.strip() for c in first.split(",")], path):
                return 0.9
        return 0.0

    def read(self, tree: Tree, report: Report) -> SourceDataset:
        """Read every csv file with the columns. Raises InvalidInputError `format-mismatch` without one."""
        tables = [
            t for t in (_table(tree, path, report) for path in tree.with_suffix(".csv")) if t is not None
        ]
        if not tables:
            raise InvalidInputError("no csv file with Roboflow's columns", code="format-mismatch")
        boxes = any(t.has_boxes for t in tables)
        classes = ClassTable()
        for table in tables:
            for column in table.header[1:] if not table.has_boxes else ():
                classes.add(_folder_class(column, report))
        items = _items(tree, tables, classes, report)
        return SourceDataset("csv", "detect" if boxes else "classify", classes, items)

    def write(self, source: ExportSource, out: OutputFolder, report: Report) -> None:
        """Write one csv file per split beside its images."""
        columns = ["filename", *source.info.classes] if source.info.task == "classify" else list(_BOXES)
        texts: dict[str, io.StringIO] = {}
        for item in source.items:
            out.place(item.image, f"{item.split}/{item.name}")
            text = texts.get(item.split)
            if text is None:
                text = texts[item.split] = io.StringIO(newline="")
                csv.writer(text, lineterminator="\n").writerow(columns)
            writer = csv.writer(text, lineterminator="\n")
            if source.info.task == "classify":
                _write_classes(item, source.info.classes, writer.writerow)
            else:
                writer.writerows(_rows(item, report))
        name = "_classes.csv" if source.info.task == "classify" else "_annotations.csv"
        for split, text in texts.items():
            out.write(f"{split}/{name}", text.getvalue().encode())


def _rows(item: ExportItem, report: Report) -> Iterator[list[str]]:
    if not item.annotations:
        report.note("background-unmarked", item.name, "skipped", "an image without a line")
    for annotation in item.annotations or ():
        if annotation.box is None:
            report.note("annotation-dropped", item.name, "skipped", f"{annotation.class_name}: no box")
            continue
        if annotation.kind != "box":
            report.note("shape-dropped", item.name, "skipped", f"{annotation.kind}: its box is kept")
        if annotation.extra:
            detail = ", ".join(sorted(annotation.extra))
            report.note("details-dropped", item.name, "skipped", f"{annotation.class_name}: {detail}")
        box = annotation.box
        numbers = [f"{int(v)}" if int(v) == v else repr(v) for v in (box.x1, box.y1, box.x2, box.y2)]
        yield [item.name, str(item.width), str(item.height), annotation.class_name, *numbers]


def _write_classes(
    item: ExportItem, classes: tuple[str, ...], writerow: Callable[[list[str]], object]
) -> None:
    mine = {a.class_name for a in item.annotations or ()}
    writerow([item.name, *("1" if name in mine else "0" for name in classes)])


def _is_header(columns: list[str], path: str) -> bool:
    return set(_BOXES) <= set(columns) or (columns[:1] == ["filename"] and path.endswith("_classes.csv"))


def _table(tree: Tree, path: str, report: Report) -> _Table | None:
    raw = tree.path(path).read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp949", "replace")
    table: _Table | None = None
    try:
        for row in csv.reader(io.StringIO(text, newline="")):
            cells = [c.strip() for c in row]
            if table is None:
                if not _is_header(cells, path):
                    return None
                table = _Table(path, cells)
            elif len(cells) == len(table.header):
                table.rows.setdefault(cells[table.header.index("filename")], []).append(cells)
            elif any(cells):
                report.note("row-invalid", printable(path), "skipped", printable(",".join(cells))[:200])
    except csv.Error as error:
        report.note("csv-invalid", printable(path), "skipped", str(error))
    return table


def _items(tree: Tree, tables: list[_Table], classes: ClassTable, report: Report) -> Iterator[SourceItem]:
    images = tree.images()
    index, names, splits = ImageIndex(images), ItemNames(images), Splits(report)
    rows_of: dict[str, tuple[_Table, list[list[str]]]] = {}
    for table in tables:
        split = split_named(folder_of(table.path).rstrip("/").rpartition("/")[2])
        for name, rows in table.rows.items():
            image = index.find(name, beside=folder_of(table.path), split=split)
            if image is None:
                report.note("image-missing", printable(name), "skipped", f"named in {printable(table.path)}")
            elif image in rows_of:
                rows_of[image][1].extend(rows)
            else:
                rows_of[image] = (table, rows)
    for path in images:
        header = probed(tree.path(path), path, report)
        if header is None:
            continue
        found = rows_of.get(path)
        if found is None:
            report.note("not-annotated", printable(path), "kept", "no line names it")
            annotations = None
        elif found[0].has_boxes:
            annotations = _boxes(*found, header, classes, path, report)
        else:
            annotations = _class(*found, classes, path, report)
        split = splits.of(path)
        name = names.name_of(path, split)
        yield SourceItem(tree.path(path), name, split, header, annotations)


def _boxes(
    table: _Table, rows: list[list[str]], header: ImageHeader, classes: ClassTable, path: str, report: Report
) -> tuple[Annotation, ...]:
    at = [table.header.index(c) for c in _BOXES]
    made: list[Annotation] = []
    subject = printable(path)
    for row in rows:
        _, width, height, name, *edges = (row[i] for i in at)
        try:
            x1, y1, x2, y2 = (float(e) for e in edges)
            note_size(header, int(float(width)), int(float(height)), subject, report)
        except (ValueError, OverflowError):
            report.note("row-invalid", subject, "skipped", printable(",".join(row))[:200])
            continue
        unique = class_name(name, fallback="", report=report)
        if not unique:
            report.note("object-invalid", subject, "skipped", "a box without a class")
            continue
        box = checked_box(
            x1, y1, x2, y2, width=header.width, height=header.height, subject=subject, report=report
        )
        if box is not None:
            made.append(Annotation(classes.add(unique), box))
    return tuple(made)


def _folder_class(column: str, report: Report) -> str:
    """Return the class of a column of `_classes.csv`; it becomes a folder, so it holds no slash."""
    name = class_name(column, fallback="class", report=report)
    plain = name.replace("/", "_").replace("\\", "_").strip(".") or "class"
    if plain != name:
        report.note("class-renamed", name, "renamed", plain)
    return plain


def _class(
    table: _Table, rows: list[list[str]], classes: ClassTable, path: str, report: Report
) -> tuple[Annotation, ...] | None:
    chosen = [n for n, cell in zip(classes, rows[0][1:], strict=False) if cell not in {"0", "0.0", ""}]
    if len(chosen) > 1:
        detail = f"{chosen[0]} is kept, not {', '.join(chosen[1:])}"
        report.note("several-classes", printable(path), "skipped", detail[:200])
    return (Annotation(chosen[0]),) if chosen else None
