"""Wire types of workspaces and snapshots."""

from typing import Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from app.schemas import Body, Id, Name


class CreateWorkspaceBody(Body):
    """What a workspace is made from: an ingested dataset, or a path beneath an import root."""

    name: Name | None = None
    workspace_id: Id | None = Field(None, description="default: a slug of the name")
    dataset_id: Id | None = None
    path: str | None = Field(None, min_length=1, max_length=4096)
    drift_report_id: Id | None = None
    role: Literal["base", "target"] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = (self.dataset_id is not None) + (self.path is not None)
        if given > 1 or (given == 0 and not (self.drift_report_id and self.role)):
            raise ValueError("give one of dataset_id and path, or a drift_report_id with a role")
        return self


class WorkspaceOut(BaseModel):
    """A folder with data, code, history and results made from one dataset."""

    workspace_id: str
    name: str
    role: Literal["base", "target"] | None
    dataset_id: str | None
    drift_report_id: str | None
    task: Literal["detect", "segment", "classify"]
    format: str
    items: int
    splits: dict[str, int]
    classes: list[str]
    snapshots: int
    experiments: int
    bytes: int
    created_at: str


class WorkspaceList(BaseModel):
    """A page of workspaces, newest first."""

    workspaces: list[WorkspaceOut]
    next_cursor: str | None
    total: int


class WorkspaceCheckOut(BaseModel):
    """One check of a workspace and what it found."""

    name: str
    ok: bool
    detail: str


class UncommittedOut(BaseModel):
    """Files that differ from the snapshot the working copy came from."""

    added: int
    removed: int
    modified: int


class WorkspaceStatusOut(WorkspaceOut):
    """A workspace with the truth about its state."""

    is_valid: bool
    checks: list[WorkspaceCheckOut]
    data_version: str
    uncommitted_changes: UncommittedOut
    head: str | None
    running_jobs: list[str]


class SnapshotBody(Body):
    """Why this version is kept, and a name for it."""

    message: str = Field(min_length=1, max_length=2000)
    alias: Id | None = None
    allow_empty: bool = False


class RestoreBody(Body):
    """How to restore: unsaved changes are snapshotted first unless they are to be discarded."""

    discard_changes: bool = False
    dry_run: bool = Field(False, description="answer with the effect and change nothing")


class AliasBody(Body):
    """The new alias; null takes it away."""

    alias: Id | None


class SnapshotData(BaseModel):
    """What a version holds."""

    hash: str
    files: int
    bytes: int
    items: int
    annotations: int | None
    splits: dict[str, int]
    classes: dict[str, int]


class SnapshotChanges(BaseModel):
    """How a version differs from its parent, in items."""

    added: int
    removed: int
    modified: int
    relabelled: int


class SnapshotOut(BaseModel):
    """An immutable version."""

    snapshot_id: str
    alias: str | None
    message: str
    created_at: str
    parents: list[str]
    git_rev: str
    data: SnapshotData
    changes: SnapshotChanges
    is_head: bool
    is_auto: bool = False


class SnapshotList(BaseModel):
    """A page of snapshots, newest first."""

    snapshots: list[SnapshotOut]
    head: str | None
    next_cursor: str | None
    total: int


class LineageNode(BaseModel):
    """A dataset, snapshot, drift report, sample, export, run or the model of a run."""

    id: str
    type: Literal["dataset", "snapshot", "drift", "run", "model", "export", "sample"]
    label: str
    created_at: str
    detail: dict[str, Any] = Field(default_factory=dict[str, Any])


class LineageEdge(BaseModel):
    """`to` came from `from`."""

    source: str = Field(alias="from")
    to: str
    relation: str

    model_config = {"populate_by_name": True, "serialize_by_alias": True}


class LineageOut(BaseModel):
    """Where everything in a workspace came from."""

    nodes: list[LineageNode]
    edges: list[LineageEdge]


class DiffOut(BaseModel):
    """Two versions compared item by item."""

    base: str
    target: str
    counts: dict[str, int]
    classes: dict[str, dict[str, int]]
    items: list[dict[str, Any]]
    next_cursor: str | None
    total: int


class VerifyBody(Body):
    """How thoroughly to verify: sizes only, all bytes, or the nth of t slices; and whether to repair."""

    mode: Literal["quick", "full"] = "quick"
    slice: int = Field(1, ge=1)
    of: int = Field(1, ge=1, le=1000)
    repair: bool = False


class RemoteBody(Body):
    """A DVC remote; default: the one that the workspace is set up with."""

    remote: str | None = Field(None, max_length=200)
