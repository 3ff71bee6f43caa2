"""Exports: written in a job's process, listed and streamed by the service."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from app.jobs import JobContext, Params
from ddoc.dataset.info import read_info
from ddoc.dataset.labels import read_labels
from ddoc.formats.export import export
from ddoc.formats.model import ExportItem
from ddoc.paths import write_atomic
from ddoc.progress import Progress

EXPORT_FILE = "export.json"
CONTENT = "content"


def write_export(context: JobContext, params: Params, folder: Path) -> None:
    """Write the items named in `params["items"]` (a Parquet file) below `folder/content`, and the record beside it."""
    data = Path(params["root"]) / "data"
    rows = pq.read_table(params["items"], memory_map=False).to_pylist()
    result = export(
        _items(rows, data, context.progress),
        read_info(data),
        format=params["format"],
        target=folder / CONTENT,
        include_images=params["include_images"],
    )
    record = {
        "export_id": params["export_id"],
        "format": params["format"],
        "path": f".ddoc/exports/{params['export_id']}/{CONTENT}",
        "files": result.files,
        "bytes": result.bytes,
        "items": len(rows),
        "created_at": datetime.now(UTC).isoformat(),
        "snapshot_id": params["snapshot_id"],
        "report": result.report.to_json(),
    }
    write_atomic(folder / EXPORT_FILE, json.dumps(record, ensure_ascii=False).encode())


def _items(rows: list[dict[str, Any]], data: Path, progress: Progress) -> Iterator[ExportItem]:
    info = read_info(data)
    for done, row in enumerate(rows, 1):
        labels = read_labels(data, row["path"], info=info, width=row["width"], height=row["height"])
        yield ExportItem(
            image=data / row["path"],
            name=row["name"],
            split=row["split"],
            width=row["width"],
            height=row["height"],
            annotations=labels.annotations,
            extra=labels.extra,
        )
        if done % 100 == 0 or done == len(rows):
            progress(done, len(rows), unit="images", message="writing")


def export_records(exports: Path) -> list[dict[str, Any]]:
    """Return the records of the finished exports in a folder, newest first."""
    found = [
        json.loads(p.read_text("utf-8")) for p in exports.glob(f"*/{EXPORT_FILE}") if p.parent.name[0] != "."
    ]
    return sorted(found, key=lambda record: record["created_at"], reverse=True)
