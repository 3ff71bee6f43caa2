"""Wire types of guards and of before and after."""

from typing import Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from app.schemas import Body, Id, Name, Seed, SelectionBody
from app.schemas_dataset import DriftReportSummary, require_one_source
from app.schemas_experiment import RunOut

Outcome = Literal["pass", "warn", "fail"]


class GuardBody(Body):
    """The base that a guard keeps, and when it warns and fails."""

    name: Name
    base_dataset_id: Id | None = None
    base_workspace_id: Id | None = None
    base_snapshot_id: Id | None = None
    base_selection: SelectionBody | None = None
    encoder: str | None = Field(None, description="default: the built-in, weight-free descriptor")
    alpha: float = Field(0.05, gt=0, lt=0.5, description="a change more significant than this warns")
    effect_threshold: float | None = Field(None, ge=0, le=1, description="from this effect on it fails")
    seed: Seed = 0

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        require_one_source(self, "base")
        return self


class GuardCheckBody(Body):
    """What to check against a guard: a dataset, or a workspace at a snapshot or as it is, or a selection of it."""

    target_dataset_id: Id | None = None
    target_workspace_id: Id | None = None
    target_snapshot_id: Id | None = None
    target_selection: SelectionBody | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        require_one_source(self, "target")
        return self


class GuardVerdict(BaseModel):
    """What a check of a guard found; `failing` counts the images named by its findings."""

    guard_id: str
    report_id: str
    outcome: Outcome
    failing: int


class GuardOut(BaseModel):
    """A saved base with thresholds. It needs nothing else: the base's images may be gone."""

    guard_id: str
    name: str
    base: dict[str, Any]
    encoder: str
    alpha: float
    effect_threshold: float
    seed: int
    created_at: str
    checks: int
    last_check: GuardVerdict | None


class GuardList(BaseModel):
    """The guards, newest first."""

    items: list[GuardOut]
    total: int


class GuardCheckOut(BaseModel):
    """A check of a guard with the failing images, most target-like first."""

    outcome: Outcome
    failing: list[str] = Field(
        description="item ids whose own p-values stay significant at a false discovery rate of 10 %"
    )
    report: DriftReportSummary


class SideRuns(BaseModel):
    """A comparison and the runs that were trained on its base."""

    report: DriftReportSummary
    runs: list[RunOut] | None = Field(description="null: MLflow cannot be reached now")


class BeforeAfterOut(BaseModel):
    """How drift towards one target changed, and with it the metrics of the runs."""

    before: SideRuns
    after: SideRuns
    score: dict[str, float]
    p_value: dict[str, float]
    items: dict[str, int]
    added: int = Field(description="images that the base has more; what the step cost")
