"""What jobs do in their own processes. Files in, files and plain data out; each may run again after a kill."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.jobs import JobContext, Params
from app.services.tables import read_refs, write_table
from ddoc.analysis import analyze, get_analyzer, get_encoder, refine_map
from ddoc.core.snapshot_service import SnapshotService
from ddoc.core.workspace_service import WorkspaceService
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.filters import Filter
from ddoc.dataset.items import ImageRef
from ddoc.drift import (
    EFFECT_THRESHOLD,
    Guard,
    Side,
    Thresholds,
    check,
    check_encoders,
    compare,
    load_guard,
    load_side,
    save_comparison,
    save_guard,
)
from ddoc.execution import Executor
from ddoc.execution_local import LocalExecutor
from ddoc.formats.ingest import ingest
from ddoc.paths import Layout

Table = Any


def ingest_dataset(context: JobContext, params: Params) -> Any:
    """Ingest an archive or folder and build its index. Returns the catalog's fields of the dataset."""
    return _ingest(context, params, Path(params["source"]), Path(params["root"]), params["format"])


def _ingest(
    context: JobContext, params: Params, source: Path, root: Path, format_: str | None
) -> dict[str, Any]:
    with _executor(params) as executor:
        result = ingest(
            source, root, name=params["name"], format=format_, executor=executor, progress=context.progress
        )
        opened = Dataset.open(root, executor=executor, progress=context.progress)
    with opened as dataset:
        stats = dataset.statistics()
        return {
            "format": result.format,
            "task": result.info.task,
            "items": stats.items,
            "annotations": stats.annotations,
            "splits": dict(stats.splits),
            "classes": list(result.info.classes),
            "bytes": stats.bytes,
            "report": result.report.to_json(),
        }


def create_workspace(context: JobContext, params: Params) -> Any:
    """Make a workspace from a root, from a part of one, or from a path that is ingested first."""
    root, source = Path(params["root"]), Path(params["source_root"])
    ingested = None
    if params.get("ingest"):
        ingested = _ingest(context, params, Path(params["ingest"]), source, None)
    if not root.exists():
        WorkspaceService().init_workspace(
            root,
            source=source,
            name=params["name"],
            origin={"dataset_id": params["dataset_id"], "drift_report_id": params["drift_report_id"]},
            item_ids=params.get("item_ids"),
            progress=context.progress,
        )
    with (
        _executor(params) as executor,
        Dataset.open(root, executor=executor, progress=context.progress) as dataset,
    ):
        task = dataset.info.task
    return {"task": task, "format": (ingested or params)["format"], "dataset": ingested}


def create_snapshot(context: JobContext, params: Params) -> Any:
    """Take a snapshot. Running again after a kill finds the snapshot that was taken."""
    snapshot = SnapshotService(Path(params["root"])).create_snapshot(
        params["message"],
        alias=params["alias"],
        allow_empty=params["allow_empty"],
        statistics=params["statistics"],
        edits=params["edits"],
        request_id=context.job_id,
        progress=context.progress,
    )
    return snapshot.to_json()


def restore_snapshot(context: JobContext, params: Params) -> Any:
    """Restore a snapshot."""
    restored = SnapshotService(Path(params["root"])).restore_snapshot(
        params["snapshot_id"], discard_changes=params["discard_changes"], progress=context.progress
    )
    return restored.to_json()


def preview_restore(_context: JobContext, params: Params) -> Any:
    """Tell what restoring a snapshot would do."""
    return SnapshotService(Path(params["root"])).preview_restore(params["snapshot_id"]).to_json()


def maintain_snapshots(context: JobContext, params: Params) -> Any:
    """Verify, free, push or pull."""
    service, options = SnapshotService(Path(params["root"])), params["options"]
    if params["what"] == "verify":
        return service.verify(
            mode=options["mode"],
            part=options["slice"],
            of=options["of"],
            repair=options["repair"],
            progress=context.progress,
        ).to_json()
    if params["what"] == "gc":
        return service.gc(progress=context.progress).to_json()
    if params["what"] == "push":
        return service.push(options["remote"], progress=context.progress).to_json()
    return service.pull(options["remote"], progress=context.progress).to_json()


def analyze_images(context: JobContext, params: Params) -> Any:
    """Run an analyzer over the items named in the refs file."""
    root = Path(params["root"])
    with _executor(params) as executor:
        summary = analyze(
            get_analyzer(params["analyzer"], **params["options"]),
            read_refs(params["refs"], root),
            layout=Layout(root),
            executor=executor,
            progress=context.progress,
            force=params["force"],
        )
    return summary.to_json()


def arrange_map(context: JobContext, params: Params) -> Any:
    """Give an encoder's map its better projection."""
    found = refine_map(Layout(Path(params["root"])), params["encoder_key"], progress=context.progress)
    return {"projection": None if found is None else found.projection}


