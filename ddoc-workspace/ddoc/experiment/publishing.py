"""Bringing a run's metrics, files and state to MLflow. Every step can be repeated; none is lost while it is down."""

import json
from pathlib import Path
from typing import Any

from ddoc.experiment.clock import milliseconds
from ddoc.experiment.metric_lines import metric_name, read_points
from ddoc.experiment.records import RunRecord, RunState
from ddoc.experiment.runner.folder import RunFolder, read_json, write_json
from ddoc.experiment.tracking import MetricPoint, RunStatus, TrackedRun, Tracking

STATUS: dict[RunState, RunStatus] = {
    "queued": "SCHEDULED",
    "running": "RUNNING",
    "succeeded": "FINISHED",
    "failed": "FAILED",
    "stopped": "KILLED",
    "lost": "FAILED",
}


class Publisher:
    """Publishes the runs of one workspace to one MLflow server."""

    def __init__(self, tracking: Tracking) -> None:
        self._tracking = tracking

    def metrics(self, folder: RunFolder, run_id: str) -> MetricPoint | None:
        """Log what was reported since the last call. Returns the newest point.

        The place in the file is written down after the points were logged: a repeat logs some of them again, which
        MLflow's store takes as the same points. Raises UnavailableError when MLflow is down; nothing is lost.
        """
        place = folder.control / "metrics-offset.json"
        offset = int((read_json(place) or {"offset": 0})["offset"])
        newest: MetricPoint | None = None
        while (batch := read_points(folder.metrics, offset)).next_offset != offset:
            self._tracking.log_metrics(run_id, batch.points)
            offset = batch.next_offset
            write_json(place, {"offset": offset})
            newest = batch.points[-1] if batch.points else newest
        return newest

    def outcome(self, folder: RunFolder, record: RunRecord) -> None:
        """Log the result, files and final state of an ended run, and mark it settled.

        Raises UnavailableError when MLflow is down; a repeat goes through all of it again.
        """
        if folder.settled.exists():
            return
        self.metrics(folder, record.experiment_id)
        result = read_json(folder.result) if record.state == "succeeded" else None
        ended_ms = milliseconds(record.ended_at or record.created_at)
        if result is not None:
            self._result(folder, record, result, ended_ms)
        self._files(folder, record)
        self.state(record)
        folder.settled.touch()

    def state(self, record: RunRecord) -> None:
        """Set the run's status and state tags to what the service knows."""
        ended_ms = None if record.ended_at is None else milliseconds(record.ended_at)
        tags = {"ddoc.state": record.state, "ddoc.isolation": json.dumps(dict(record.isolation))}
        if record.exit is not None:
            tags |= {
                "ddoc.exit_reason": str(record.exit["reason"]),
                "ddoc.exit": json.dumps(dict(record.exit)),
            }
        self._tracking.set_tags(record.experiment_id, tags)
        self._tracking.set_status(record.experiment_id, STATUS[record.state], ended_ms=ended_ms)

    def correct(self, tracked: TrackedRun, record: RunRecord) -> bool:
        """Put right a status that MLflow's client changed by its own rules. Returns whether it was wrong."""
        if tracked.status == STATUS[record.state]:
            return False
        self.state(record)
        return True

    def _result(self, folder: RunFolder, record: RunRecord, result: dict[str, Any], ended_ms: int) -> None:
        last_steps = {point.key: point.step for point in read_points(folder.metrics, 0).points}
        step = max(last_steps.values(), default=0)
        points = [
            MetricPoint(metric_name(name), float(value), ended_ms, step)
            for name, value in result["metrics"].items()
        ]
        self._tracking.log_metrics(record.experiment_id, points)
        if result["model_path"] is not None:
            self._tree(record, folder.output / result["model_path"], "model", folder.output)
        for path in result["artifacts"]:
            self._tree(record, folder.output / path, f"artifacts/{path}", folder.output)

    def _files(self, folder: RunFolder, record: RunRecord) -> None:
        self._tree(record, folder.code, "code", folder.code)
        if folder.log.exists():
            self._tracking.log_artifact(record.experiment_id, record.mlflow_experiment, folder.log, "log.txt")

    def _tree(self, record: RunRecord, source: Path, target: str, within: Path) -> None:
        """Store a file (as `target`, or in it when that names a kind) or a folder. Links that lead out are skipped."""
        root = within.resolve()
        if source.is_file():
            path = f"{target}/{source.name}" if target == "model" else target
            files = [(source, path)]
        else:
            found = sorted(p for p in source.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
            files = [(p, f"{target}/{p.relative_to(source).as_posix()}") for p in found]
        for file, path in files:
            if file.resolve().is_relative_to(root):
                self._tracking.log_artifact(record.experiment_id, record.mlflow_experiment, file, path)
