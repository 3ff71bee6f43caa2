"""Snapshots of the workspaces: jobs for what takes time, direct answers for what does not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from app.jobs import Job, JobContext, JobKind, Jobs, Params
from app.services.lineage import extra_lineage
from app.services.marks import edits_since_snapshot, mark_snapshot
from app.services.roots import OpenRoots
from app.services.workspace_service import Workspaces
from app.settings import Settings
from app.stores.catalog import Catalog
from ddoc.core.item_diff import ItemDiff
from ddoc.core.snapshot_service import SnapshotService
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.edits import Edits
from ddoc.errors import InvalidInputError

WORKING = "working"
Maintenance = Literal["verify", "gc", "push", "pull"]


class Snapshots:
    """Versions of the workspaces."""

    def __init__(
        self, settings: Settings, catalog: Catalog, roots: OpenRoots, jobs: Jobs, workspaces: Workspaces
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._roots = roots
        self._jobs = jobs
        self._workspaces = workspaces
        jobs.register(
            JobKind(
                "snapshot",
                "app.services.bodies:create_snapshot",
                prepare=self._prepare_create,
                finish=self._finish_create,
                writes=True,
                slots=2,
            )
        )
        jobs.register(
            JobKind(
                "restore",
                "app.services.bodies:restore_snapshot",
                finish=self._finish_restore,
                cleanup=self._clean_restore,
                writes=True,
                slots=2,
            )
        )
        # telling the effect of a restore reads only, so it neither waits for a writing job nor holds one up
        jobs.register(JobKind("restore-preview", "app.services.bodies:preview_restore", slots=4))
        for name in ("verify", "gc", "push", "pull"):
            jobs.register(
                JobKind(
                    f"snapshot-{name}",
                    "app.services.bodies:maintain_snapshots",
                    finish=self._finish_gc if name == "gc" else None,
                    writes=name != "push",
                    needs_space=name != "gc",
                )
            )

    def create(
        self,
        workspace_id: str,
        *,
        message: str,
        alias: str | None,
        allow_empty: bool,
        idempotency_key: str | None,
    ) -> Job:
        """Submit the job that takes a snapshot. A taken or unusable alias is refused before anything is done."""
        service = self._service(workspace_id)
        if alias is not None:
            service.check_alias(alias)
        params = {**self._place(workspace_id), "message": message, "alias": alias, "allow_empty": allow_empty}
        return self._jobs.submit(
            "snapshot", workspace_id=workspace_id, params=params, idempotency_key=idempotency_key
        )

    def page(self, workspace_id: str, *, limit: int, cursor: str | None) -> dict[str, Any]:
        """Return a page of snapshots, newest first, and the head."""
        service = self._service(workspace_id)
        page = service.list_snapshots(limit=limit, cursor=cursor)
        return {
            "snapshots": [s.to_json() for s in page.snapshots],
            "head": page.head,
            "next_cursor": page.next_cursor,
            "total": page.total,
        }

    def get(self, workspace_id: str, sid: str) -> dict[str, Any]:
        """Return a snapshot by id or alias. Raises NotFoundError `unknown-snapshot`."""
        return self._service(workspace_id).get(sid).to_json()

    def delete(self, workspace_id: str, sid: str) -> None:
        """Delete a snapshot; its children keep their place in the lineage."""
        service = self._service(workspace_id)
        with self._jobs.edit_guard(workspace_id):
            service.delete(sid)
        self._workspaces.summarise(workspace_id)

    def set_alias(self, workspace_id: str, sid: str, *, alias: str | None) -> dict[str, Any]:
        """Give a snapshot an alias, or take it away."""
        service = self._service(workspace_id)
        with self._jobs.edit_guard(workspace_id):
            return service.set_alias(sid, alias).to_json()

    def restore(
        self,
        workspace_id: str,
        sid: str,
        *,
        discard_changes: bool,
        dry_run: bool,
        idempotency_key: str | None,
    ) -> Job:
        """Submit the job that restores a snapshot, or with `dry_run` the one that tells its effect."""
        service = self._service(workspace_id)
        found = service.get(sid)
        params = {
            **self._place(workspace_id),
            "snapshot_id": found.snapshot_id,
            "discard_changes": discard_changes,
        }
        kind = "restore-preview" if dry_run else "restore"
        return self._jobs.submit(
            kind, workspace_id=workspace_id, params=params, idempotency_key=idempotency_key
        )

    def diff(
        self, workspace_id: str, a: str, b: str, *, change: str | None, limit: int, cursor: str | None
    ) -> dict[str, Any]:
        """Return a page of the differences between two versions, item by item; `b` may be `working`."""
        service = self._service(workspace_id)
        if a == WORKING:
            raise InvalidInputError("only the second side may be the working copy", code="invalid-side")
        found: ItemDiff = service.diff(a, b)
        return found.page(change=change, limit=limit, cursor=cursor)

    def stored_content(self, workspace_id: str, content_hash: str) -> tuple[Dataset, Path]:
        """Return a workspace and the stored file with these bytes. Raises NotFoundError `unknown-content`."""
        dataset = self._roots.workspace(workspace_id)
        return dataset, SnapshotService(dataset.root).object_path(content_hash)

    def lineage(self, workspace_id: str) -> dict[str, Any]:
        """Return the graph of where everything in a workspace came from."""
        record = self._catalog.workspaces.get(workspace_id)
        service = self._service(workspace_id)
        nodes, edges = extra_lineage(self._catalog, record, self._roots.workspace(workspace_id))
        return service.get_lineage_graph(extra_nodes=nodes, extra_edges=edges).to_json()

    def maintain(
        self, workspace_id: str, what: Maintenance, options: Mapping[str, Any], *, idempotency_key: str | None
    ) -> Job:
        """Submit a job that verifies, frees, pushes or pulls; without a named remote, to and from `DDOC_REMOTE`."""
        self._service(workspace_id)
        chosen = dict(options)
        if what in ("push", "pull"):
            chosen["remote"] = chosen["remote"] or self._settings.remote or None
        params = {**self._place(workspace_id), "what": what, "options": chosen}
        return self._jobs.submit(
            f"snapshot-{what}", workspace_id=workspace_id, params=params, idempotency_key=idempotency_key
        )

    def _service(self, workspace_id: str) -> SnapshotService:
        return SnapshotService(self._roots.workspace(workspace_id).root)

    def _place(self, workspace_id: str) -> dict[str, Any]:
        return {"workspace_id": workspace_id, "root": str(self._roots.workspace_root(workspace_id))}

    def _prepare_create(self, _context: JobContext, params: Params) -> Params:
        """Bring the index up to date and hand the body what only the index knows."""
        dataset = self._roots.workspace(params["workspace_id"])
        dataset.refresh()
        stats = dataset.statistics()
        statistics = {
            "items": stats.items,
            "annotations": stats.annotations,
            "splits": dict(stats.splits),
            "classes": {name: counts["annotations"] for name, counts in stats.classes.items()},
        }
        return {**params, "statistics": statistics, "edits": edits_since_snapshot(dataset)}

    def _finish_create(self, _context: JobContext, params: Params, output: Any) -> Any:
        mark_snapshot(self._roots.workspace(params["workspace_id"]))
        self._workspaces.summarise(params["workspace_id"])
        return output

    def _finish_gc(self, _context: JobContext, params: Params, output: Any) -> Any:
        """Empty the trash of the edits too: what a user frees is meant to be gone."""
        freed = Edits(self._roots.workspace(params["workspace_id"])).empty_trash()
        return {**output, "trash_bytes": freed}

    def _finish_restore(self, _context: JobContext, params: Params, output: Any) -> Any:
        self._settle(params)
        return output

    def _settle(self, params: Params) -> None:
        """After a restore: edits made before it can no longer be undone, and the index follows the files."""
        dataset = self._roots.workspace(params["workspace_id"])
        Edits(dataset).seal()
        mark_snapshot(dataset)
        dataset.refresh()
        self._workspaces.summarise(params["workspace_id"])

    def _clean_restore(self, _context: JobContext, params: Params) -> None:
        """After a restore that was cut short: roll it forward, then let the index see what is there."""
        dataset = self._roots.workspace(params["workspace_id"])
        if SnapshotService(dataset.root).recover():
            self._settle(params)
