"""Answers about runs: what MLflow has of them joined with what the run's folder knows."""

import json
from collections.abc import Mapping
from typing import cast

from ddoc.errors import NotFoundError, UnavailableError
from ddoc.experiment.clock import from_seconds
from ddoc.experiment.records import RunRecord, RunState, load_record
from ddoc.experiment.runner.folder import RunFolder, read_json
from ddoc.experiment.runs import LogChunk, Run, RunDetail, RunPage
from ddoc.experiment.supervision import Supervision
from ddoc.experiment.tracking import TrackedRun, Tracking
from ddoc.ids import check_id
from ddoc.paths import Layout

_MAX_HISTORIES = 60
MAX_LOG_CHUNK = 1 << 20


class RunReader:
    """Reads the runs of one workspace. `public_url` is where a browser reaches MLflow."""

    def __init__(
        self, layout: Layout, workspace: str, tracking: Tracking, supervision: Supervision, *, public_url: str
    ) -> None:
        self._layout = layout
        self._workspace = workspace
        self._tracking = tracking
        self._supervision = supervision
        self._public_url = public_url.rstrip("/")

    def by_dataset(
        self,
        dataset: str | None = None,
        *,
        data_hash: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> RunPage:
        """Return the runs on a dataset (a workspace's name; default: this one), newest first.

        With `data_hash`, those on these very bytes. Raises UnavailableError when MLflow is down.
        """
        name = dataset or self._workspace
        experiment = self._tracking.experiment_id(name)
        if experiment is None:
            return RunPage((), None, 0)
        conditions = [f"dataset.name = '{_quoted(name)}'"]
        if data_hash is not None:
            conditions.append(f"dataset.digest = '{_quoted(data_hash)}'")
        filter_ = " and ".join(conditions)
        tracked, following = self._tracking.search([experiment], filter_=filter_, limit=limit, cursor=cursor)
        total = len(tracked) if cursor is None and following is None else self._total(experiment, filter_)
        return RunPage(tuple(self._run(t) for t in tracked), following, total)

    def _total(self, experiment: str, filter_: str) -> int:
        total, cursor = 0, None
        while True:
            page, cursor = self._tracking.search([experiment], filter_=filter_, limit=1000, cursor=cursor)
            total += len(page)
            if cursor is None:
                return total

    def detail(self, run_id: str, *, max_points: int = 1000) -> RunDetail:
        """Return a run with its metric histories, thinned to about `max_points` each, and its artifacts."""
        tracked = self._tracking.run(check_id(run_id, what="experiment"))
        self._must_be_ours(tracked)
        run = self._run(tracked)
        names = sorted(tracked.metrics)[:_MAX_HISTORIES]
        histories = {n: tuple(self._tracking.history(run_id, n, max_points=max_points)) for n in names}
        return RunDetail(run, histories, tuple(self._tracking.artifacts(run_id)))

    def run(self, run_id: str) -> Run:
        """Return a run without histories."""
        tracked = self._tracking.run(check_id(run_id, what="experiment"))
        self._must_be_ours(tracked)
        return self._run(tracked)

    def log(self, run_id: str, *, offset: int = 0, limit: int = MAX_LOG_CHUNK) -> LogChunk:
        """Return the log from `offset`, at most `limit` bytes (1 MiB at most); a negative offset counts from its end."""
        folder = self._supervision.folder(run_id)
        file = folder.log if folder.log.exists() else folder.dry_run.log
        is_complete = load_record(folder).is_final
        if not file.exists():
            return LogChunk(b"", 0, 0, is_complete)
        size = file.stat().st_size
        start = max(0, size + offset) if offset < 0 else min(offset, size)
        with file.open("rb") as content:
            content.seek(start)
            return LogChunk(content.read(min(limit, MAX_LOG_CHUNK)), start, size, is_complete)

    def of_record(self, record: RunRecord) -> Run:
        """Return the run of a record; with MLflow down, with the metrics that the trainer returned."""
        url = self._url(record.mlflow_experiment, record.experiment_id)
        return Run.of(record, self._metrics_of(record.experiment_id), mlflow_url=url)

    def _metrics_of(self, run_id: str) -> Mapping[str, float]:
        try:
            return self._tracking.run(run_id).metrics
        except UnavailableError:
            result = read_json(self._supervision.folder(run_id).result)
            return result["metrics"] if result else {}

    def _must_be_ours(self, tracked: TrackedRun) -> None:
        if tracked.tags.get("ddoc.workspace_id") != self._workspace:
            raise NotFoundError("there is no such experiment in this workspace", code="experiment-not-found")

    def _run(self, tracked: TrackedRun) -> Run:
        folder = RunFolder(self._layout.runs / tracked.run_id)
        record = load_record(folder) if folder.record.exists() else record_of(tracked)
        return Run.of(record, tracked.metrics, mlflow_url=self._url(tracked.experiment_id, tracked.run_id))

    def _url(self, experiment: str, run_id: str) -> str:
        return f"{self._public_url}/#/experiments/{experiment}/runs/{run_id}"


def record_of(tracked: TrackedRun) -> RunRecord:
    """Return the record of a run whose folder is gone, from its tags; a state that never ended counts as lost."""
    tags = tracked.tags
    state = cast("RunState", tags.get("ddoc.state", "lost"))
    return RunRecord(
        experiment_id=tracked.run_id,
        mlflow_experiment=tracked.experiment_id,
        workspace=tags.get("ddoc.workspace_id", ""),
        name=tracked.name,
        trainer=tags.get("ddoc.trainer", ""),
        snapshot_id=tags.get("ddoc.snapshot_id", ""),
        data_hash=tags.get("ddoc.data_hash", ""),
        code_hash=tags.get("ddoc.code_hash", ""),
        data_format=tags.get("ddoc.data_format", "ddoc"),
        params=json.loads(tags["ddoc.params"]) if "ddoc.params" in tags else dict(tracked.params),
        limits={},
        created_at=from_seconds((tracked.start_time or 0) / 1000),
        job_id=tags.get("ddoc.job_id"),
        state="lost" if state in {"queued", "running"} else state,
        started_at=_moment(tracked.start_time),
        ended_at=_moment(tracked.end_time),
        exit=json.loads(tags["ddoc.exit"]) if "ddoc.exit" in tags else None,
        isolation=json.loads(tags.get("ddoc.isolation", "{}")),
    )


def _moment(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else from_seconds(milliseconds / 1000)


def _quoted(value: str) -> str:
    """Return `value` for a filter of MLflow, which has no escape: a quote cannot be part of a name of ours."""
    return value.replace("'", "")
