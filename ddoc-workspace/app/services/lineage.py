"""What the lineage graph holds beside snapshots: datasets, drift reports, samples, exports and runs."""

import json
from typing import Any

from app.stores.catalog import Catalog, WorkspaceRecord
from ddoc.dataset.dataset import Dataset
from ddoc.errors import NotFoundError

Rows = list[dict[str, Any]]


def extra_lineage(catalog: Catalog, record: WorkspaceRecord, dataset: Dataset) -> tuple[Rows, Rows]:
    """Return (nodes, edges) for everything that is not a snapshot.

    An edge that starts at a version names the snapshot it was made from, where that is recorded.
    """
    nodes: Rows = []
    edges: Rows = []
    _dataset(catalog, record, nodes, edges)
    _reports(catalog, record, nodes, edges)
    for sample in dataset.samples.list():
        nodes.append(
            _node(sample.sample_id, "sample", f"{sample.request['strategy']['kind']}", sample.created_at)
        )
    for path in sorted(dataset.layout.exports.glob("*/export.json")):
        export = json.loads(path.read_text("utf-8"))
        nodes.append(_node(export["export_id"], "export", export["format"], export["created_at"]))
        _edge(edges, export.get("snapshot_id"), export["export_id"], "exported")
    for path in sorted(dataset.layout.runs.glob("*/run.json")):
        run = json.loads(path.read_text("utf-8"))
        nodes.append(_node(run["experiment_id"], "run", run["name"], run["started_at"] or run["created_at"]))
        _edge(edges, run.get("snapshot_id"), run["experiment_id"], "trained-on")
    return nodes, edges


def _dataset(catalog: Catalog, record: WorkspaceRecord, nodes: Rows, edges: Rows) -> None:
    if record.dataset_id is None:
        return
    try:
        source = catalog.datasets.get(record.dataset_id, deleted=True)
    except NotFoundError:
        return
    nodes.append(_node(source.dataset_id, "dataset", source.name, source.created_at.isoformat()))
    _edge(edges, source.dataset_id, "v1", "created-from")


def _reports(catalog: Catalog, record: WorkspaceRecord, nodes: Rows, edges: Rows) -> None:
    known = {node["id"] for node in nodes}
    for report in catalog.drift_reports.page(limit=500).items:
        sides = [report.base, report.target]
        names = {side.get("workspace_id") for side in sides} | {report.report_id}
        if record.workspace_id not in names and record.drift_report_id != report.report_id:
            continue
        nodes.append(_node(report.report_id, "drift", report.status, report.created_at.isoformat()))
        for side in sides:
            _edge(edges, side.get("snapshot_id"), report.report_id, "compared")
            if side.get("dataset_id") in known:
                _edge(edges, side.get("dataset_id"), report.report_id, "compared")


def _node(node_id: str, kind: str, label: str, created_at: str) -> dict[str, Any]:
    return {"id": node_id, "type": kind, "label": label, "created_at": created_at}


def _edge(edges: Rows, source: str | None, target: str, relation: str) -> None:
    if source:
        edges.append({"from": source, "to": target, "relation": relation})
