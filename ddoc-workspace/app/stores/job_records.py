"""What a job is, as it is stored."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ENDED: frozenset[JobState] = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is. `rate` is in units per second, `eta` in seconds; both None while unknown."""

    done: int = 0
    total: int | None = None
    unit: str = "items"
    message: str = ""
    rate: float | None = None
    eta: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields as a dictionary."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed: the code and sentence of the error, the name of its class, its facts for programs."""

    code: str
    detail: str
    kind: str = "DdocError"
    context: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> dict[str, Any]:
        """Return the fields as a dictionary."""
        return {"code": self.code, "detail": self.detail, "kind": self.kind, "context": dict(self.context)}


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of long work.

    `attempt` counts the times it was started, `crashes` the times its process died by itself, `restarts` the
    times the service went away under it. `fence` tells apart the runs of one job.
    """

    job_id: str
    kind: str
    workspace_id: str | None
    writes: bool
    state: JobState
    params: Mapping[str, Any]
    progress: JobProgress
    result: Any
    error: JobError | None
    attempt: int
    crashes: int
    restarts: int
    fence: int
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def ended(self) -> bool:
        """Tell whether the state is final."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class JobEvent:
    """A numbered event: the job as it was then. Numbers rise over all jobs of the service."""

    event_id: int
    type: Literal["state", "progress"]
    job: Job


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of jobs, newest first."""

    items: tuple[Job, ...]
    next_cursor: str | None
    total: int
