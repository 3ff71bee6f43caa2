"""The runs that were trained on the bases of two comparisons: the metric beside the drift."""

from typing import Any

from app.services.experiment_service import Experiments
from app.stores.catalog import Catalog, DriftRecord
from ddoc.errors import NotFoundError, UnavailableError

Runs = list[dict[str, Any]]
FIRST = "v1"


def runs_of_bases(
    experiments: Experiments, catalog: Catalog, before: DriftRecord, after: DriftRecord
) -> tuple[Runs | None, Runs | None]:
    """Return the runs on the base of each report, newest first; None while MLflow cannot be reached.

    A base has runs where it is a snapshot of a workspace. Where the earlier base is the dataset that the later
    base's workspace was made of, its runs are those on that workspace's first version.
    """
    versions = (_version(catalog, report, after) for report in (before, after))
    old, new = (_runs(experiments, version) for version in versions)
    return old, new


def _version(catalog: Catalog, report: DriftRecord, after: DriftRecord) -> tuple[str, str] | None:
    """Return (workspace id, snapshot id) of a report's base."""
    base = report.base
    if base.get("workspace_id"):
        return (base["workspace_id"], base["snapshot_id"]) if base.get("snapshot_id") else None
    workspace_id = after.base.get("workspace_id")
    workspace = catalog.workspaces.find(workspace_id) if workspace_id else None
    if workspace is None or workspace.dataset_id != base.get("dataset_id"):
        return None
    return workspace.workspace_id, FIRST


def _runs(experiments: Experiments, version: tuple[str, str] | None) -> Runs | None:
    if version is None:
        return []
    try:
        page = experiments.page(version[0], snapshot_id=version[1], limit=20, cursor=None)
    except NotFoundError:  # the workspace was deleted, and its runs with it
        return []
    except UnavailableError:
        return None
    return page["experiments"]
