"""Wire types of datasets and drift."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.schemas import Body, Id, Name, ReportRowOut, Seed, SelectionBody

FormatName = Literal["yolo", "coco", "voc", "imagefolder", "csv", "plain"]


class RegisterBody(Body):
    """A folder or archive on the server, beneath one of the import roots."""

    name: Name
    path: str = Field(min_length=1, max_length=4096)
    format: FormatName | None = None


class DatasetOut(BaseModel):
    """An ingested, immutable source."""

    model_config = ConfigDict(from_attributes=True)

    dataset_id: str
    name: str
    format: str
    task: Literal["detect", "segment", "classify"]
    items: int
    annotations: int
    splits: dict[str, int]
    classes: list[str]
    bytes: int
    created_at: datetime
    report: list[ReportRowOut] = Field(description="what ingest found, per code with count and examples")


class DatasetPage(BaseModel):
    """A page of datasets, newest first."""

    items: list[DatasetOut]
    next_cursor: str | None
    total: int


class DriftBody(Body):
    """What to compare: a dataset or a workspace on each side."""

    base_dataset_id: Id | None = None
    target_dataset_id: Id | None = None
    base_workspace_id: Id | None = None
    target_workspace_id: Id | None = None
    base_snapshot_id: Id | None = None
    target_snapshot_id: Id | None = None
    base_selection: SelectionBody | None = None
    target_selection: SelectionBody | None = None
    encoder: str | None = Field(None, description="default: the built-in, weight-free descriptor")
    alpha: float = Field(0.05, gt=0, lt=0.5)
    effect_threshold: float | None = Field(None, ge=0, le=1)
    seed: Seed = 0

    @model_validator(mode="after")
    def _one_source_a_side(self) -> Self:
        for side in ("base", "target"):
            require_one_source(self, side)
        return self


def require_one_source(body: Body, side: str) -> None:
    """Raise ValueError unless the side `base` or `target` of a body is a dataset or a workspace, and only one."""
    dataset, workspace = getattr(body, f"{side}_dataset_id"), getattr(body, f"{side}_workspace_id")
    if (dataset is None) == (workspace is None):
        raise ValueError(f"give one of {side}_dataset_id and {side}_workspace_id")
    if workspace is None and (getattr(body, f"{side}_snapshot_id") or getattr(body, f"{side}_selection")):
        raise ValueError(f"{side}_snapshot_id and {side}_selection go with {side}_workspace_id")


class DriftTest(BaseModel):
    """A test of one view of the data."""

    name: str
    statistic: float
    p_value: float
    threshold: float
    drifted: bool
    effect: float | None = None


class AttributeDrift(BaseModel):
    """How one attribute moved; the histograms of both sides share their bins."""

    name: str
    test: str
    statistic: float
    p_value: float
    p_adjusted: float = Field(description="p after Holm's correction")
    drifted: bool
    size: float | None = Field(description="Wasserstein distance in standard deviations of the base")
    shift: float | None = Field(description="difference of the means in standard deviations of the base")
    base_mean: float | None
    target_mean: float | None
    psi: float | None = Field(description="population stability index, for display only")
    base_histogram: dict[str, Any]
    target_histogram: dict[str, Any]


class DriftReportOut(BaseModel):
    """Base against target: a verdict with its tests, and what changed."""

    report_id: str
    base: dict[str, Any]
    target: dict[str, Any]
    status: Literal["none", "warning", "drift"]
    score: float = Field(ge=0, le=1)
    p_value: float
    why: dict[str, Any] | None = None
    tests: list[DriftTest]
    attributes: list[AttributeDrift]
    classes: dict[str, Any] | None
    geometry: list[dict[str, Any]]
    embedding: dict[str, Any] | None
    new_clusters: list[dict[str, Any]]
    created_at: str
    seed: int
    alpha: float
    effect_threshold: float
    attribute_view: dict[str, Any] | None = None
    versions: dict[str, str]
    guard: dict[str, Any] | None = Field(
        None, description="what a guard found, where this was a check of one"
    )
    workspaces: dict[str, str] = Field(
        default_factory=dict[str, str], description="the workspaces made from this report, by role"
    )


class DriftReportSummary(BaseModel):
    """A drift report as the list shows it."""

    model_config = ConfigDict(from_attributes=True)

    report_id: str
    base: dict[str, Any]
    target: dict[str, Any]
    status: Literal["none", "warning", "drift"]
    score: float
    p_value: float | None
    created_at: datetime
    guard: dict[str, Any] | None = Field(
        None, description="what a guard found, where this was a check of one"
    )


class DriftPage(BaseModel):
    """A page of drift reports, newest first."""

    items: list[DriftReportSummary]
    next_cursor: str | None
    total: int


class DriftItemOut(BaseModel):
    """One image and how much it looks like the other side."""

    item_id: str
    dataset_id: str | None
    workspace_id: str | None
    score: float
    p_value: float
    outlier: float | None
    thumbnail_url: str
    file_name: str


class DriftItemPage(BaseModel):
    """A page of scored images."""

    items: list[DriftItemOut]
    next_cursor: str | None
    total: int
