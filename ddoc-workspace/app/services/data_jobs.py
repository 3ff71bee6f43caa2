"""The kinds of jobs that read and write a workspace's data."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from app.jobs import JobContext, JobKind, Jobs, Params
from app.services.roots import OpenRoots
from app.services.tables import write_table
from ddoc.core.snapshot_service import SnapshotService
from ddoc.dataset.filters import Filter
from ddoc.errors import EmptySelectionError


def register_data_jobs(jobs: Jobs, roots: OpenRoots) -> None:
    """Make the kinds of jobs known that read and write a workspace's data."""

    def prepare_export(context: JobContext, params: Params) -> Params:
        dataset = roots.workspace(params["workspace_id"])
        ids = params["item_ids"]
        table = dataset.index.items_table(None if ids is None else Filter(ids=tuple(ids)))
        if params["splits"] is not None:
            wanted = set(params["splits"])
            table = table.filter([split in wanted for split in table["split"].to_pylist()])
        if table.num_rows == 0:
            raise EmptySelectionError("there is nothing to export")
        export_id = f"ex-{context.job_id.rpartition('-')[2]}"
        return {
            **params,
            "items": str(write_table(table, context.folder / "items.parquet")),
            "export_id": export_id,
            "target": str(dataset.layout.exports / export_id),
            "snapshot_id": _snapshot_of(dataset.root),
        }

    def prepare_refresh(context: JobContext, params: Params) -> Params:
        known = roots.workspace(params["workspace_id"]).known()
        return {**params, "known": str(write_table(known, context.folder / "known.parquet"))}

    def finish_refresh(_context: JobContext, params: Params, output: Any) -> Any:
        dataset = roots.workspace(params["workspace_id"])
        found = dataset.apply_scan(pq.read_table(output["scan"], memory_map=False))
        return {
            "added": found.added,
            "removed": found.removed,
            "changed": found.changed,
            "issues": dict(found.issues),
            "data_version": dataset.version,
        }

    jobs.register(JobKind("export", "app.services.bodies:export_items", prepare=prepare_export, slots=2))
    jobs.register(
        JobKind(
            "refresh",
            "app.services.bodies:refresh_index",
            prepare=prepare_refresh,
            finish=finish_refresh,
            writes=True,
            slots=2,
        )
    )


def _snapshot_of(root: Path) -> str | None:
    """Return the snapshot that a workspace's data is equal to, or None where it has unsaved changes."""
    service = SnapshotService(root)
    return service.head() if service.status().is_clean else None
