"""Wire types of analysis."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from app.schemas import Body


class AttributesBody(Body):
    """Compute anew even what is known?"""

    force: bool = False


class EmbeddingBody(Body):
    """Which encoder; default: the built-in, weight-free descriptor."""

    encoder: str | None = None
    force: bool = False


State = Literal["missing", "partial", "complete", "stale"]


class AttributesResult(BaseModel):
    """What is known of the attributes."""

    state: State
    items: int
    of: int
    analyzer_version: str | None
    summary: dict[str, Any]
    flags: dict[str, int]
    flag_rules: list[dict[str, Any]] = Field(
        default_factory=list[dict[str, Any]], description="which range of which attribute gives a flag"
    )
    failed: int = Field(0, description="images that could not be read")


class EmbeddingResult(BaseModel):
    """What is known of the embedding of one encoder."""

    state: State
    encoder: str | None
    dim: int | None
    items: int
    of: int
    semantic: bool | None = None
    clusters: list[dict[str, Any]]
    duplicates: dict[str, int]
    outliers: int
    duplicate_thresholds: dict[str, float] = Field(default_factory=dict[str, float])
    failed: int = Field(0, description="images that could not be read")


class AnalysisResults(BaseModel):
    """All analyses of a workspace, from the cache."""

    attributes: AttributesResult
    embedding: EmbeddingResult


class EncoderOut(BaseModel):
    """An encoder and whether it can be used now."""

    name: str
    title: str
    version: str | None
    dim: int | None
    semantic: bool
    text: bool
    available: bool
    detail: str
    code: str
    """Why it is not available: `no-weights`, say; empty where it is."""
    default: bool


class SimilarOut(BaseModel):
    """The nearest items, best first."""

    encoder: str
    items: list[dict[str, Any]]


class DuplicatesOut(BaseModel):
    """Groups of exact and near duplicates."""

    groups: list[dict[str, Any]]
    total: int
