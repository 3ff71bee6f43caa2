"""What the service writes down about a run, beside what MLflow has of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from ddoc.errors import NotFoundError
from ddoc.experiment.runner.folder import RunFolder, read_json, write_json

RunState = Literal["queued", "running", "succeeded", "failed", "stopped", "lost"]
FINAL_STATES: frozenset[RunState] = frozenset({"succeeded", "failed", "stopped", "lost"})


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run: what was asked, on which data and code, and how it stands.

    `exit` is None until it ended, then `{reason, code, killed, left, peak_memory, log_bytes, detail}`. Times are
    ISO 8601. `data_hash` is the snapshot's, `code_hash` the trainer's.
    """

    experiment_id: str
    mlflow_experiment: str
    workspace: str
    name: str
    trainer: str
    snapshot_id: str
    data_hash: str
    code_hash: str
    data_format: str
    params: Mapping[str, Any]
    limits: Mapping[str, Any]
    created_at: str
    job_id: str | None = None
    state: RunState = "queued"
    started_at: str | None = None
    ended_at: str | None = None
    exit: Mapping[str, Any] | None = None
    isolation: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def is_final(self) -> bool:
        """Whether the run has ended, in whatever way."""
        return self.state in FINAL_STATES

    def with_(self, **changes: Any) -> "RunRecord":
        """Return a copy with some fields changed."""
        return replace(self, **changes)


def save_record(folder: RunFolder, record: RunRecord) -> None:
    """Write the record so that it survives a power cut."""
    folder.root.mkdir(parents=True, exist_ok=True)
    write_json(folder.record, asdict(record), durable=True)


def load_record(folder: RunFolder) -> RunRecord:
    """Read the record. Raises NotFoundError for a folder that holds none."""
    value = read_json(folder.record)
    if value is None:
        raise NotFoundError("there is no such experiment", code="experiment-not-found")
    return RunRecord(**value)


def judge(folder: RunFolder) -> tuple[RunState, dict[str, Any]]:
    """Return the final state of an ended or lost run, and its `exit` with a sentence `detail`.

    Only the shim's exit file counts, and for a clean exit the result file that the harness wrote last: a trainer
    that leaves by `os._exit(0)` half way has not succeeded.
    """
    ended = read_json(folder.exit)
    if ended is None:
        return "lost", {"reason": "lost", "code": None, "detail": "the run's supervisor was killed"}
    reason, code = str(ended["reason"]), ended["code"]
    known = {key: ended[key] for key in ("reason", "code", "killed", "left", "peak_memory", "log_bytes")}
    if reason == "stopped":
        return "stopped", {**known, "detail": "stopped on request"}
    if reason != "exited":
        return "failed", {**known, "detail": _REASONS.get(reason, reason)}
    if code == 0:
        if folder.result.exists():
            return "succeeded", {**known, "detail": "ended by itself"}
        return "failed", {
            **known,
            "reason": "no-result",
            "detail": "ended before the trainer returned a result",
        }
    detail = f"killed by signal {-code}" if code < 0 else f"ended with exit code {code}; see the log"
    return "failed", {**known, "detail": detail}


_REASONS = {
    "time-limit": "stopped: longer than the limit wall_seconds",
    "process-limit": "killed: more processes than the limit processes",
    "memory-limit": "killed: more memory than the limit memory_bytes",
    "start-failed": "the trainer's process could not be started",
    "dry-run-failed": "the dry run on a few images failed; see the log",
}
