"""What the lineage graph holds beside snapshots: datasets, drift reports, samples, exports, runs and their models."""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from app.stores.catalog import Catalog, WorkspaceRecord
from ddoc.dataset.dataset import Dataset
from ddoc.errors import NotFoundError
from ddoc.experiment.runner.folder import RunFolder, read_json

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
        strategy = sample.request["strategy"]
        nodes.append(_node(sample.sample_id, "sample", str(strategy["kind"]), sample.created_at))
        if strategy.get("report_id") in {node["id"] for node in nodes}:
            _edge(edges, strategy["report_id"], sample.sample_id, "chosen-by")
    for path in sorted(dataset.layout.exports.glob("*/export.json")):
        export = json.loads(path.read_text("utf-8"))
        nodes.append(_node(export["export_id"], "export", export["format"], export["created_at"]))
        _edge(edges, export.get("snapshot_id"), export["export_id"], "exported")
    for path in sorted(dataset.layout.runs.glob("*/run.json")):
        run = json.loads(path.read_text("utf-8"))
        nodes.append(_node(run["experiment_id"], "run", run["name"], run["started_at"] or run["created_at"]))
        _edge(edges, run.get("snapshot_id"), run["experiment_id"], "trained-on")
        _model(RunFolder(path.parent), run, nodes, edges)
    return nodes, edges


def _model(folder: RunFolder, run: Mapping[str, Any], nodes: Rows, edges: Rows) -> None:
    """Add the model that a run which succeeded named as its result, if it did. The trainer wrote that: not trusted."""
    result = read_json(folder.result) if run.get("state") == "succeeded" else None
    path = result.get("model_path") if isinstance(result, dict) else None
    if not isinstance(path, str) or not path:
        return
    node_id = f"{run['experiment_id']}:model"
    nodes.append(
        _node(node_id, "model", PurePosixPath(path).name[:255], run["ended_at"] or run["created_at"])
    )
    _edge(edges, run["experiment_id"], node_id, "produced")


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
        if record.drift_report_id == report.report_id:
            _edge(edges, report.report_id, "v1", "created-from")
        for side in sides:
            # ids of snapshots are those of their workspace: another one's v1 is not ours
            if side.get("workspace_id") == record.workspace_id:
                _edge(edges, side.get("snapshot_id"), report.report_id, "compared")
            if side.get("dataset_id") in known:
                _edge(edges, side.get("dataset_id"), report.report_id, "compared")


def _node(node_id: str, kind: str, label: str, created_at: str) -> dict[str, Any]:
    return {"id": node_id, "type": kind, "label": label, "created_at": created_at}


def _edge(edges: Rows, source: str | None, target: str, relation: str) -> None:
    if source:
        edges.append({"from": source, "to": target, "relation": relation})
