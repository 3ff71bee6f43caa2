"""Wire types of trainers and runs."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from app.schemas import Body, Id, Name

RunStateName = Literal["queued", "running", "succeeded", "failed", "stopped", "lost"]
TaskName = Literal["detect", "segment", "classify"]


class ParamOut(BaseModel):
    """A parameter that a trainer declares."""

    name: str
    type: Literal["int", "float", "str", "bool"]
    default: int | float | str | bool | None
    help: str


class TrainerOut(BaseModel):
    """A trainer, in the workspace or among the templates."""

    name: str
    title: str
    description: str
    task: list[TaskName] = Field(description="tasks it is for; empty: it does not say")
    format: Literal["ddoc", "yolo", "coco", "voc", "imagefolder"] = Field(
        description="layout of the data that it gets; `ddoc` is the workspace's own"
    )
    params: list[ParamOut]
    needs: list[str]
    missing: list[str] = Field(description="of `needs`, what is not installed")
    files: list[str]
    code_hash: str


class CheckOut(BaseModel):
    """One check of trainer code."""

    name: str
    ok: bool
    detail: str


class UploadedOut(BaseModel):
    """A trainer that was put in place, and what was checked."""

    trainer: str
    files: list[str]
    checks: list[CheckOut]
    code_hash: str


class TemplateBody(Body):
    """What the copy of a template shall be called."""

    name: Id | None = Field(None, description="default: the template's name")


class RunBody(Body):
    """Which trainer to run, on which version."""

    trainer: Id
    snapshot_id: Id | None = Field(
        None, description="an id or alias; default: the present data, snapshotted first if it was changed"
    )
    params: dict[str, Any] = Field(default_factory=dict[str, Any])
    name: Name | None = None
    limits: dict[str, float] = Field(
        default_factory=dict[str, float], description="limits other than the usual, by name"
    )


class RunOut(BaseModel):
    """A run: one execution of a trainer on one snapshot, which is a run of MLflow."""

    experiment_id: str
    name: str
    trainer: str
    snapshot_id: str
    data_hash: str
    code_hash: str
    params: dict[str, Any]
    metrics: dict[str, float | None] = Field(description="the last values; null for what is no number")
    state: RunStateName
    created_at: str
    started_at: str | None
    ended_at: str | None
    exit: dict[str, Any] | None = Field(description="`{reason, code, detail, …}` once it ended")
    isolation: dict[str, Any] = Field(description="what was in force around the trainer")
    mlflow_url: str
    job_id: str | None


class RunList(BaseModel):
    """A page of runs, newest first."""

    experiments: list[RunOut]
    next_cursor: str | None
    total: int


class PointOut(BaseModel):
    """One value of a metric; `timestamp` in milliseconds since 1970."""

    step: int
    value: float | None
    timestamp: int


class ArtifactOut(BaseModel):
    """A file that a run left in MLflow."""

    path: str
    bytes: int


class RunDetailOut(RunOut):
    """A run with the histories of its metrics and its files."""

    histories: dict[str, list[PointOut]]
    artifacts: list[ArtifactOut]


class ComparisonOut(BaseModel):
    """Runs side by side: one value per run in `params` and `metrics`, null where a run has none."""

    experiments: list[RunOut]
    params: dict[str, list[Any]]
    metrics: dict[str, list[float | None]]
    changed_params: list[str]
    data: dict[str, Any] | None = Field(
        description="how the data of the last run differs from that of the first; null when it is the same"
    )
