"""Reading a run's data in the layout of `data/`: for trainers, and for the exports that other formats are made from."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ddoc.dataset.images import probe_image
from ddoc.dataset.info import read_info
from ddoc.dataset.items import Box, DatasetInfo
from ddoc.dataset.labels import class_of_path, read_labels
from ddoc.errors import InvalidInputError
from ddoc.formats.model import ExportItem


@dataclass(frozen=True, slots=True)
class TrainingObject:
    """Something with a class: a whole image (`box` is None) or a part of one, in pixels. `name` is its item's."""

    image: Path
    name: str
    split: str
    class_name: str
    box: Box | None


def read_objects(data: Path) -> list[TrainingObject]:
    """Return what a classifier can learn from: the images of a classification set, else every annotated box."""
    found: list[TrainingObject] = []
    for item in read_items(data):
        for annotation in item.annotations or ():
            if annotation.kind == "class" or annotation.box is not None:
                found.append(
                    TrainingObject(item.image, item.name, item.split, annotation.class_name, annotation.box)
                )
    return found


def read_items(data: Path) -> Iterator[ExportItem]:
    """Yield the readable images of a tree laid out like `data/`, in order of path, with their annotations."""
    info = read_info(data)
    for path in image_paths(data):
        item = read_item(data, path, info)
        if item is not None:
            yield item


def image_paths(data: Path) -> list[str]:
    """Return the files under `data/images/` as sorted paths relative to `data`."""
    found = [p for p in (data / "images").rglob("*") if p.is_file() and not p.name.startswith(".")]
    return sorted(p.relative_to(data).as_posix() for p in found)


def read_item(data: Path, path: str, info: DatasetInfo) -> ExportItem | None:
    """Return the image at `path` (relative to `data`) with its annotations, None when it cannot be read."""
    try:
        header = probe_image(data / path)
    except InvalidInputError:
        return None  # told in the ingest report and the statistics; nothing can be trained on it
    labels = read_labels(data, path, info=info, width=header.width, height=header.height)
    return ExportItem(
        image=data / path,
        name=_name(path, info),
        split=PurePosixPath(path).parts[1],
        width=header.width,
        height=header.height,
        annotations=labels.annotations,
        extra=labels.extra,
    )


def _name(path: str, info: DatasetInfo) -> str:
    below = path.split("/")[2:]
    if info.task == "classify" and class_of_path(path) is not None:
        below = below[1:]
    return unicodedata.normalize("NFC", "/".join(below))
