"""Wire types of jobs."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


class ProgressOut(BaseModel):
    """How far a job is."""

    done: int
    total: int | None = None
    unit: str
    message: str
    rate: float | None = Field(None, description="units per second")
    eta: float | None = Field(None, description="seconds left")


class JobOut(BaseModel):
    """A piece of long work."""

    job_id: str
    kind: str
    workspace_id: str | None = None
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    progress: ProgressOut
    result: Any = Field(None, description="the product of the work, once it has succeeded")
    error: dict[str, Any] | None = Field(None, description="the problem, once it has failed")
    attempt: int
    cancel_requested: bool = False
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None


class JobPageOut(BaseModel):
    """A page of jobs, newest first."""

    items: list[JobOut]
    next_cursor: str | None = None
    total: int
