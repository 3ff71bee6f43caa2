"""The formats, and which of them a folder is."""

from collections.abc import Mapping
from types import MappingProxyType

from ddoc.errors import InvalidInputError
from ddoc.formats.coco import Coco
from ddoc.formats.imagefolder import ImageFolder
from ddoc.formats.model import Format
from ddoc.formats.plain import Plain
from ddoc.formats.roboflow_csv import RoboflowCsv
from ddoc.formats.tree import Tree
from ddoc.formats.voc import Voc
from ddoc.formats.yolo import Yolo

FORMATS: Mapping[str, Format] = MappingProxyType(
    {f.info.format: f for f in (Yolo(), Coco(), Voc(), RoboflowCsv(), ImageFolder(), Plain())}
)

SURE = 0.95


def format_named(name: str) -> Format:
    """Return the format called `name`. Raises InvalidInputError `unknown-format`."""
    found = FORMATS.get(name.lower())
    if found is None:
        raise InvalidInputError(f"unknown format; one of {', '.join(FORMATS)}", code="unknown-format")
    return found


def detect(tree: Tree) -> Format:
    """Return the format that fits best; of equals the first in `FORMATS`. Raises InvalidInputError `no-images`."""
    if not tree.images():
        raise InvalidInputError("no image was found", code="no-images")
    best, best_score = FORMATS["images"], 0.0
    for candidate in FORMATS.values():
        score = candidate.detect(tree)
        if score > best_score:
            best, best_score = candidate, score
        if score >= SURE:
            break
    return best
