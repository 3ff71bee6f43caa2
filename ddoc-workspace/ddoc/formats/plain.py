"""A plain folder of images, without annotations."""

from collections.abc import Iterator

from ddoc.formats.locate import ItemNames, Splits
from ddoc.formats.model import ClassTable, ExportSource, FormatInfo, SourceDataset, SourceItem
from ddoc.formats.output import OutputFolder
from ddoc.formats.probing import probed
from ddoc.formats.tree import Tree, printable
from ddoc.reports import Report

INFO = FormatInfo(
    format="images",
    title="Images only",
    tasks=("detect", "segment", "classify"),
    layout="<split>/<file>",
    holds=("images", "splits"),
    cannot_hold=("any annotation",),
)


class Plain:
    """Images without annotations."""

    info = INFO

    def detect(self, tree: Tree) -> float:
        """Return 0.1 where there are images: whatever else fits comes first."""
        return 0.1 if tree.images() else 0.0

    def read(self, tree: Tree, report: Report) -> SourceDataset:
        """Read every image; files that are none are reported as `unread-file`."""
        images = tree.images()
        known = frozenset(images)
        for path in tree.files:
            if path not in known:
                report.note("unread-file", printable(path), "skipped", "not an image by its name")
        return SourceDataset("images", "detect", ClassTable(), _items(tree, images, report))

    def write(self, source: ExportSource, out: OutputFolder, report: Report) -> None:
        """Write the images alone."""
        for item in source.items:
            out.place(item.image, f"{item.split}/{item.name}")
            if item.annotations:
                report.note("annotation-dropped", item.name, "skipped", count=len(item.annotations))
        if not out.has_images:
            report.note("images-left-out", INFO.title, "skipped", "without images this format holds nothing")


def _items(tree: Tree, images: list[str], report: Report) -> Iterator[SourceItem]:
    names, splits = ItemNames(images), Splits(report)
    for path in images:
        header = probed(tree.path(path), path, report)
        if header is not None:
            split = splits.of(path)
            name = names.name_of(path, split)
            yield SourceItem(tree.path(path), name, split, header, None)
