"""Tables that pass from the service, which alone opens the index, to the processes of jobs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow.parquet as pq

from ddoc.dataset.dataset import Dataset
from ddoc.dataset.filters import Filter
from ddoc.dataset.items import ImageRef

Table: TypeAlias = Any
"""A `pyarrow.Table`; pyarrow ships no types."""


def write_refs(dataset: Dataset, path: Path) -> Path:
    """Write what an analyzer needs of every item; returns `path`."""
    table = dataset.index.items_table().select(["item_id", "content_hash", "path"])
    return write_table(table, path)


def read_refs(path: str, root: Path) -> list[ImageRef]:
    """Read what `write_refs` wrote."""
    rows = pq.read_table(path, memory_map=False).to_pylist()
    return [ImageRef(r["item_id"], r["content_hash"], str(root / "data" / r["path"])) for r in rows]


def write_items(dataset: Dataset, folder: Path, *, ids: Sequence[str] | None = None) -> dict[str, str]:
    """Write the items and annotations (of `ids`, or all) to `folder`; returns the files by name."""
    wanted = None if ids is None else Filter(ids=tuple(ids))
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "items": str(write_table(dataset.index.items_table(wanted), folder / "items.parquet")),
        "annotations": str(
            write_table(dataset.index.annotations_table(wanted), folder / "annotations.parquet")
        ),
    }


def write_table(table: Table, path: Path) -> Path:
    """Write a table as Parquet; returns `path`."""
    pq.write_table(table, path)
    return path
