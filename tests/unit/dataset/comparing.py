"""Comparing roots in tests: the bytes of their files, and their index with one rebuilt from those files."""

from pathlib import Path
from typing import Any

from ddoc.dataset.dataset import Dataset
from ddoc.dataset.filters import Filter


def files_below(root: Path) -> dict[str, bytes]:
    """Return every file of `data/` with its bytes."""
    data = root / "data"
    return {p.relative_to(data).as_posix(): p.read_bytes() for p in sorted(data.rglob("*")) if p.is_file()}


def contents(dataset: Dataset) -> dict[str, Any]:
    """Return all that the index says, in an order that does not depend on history."""
    items = sorted(dataset.index.items_table().to_pylist(), key=lambda row: row["item_id"])
    boxes = sorted(map(repr, dataset.index.annotations_table().to_pylist()))
    classes = sorted(map(repr, dataset.index.classes_table().to_pylist()))
    issues = {i["item_id"]: sorted(dataset.index.issues(i["item_id"])) for i in items}
    counted = [dataset.index.histograms(f, ("split", "class_name")) for f in (None, Filter(split="train"))]
    return {
        "items": items,
        "boxes": boxes,
        "classes": classes,
        "issues": issues,
        "statistics": [dataset.statistics(f).to_json() for f in (None, Filter(split="train"))],
        "counted": counted,
    }


def rebuilt(root: Path, elsewhere: Path) -> dict[str, Any]:
    """Return what an index says that is built from nothing over the same files."""
    elsewhere.mkdir(parents=True)
    (elsewhere / "data").symlink_to(root / "data")
    with Dataset.open(elsewhere) as fresh:
        return contents(fresh)
