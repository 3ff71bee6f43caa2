"""Workspaces: create, list, tell the truth about, delete and bring back."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from app.jobs import Job, JobContext, JobKind, Jobs
from app.services.places import server_path
from app.services.roots import OpenRoots
from app.settings import Settings
from app.stores.catalog import Catalog, DatasetRecord, WorkspaceRecord
from ddoc.core.snapshot_service import SnapshotService
from ddoc.core.workspace_service import WorkspaceService
from ddoc.errors import BusyError, ConflictError, InvalidInputError, NotFoundError
from ddoc.ids import check_id, new_id, slugify

TRASH_SECONDS = 7 * 24 * 3600
Role = Literal["base", "target"]


@dataclass(frozen=True, slots=True)
class WorkspacePage:
    """A page of workspaces as plain data, newest first."""

    items: tuple[Mapping[str, Any], ...]
    next_cursor: str | None
    total: int


class Workspaces:
    """All workspaces of the service."""

    def __init__(self, settings: Settings, catalog: Catalog, roots: OpenRoots, jobs: Jobs) -> None:
        self._settings = settings
        self._catalog = catalog
        self._roots = roots
        self._jobs = jobs
        jobs.register(
            JobKind(
                "create-workspace",
                "app.services.bodies:create_workspace",
                finish=self._finish,
                cleanup=self._clean,
                writes=True,
                slots=2,
            )
        )

    def create(
        self,
        *,
        name: str | None,
        workspace_id: str | None,
        dataset_id: str | None,
        path: str | None,
        drift_report_id: str | None,
        role: Role | None,
        item_ids: list[str] | None = None,
        source_workspace: str | None = None,
        idempotency_key: str | None,
    ) -> Job:
        """Submit the job that makes a workspace.

        The source is a dataset, a path beneath an import root, one side of a drift report, or (`item_ids` of
        `source_workspace`) a part of another workspace. Raises NotFoundError, ConflictError `workspace-exists`.
        """
        if drift_report_id is not None:
            report = self._catalog.drift_reports.get(drift_report_id)
            if dataset_id is None and path is None:
                dataset_id = _side_dataset(report.base if role == "base" else report.target)
        source: dict[str, Any] = {"dataset_id": dataset_id, "item_ids": item_ids}
        if dataset_id is not None:
            dataset = self._catalog.datasets.get(dataset_id)
            title = name or dataset.name
            source |= {"source_root": str(self._roots.dataset_root(dataset_id)), "format": dataset.format}
        elif source_workspace is not None:
            origin = self._catalog.workspaces.get(source_workspace)
            title = name or origin.name
            source |= {
                "source_root": str(self._roots.workspace_root(source_workspace)),
                "format": origin.format,
                "dataset_id": origin.dataset_id,
            }
        else:
            place = server_path(path or "", self._settings.import_roots)
            title = name or place.name
            new = new_id("ds")
            source |= {
                "dataset_id": new,
                "source_root": str(self._roots.dataset_root(new)),
                "ingest": str(place),
            }
        chosen = self._free_id(title, role, workspace_id)
        params = {
            "workspace_id": chosen,
            "name": title,
            "role": role,
            "drift_report_id": drift_report_id,
            "root": str(self._roots.workspace_root(chosen)),
            "workers": self._settings.workers,
            **source,
        }
        return self._jobs.submit(
            "create-workspace", workspace_id=chosen, params=params, idempotency_key=idempotency_key
        )

    def _free_id(self, title: str, role: Role | None, wanted: str | None) -> str:
        """Return the wanted id, or the first free one made from the title. Raises ConflictError."""
        if wanted is not None:
            if self._taken(check_id(wanted, what="workspace_id")):
                raise ConflictError("a workspace with this id exists", code="workspace-exists")
            return wanted
        slug = slugify(f"{title} {role}" if role else title, fallback="workspace")
        candidates = [slug, *(f"{slug}-{n}" for n in range(2, 1000))]
        return next(c for c in candidates if not self._taken(c) and self._jobs.writer_of(c) is None)

    def _taken(self, workspace_id: str) -> bool:
        alive = self._catalog.workspaces.find(workspace_id)
        return alive is not None or self._roots.workspace_root(workspace_id).exists()

    def page(self, *, limit: int, cursor: str | None) -> WorkspacePage:
        """Return a page of workspaces as plain data, newest first."""
        page = self._catalog.workspaces.page(limit=limit, cursor=cursor)
        items = tuple(self.describe(record) for record in page.items)
        return WorkspacePage(items, page.next_cursor, page.total)

    def describe(self, record: WorkspaceRecord) -> dict[str, Any]:
        """Return a workspace as the API's plain data: live where it is open or was never seen, else as last seen."""
        live = not record.summary or self._roots.is_open(self._roots.workspace_root(record.workspace_id))
        summary = self.summarise(record.workspace_id) if live else dict(record.summary)
        return {
            "workspace_id": record.workspace_id,
            "name": record.name,
            "role": record.role,
            "dataset_id": record.dataset_id,
            "drift_report_id": record.drift_report_id,
            "task": record.task,
            "format": record.format,
            "created_at": record.created_at.isoformat(),
            **summary,
        }

    def summarise(self, workspace_id: str) -> dict[str, Any]:
        """Count what a workspace holds now, and remember it for lists."""
        dataset = self._roots.workspace(workspace_id)
        stats = dataset.statistics()
        summary = {
            "items": stats.items,
            "splits": dict(stats.splits),
            "classes": list(dataset.info.classes),
            "snapshots": SnapshotService(dataset.root).list_snapshots(limit=1).total,
            "experiments": _folders(dataset.layout.runs),
            "bytes": stats.bytes,
        }
        if self._catalog.workspaces.get(workspace_id).summary != summary:
            self._catalog.workspaces.update(workspace_id, summary=summary)
        return summary

    def status(self, workspace_id: str) -> dict[str, Any]:
        """Return a workspace with its checks, its unsaved changes and its running jobs.

        Looks at every file's stat, so that edits from outside are seen. Raises NotFoundError.
        """
        record = self._catalog.workspaces.get(workspace_id)
        dataset = self._roots.workspace(workspace_id)
        if self._jobs.writer_of(workspace_id) is None:
            dataset.refresh()
        found = WorkspaceService().verify_workspace(dataset.root)
        snapshots = SnapshotService(dataset.root)
        changes = snapshots.status()
        return {
            **self.describe(record),
            "is_valid": found.is_valid,
            "checks": [{"name": c.name, "ok": c.ok, "detail": c.detail} for c in found.checks],
            "data_version": dataset.version,
            "uncommitted_changes": {
                "added": changes.added,
                "removed": changes.removed,
                "modified": changes.modified,
            },
            "head": snapshots.head(),
            "running_jobs": [job.job_id for job in self._jobs.running(workspace_id)],
        }

    def delete(self, workspace_id: str) -> None:
        """Move a workspace to the trash. Raises NotFoundError, BusyError while a job runs on it."""
        self._catalog.workspaces.get(workspace_id)
        running = self._jobs.running(workspace_id)
        if running:
            raise BusyError("a job is running on this workspace", job_id=running[0].job_id)
        root, trashed = self._roots.workspace_root(workspace_id), self._trashed(workspace_id)
        with self._jobs.edit_guard(workspace_id):
            self._catalog.workspaces.delete(workspace_id)
            self._roots.close(root)
            self._settings.trash_folder.mkdir(parents=True, exist_ok=True)
            if trashed.exists():
                trashed.rename(trashed.with_name(f"{trashed.name}.{int(time.time())}"))
            if root.exists():
                root.rename(trashed)

    def undelete(self, workspace_id: str) -> dict[str, Any]:
        """Bring a workspace back from the trash. Raises NotFoundError, ConflictError `workspace-exists`."""
        root, trashed = self._roots.workspace_root(workspace_id), self._trashed(workspace_id)
        if self._taken(workspace_id):
            raise ConflictError("a workspace with this id exists", code="workspace-exists")
        record = self._catalog.workspaces.get(workspace_id, deleted=True)
        if not trashed.is_dir():
            raise NotFoundError("it is no longer in the trash", code="not-in-trash")
        trashed.rename(root)
        self._catalog.workspaces.restore(workspace_id)
        return self.describe(replace(record, deleted_at=None))

    def empty_trash(self) -> None:
        """Remove what has been in the trash for seven days."""
        limit = time.time() - TRASH_SECONDS
        folder = self._settings.trash_folder
        for entry in folder.iterdir() if folder.is_dir() else ():
            if entry.stat().st_ctime < limit:
                shutil.rmtree(entry)

    def _trashed(self, workspace_id: str) -> Path:
        return self._settings.trash_folder / f"{check_id(workspace_id)}.workspace"

    def _finish(self, _context: JobContext, params: Mapping[str, Any], output: Any) -> Mapping[str, Any]:
        if params.get("ingest") and output["dataset"]:
            dataset_id = params["dataset_id"]
            if self._catalog.datasets.find(dataset_id) is None:
                self._catalog.datasets.put(
                    DatasetRecord(dataset_id=dataset_id, name=params["name"], **output["dataset"])
                )
        record = WorkspaceRecord(
            workspace_id=params["workspace_id"],
            name=params["name"],
            task=output["task"],
            format=output["format"],
            role=params["role"],
            dataset_id=params["dataset_id"],
            drift_report_id=params["drift_report_id"],
        )
        known = self._catalog.workspaces.find(record.workspace_id)
        if known is None:
            self._catalog.workspaces.put(record)
        self._roots.workspace(record.workspace_id)
        return self.describe(known or record)

    def _clean(self, _context: JobContext, params: Mapping[str, Any]) -> None:
        if self._catalog.workspaces.find(params["workspace_id"]) is None:
            shutil.rmtree(params["root"], ignore_errors=True)
            if params.get("ingest") and self._catalog.datasets.find(params["dataset_id"]) is None:
                shutil.rmtree(params["source_root"], ignore_errors=True)


def _side_dataset(side: Mapping[str, Any]) -> str:
    dataset_id = side.get("dataset_id")
    if not dataset_id:
        raise InvalidInputError(
            "that side of the report is a workspace already", code="side-is-a-workspace", pointer="/role"
        )
    return str(dataset_id)


def _folders(folder: Path) -> int:
    return sum(1 for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else 0
