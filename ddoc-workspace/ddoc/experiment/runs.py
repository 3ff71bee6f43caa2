"""Requests and answers about runs: what callers of the experiment service give and get."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ddoc.errors import DdocError
from ddoc.experiment.records import RunRecord, RunState
from ddoc.experiment.tracking import ArtifactFile, MetricPoint


class RunFailedError(DdocError):
    """A trainer did not succeed; `experiment_id`, `reason` and `exit_code` are in the context."""

    code = "run-failed"


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Train `trainer` on a snapshot (None: the present data, which is snapshotted first if it was changed)."""

    trainer: str
    snapshot_id: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    name: str | None = None
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands. `metrics` are the last values, times are ISO 8601."""

    experiment_id: str
    name: str
    trainer: str
    snapshot_id: str
    data_hash: str
    code_hash: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    state: RunState
    created_at: str
    started_at: str | None
    ended_at: str | None
    exit: Mapping[str, Any] | None
    isolation: Mapping[str, Any]
    mlflow_url: str
    job_id: str | None

    @classmethod
    def of(cls, record: RunRecord, metrics: Mapping[str, float], *, mlflow_url: str) -> "Run":
        """Join what the service and MLflow know."""
        return cls(
            experiment_id=record.experiment_id,
            name=record.name,
            trainer=record.trainer,
            snapshot_id=record.snapshot_id,
            data_hash=record.data_hash,
            code_hash=record.code_hash,
            params=record.params,
            metrics=metrics,
            state=record.state,
            created_at=record.created_at,
            started_at=record.started_at,
            ended_at=record.ended_at,
            exit=record.exit,
            isolation=record.isolation,
            mlflow_url=mlflow_url,
            job_id=record.job_id,
        )


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with the histories of its metrics, by name, and the files it left in MLflow."""

    run: Run
    histories: Mapping[str, tuple[MetricPoint, ...]]
    artifacts: tuple[ArtifactFile, ...]


@dataclass(frozen=True, slots=True)
class RunPage:
    """A page of runs, newest first."""

    runs: tuple[Run, ...]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class LogChunk:
    """A part of a run's log. `size` is its present size; `is_complete` when nothing will be added."""

    data: bytes
    offset: int
    size: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side. `params` and `metrics` hold one value per run (None where it has none), in the runs' order.

    `changed_params` names those that differ; `data_differs` whether the first and the last run had other data, of
    which `SnapshotService.diff` tells how.
    """

    runs: tuple[Run, ...]
    params: Mapping[str, tuple[Any, ...]]
    metrics: Mapping[str, tuple[float | None, ...]]
    changed_params: tuple[str, ...]
    data_differs: bool


def compare_runs(runs: tuple[Run, ...]) -> Comparison:
    """Put runs (two at least) side by side."""
    params = {
        name: tuple(run.params.get(name) for run in runs) for name in _names(run.params for run in runs)
    }
    metrics = {
        name: tuple(run.metrics.get(name) for run in runs) for name in _names(run.metrics for run in runs)
    }
    changed = tuple(name for name, values in params.items() if any(value != values[0] for value in values))
    return Comparison(runs, params, metrics, changed, runs[0].data_hash != runs[-1].data_hash)


def _names(mappings: Any) -> list[str]:
    """Return the keys of all mappings, in order of first appearance."""
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))
