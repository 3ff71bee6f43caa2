"""Counts annotations straight from the label files, for a version that no index has seen."""

from collections import Counter
from pathlib import Path
from typing import Any

from ddoc.core.item_changes import is_image
from ddoc.dataset.info import read_info
from ddoc.dataset.labels import class_of_path
from ddoc.errors import DdocError
from ddoc.snapshot.scan import scan_files


def count_labels(data: Path) -> dict[str, Any]:
    """Return `{annotations, classes{name: n}}` by the lines of `labels/….txt`, or the class folders' images.

    Empty if there is no dataset.yaml that can be read: then nobody knows the classes.
    """
    try:
        info = read_info(data)
    except DdocError:
        return {}
    counts: Counter[str] = Counter(dict.fromkeys(info.classes, 0))
    top = "images" if info.task == "classify" else "labels"
    for folder, scanned in scan_files(data / top).items():
        for name in scanned.names:
            path = f"{top}/{folder}{name}"
            if info.task == "classify":
                found = class_of_path(path) if is_image(path) else None
                if found is not None and found in counts:
                    counts[found] += 1
            elif name.endswith(".txt"):
                counts.update(_classes_of(data / path, info.classes))
    return {"annotations": counts.total(), "classes": dict(counts)}


def _classes_of(path: Path, classes: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for line in path.read_bytes().splitlines():
        number = line.split(maxsplit=1)[:1]
        if number and number[0].isdigit() and int(number[0]) < len(classes):
            found.append(classes[int(number[0])])
    return found
