"""COCO: json files with images, annotations and categories; boxes, polygons, run-length masks, crowds, attributes."""

from ddoc.formats import coco_read, coco_write
from ddoc.formats.model import ExportSource, FormatInfo, SourceDataset
from ddoc.formats.output import OutputFolder
from ddoc.formats.tree import Tree, file_name
from ddoc.reports import Report

INFO = FormatInfo(
    format="coco",
    title="COCO",
    tasks=("detect", "segment", "classify"),
    layout="annotations/instances_<split>.json, images/<split>/<file>",
    holds=(
        "boxes",
        "polygons",
        "masks",
        "crowds",
        "attributes and flags",
        "ids",
        "backgrounds",
        "splits",
        "classes without annotations",
    ),
    cannot_hold=("the difference of unannotated and background, for other readers",),
)


class Coco:
    """The COCO format."""

    info = INFO

    def detect(self, tree: Tree) -> float:
        """Return 0.95 where a json file has COCO's keys."""
        for path in tree.with_suffix(".json"):
            if file_name(path).endswith("_annotations.coco.json") or coco_read.looks_like_coco(tree, path):
                return 0.95
        return 0.0

    def read(self, tree: Tree, report: Report) -> SourceDataset:
        """Read every COCO json file of the tree. Raises InvalidInputError `format-mismatch` without one."""
        return coco_read.read(tree, report)

    def write(self, source: ExportSource, out: OutputFolder, report: Report) -> None:
        """Write one json per split."""
        coco_write.write(source, out, report)