def compare_sides(context: JobContext, params: Params) -> Any:
    """Analyse what is not yet analysed on both sides, compare them, and store the report."""
    encoder = get_encoder(params["encoder"])
    with _executor(params) as executor:
        sides = [_side(context, params, name, encoder.key, executor) for name in ("base", "target")]
    options = {} if params["effect_threshold"] is None else {"effect_threshold": params["effect_threshold"]}
    comparison = compare(
        sides[0],
        sides[1],
        alpha=params["alpha"],
        seed=params["seed"],
        report_id=params["report_id"],
        progress=context.progress,
        **options,
    )
    save_comparison(comparison, Path(params["folder"]))
    return comparison.report.to_json()


def make_guard(context: JobContext, params: Params) -> Any:
    """Analyse what is not yet analysed of a base, and save it as a guard."""
    with _executor(params) as executor:
        base = _side(context, params, "base", get_encoder(params["encoder"]).key, executor)
    chosen = params["effect_threshold"]
    thresholds = Thresholds(
        alpha=params["alpha"],
        fail_at=EFFECT_THRESHOLD if chosen is None else chosen,
        seed=params["seed"],
    )
    save_guard(Path(params["folder"]), Guard(base, thresholds))
    return {"items": len(base), "alpha": thresholds.alpha, "effect_threshold": thresholds.fail_at}


def check_guard(context: JobContext, params: Params) -> Any:
    """Analyse what is not yet analysed of a target, compare it with a guard's base, and store the report."""
    guard = load_guard(Path(params["guard_folder"]))
    key = get_encoder(params["encoder"]).key
    check_encoders(guard.base.encoder, key)
    with _executor(params) as executor:
        target = _side(context, params, "target", key, executor)
    found = check(guard, target, report_id=params["report_id"], progress=context.progress)
    save_comparison(found.comparison, Path(params["folder"]))
    return found.to_json()


def _side(context: JobContext, params: Params, name: str, encoder_key: str, executor: Executor) -> Side:
    given = params[name]
    layout = Layout(Path(given["root"]))
    with tempfile.TemporaryDirectory(dir=context.folder) as scratch:
        if given.get("snapshot_id") is not None:
            files, data = _at_snapshot(given, Path(scratch), executor)
        else:
            files, data = given["all"], layout.data
        items: Table = pq.read_table(files["items"], memory_map=False)
        refs = [
            ImageRef(i, h, str(data / p))
            for i, h, p in zip(
                *(items[c].to_pylist() for c in ("item_id", "content_hash", "path")), strict=True
            )
        ]
        for analyzer, options in (("attributes", {}), ("embedding", {"encoder": params["encoder"]})):
            analyze(
                get_analyzer(analyzer, **options),
                refs,
                layout=layout,
                executor=executor,
                progress=context.progress,
            )
        chosen = given.get("chosen") or files
        return load_side(
            layout,
            given["name"],
            pq.read_table(chosen["items"], memory_map=False),
            pq.read_table(chosen["annotations"], memory_map=False),
            encoder_key=encoder_key,
            origin={
                k: given[k] for k in ("dataset_id", "workspace_id", "snapshot_id", "name") if given.get(k)
            },
        )


def _at_snapshot(given: Mapping[str, Any], scratch: Path, executor: Executor) -> tuple[dict[str, str], Path]:
    """Lay out a snapshot's data in a root of its own and read its items and annotations."""
    root = scratch / "root"
    SnapshotService(Path(given["root"])).materialise(given["snapshot_id"], Layout(root).data)
    with Dataset.open(root, executor=executor) as dataset:
        wanted = None
        if given.get("selection"):
            named = given["selection"]
            wanted = (
                Filter.from_json(named["filter"])
                if named.get("filter")
                else Filter(ids=tuple(named["item_ids"]))
            )
        files = {
            "items": str(write_table(dataset.index.items_table(wanted), scratch / "items.parquet")),
            "annotations": str(
                write_table(dataset.index.annotations_table(wanted), scratch / "annotations.parquet")
            ),
        }
    return files, Layout(root).data


def _executor(params: Params) -> LocalExecutor:
    return LocalExecutor(params["workers"] or None)


def export_items(context: JobContext, params: Params) -> Any:
    """Write an export to its folder, whole or not at all. Returns what the API tells of it."""
    from app.services.exporting import write_export

    target = Path(params["target"])
    if not target.exists():
        staging = target.with_name(f".{target.name}.tmp")
        shutil.rmtree(staging, ignore_errors=True)
        write_export(context, params, staging)
        staging.rename(target)
    return json.loads((target / "export.json").read_text("utf-8"))


def refresh_index(context: JobContext, params: Params) -> Any:
    """Scan `data/` for what was changed from outside; the service puts the result into the index."""
    from ddoc.dataset.scan import scan_changes

    known: pa.Table = pq.read_table(params["known"], memory_map=False)
    with _executor(params) as executor:
        scan = scan_changes(Path(params["root"]), known, executor=executor, progress=context.progress)
    return {"scan": str(write_table(scan, context.folder / "scan.parquet"))}
