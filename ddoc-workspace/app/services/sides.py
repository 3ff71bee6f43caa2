"""Sides of comparisons: what a request names as base or target, and how a job gets at it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.jobs import JobContext
from app.services.roots import OpenRoots
from app.services.tables import write_items
from app.stores.catalog import Catalog
from ddoc.core.snapshot_service import SnapshotService
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.selections import Selection

_RECORDED = ("dataset_id", "workspace_id", "snapshot_id", "name")


class Sides:
    """Finds, prepares and shows the sides of comparisons. A side is plain data, kept in a job's parameters."""

    def __init__(self, catalog: Catalog, roots: OpenRoots) -> None:
        self._catalog = catalog
        self._roots = roots

    def named(self, request: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Return the side `name` of a request with the fields `{name}_dataset_id`, `{name}_workspace_id`, …

        Raises NotFoundError for an unknown dataset, workspace or snapshot.
        """
        dataset_id = request[f"{name}_dataset_id"]
        if dataset_id is not None:
            record = self._catalog.datasets.get(dataset_id)
            root = self._roots.dataset_root(dataset_id)
            return {"dataset_id": dataset_id, "name": record.name, "root": str(root)}
        workspace_id = request[f"{name}_workspace_id"]
        workspace = self._catalog.workspaces.get(workspace_id)
        root = self._roots.workspace_root(workspace_id)
        side: dict[str, Any] = {"workspace_id": workspace_id, "name": workspace.name, "root": str(root)}
        if request[f"{name}_snapshot_id"] is not None:
            side["snapshot_id"] = SnapshotService(root).get(request[f"{name}_snapshot_id"]).snapshot_id
        if request[f"{name}_selection"] is not None:
            side["selection"] = request[f"{name}_selection"]
        return side

    def prepared(self, context: JobContext, side: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Return the side with the files that the job's process reads, since only the service opens an index."""
        prepared = dict(side)
        if side.get("snapshot_id") is not None:
            return prepared
        ids = None
        if side.get("workspace_id") is None:
            dataset = self._roots.dataset(side["dataset_id"])
        else:
            dataset = self._roots.workspace(side["workspace_id"])
            dataset.refresh()
            chosen = side.get("selection")
            ids = dataset.resolve(Selection.from_json(chosen)) if chosen else None
        prepared["all"] = write_items(dataset, context.folder / name / "all")
        prepared["chosen"] = write_items(dataset, context.folder / name / "chosen", ids=ids) if ids else None
        return prepared

    def root(self, side: Mapping[str, Any]) -> Path:
        """Return the root that a side lies in, whether or not it still exists."""
        if side.get("workspace_id"):
            return self._roots.workspace_root(side["workspace_id"])
        return self._roots.dataset_root(side["dataset_id"])

    def opened(self, side: Mapping[str, Any]) -> Dataset | None:
        """Return the opened root of a side; None when it was deleted."""
        workspace_id, dataset_id = side.get("workspace_id"), side.get("dataset_id")
        if workspace_id is not None and self._catalog.workspaces.find(workspace_id) is not None:
            return self._roots.workspace(workspace_id)
        if dataset_id is not None and self._catalog.datasets.find(dataset_id) is not None:
            return self._roots.dataset(dataset_id)
        return None

    def shown(self, side: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return scored images as the API's plain data; one that is no longer there is named by its id."""
        dataset_id, workspace_id = side.get("dataset_id"), side.get("workspace_id")
        opened = self.opened(side)
        found = opened.index.items([row["item_id"] for row in rows]) if opened is not None else []
        names = {item.item_id: item.name for item in found}
        base = f"/workspace/{workspace_id}/data" if workspace_id else f"/datasets/{dataset_id}"
        return [
            {
                "item_id": row["item_id"],
                "dataset_id": dataset_id,
                "workspace_id": workspace_id,
                "score": row["score"],
                "p_value": row["p_value"],
                "outlier": row.get("outlier"),
                "file_name": names.get(row["item_id"], row["item_id"]),
                "thumbnail_url": f"{base}/item/{row['item_id']}/preview?size=256",
            }
            for row in rows
        ]


def recorded_side(side: Mapping[str, Any], items: int | None) -> dict[str, Any]:
    """Return what the catalog keeps of a side."""
    return {k: side[k] for k in _RECORDED if side.get(k)} | {"items": items}
