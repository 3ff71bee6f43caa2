"""Wire types that several routers share: bodies are strict, answers are made from domain types by `of`."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$", examples=["bccd-train"])]
Limit = Annotated[int, Field(ge=1, le=500)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
SplitName = Annotated[str, Field(min_length=1, max_length=64, examples=["train"])]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid")


class Range(Body):
    """A closed range; an open side is left out."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max")
        return self


class AttributeRange(Range):
    """A range of one attribute."""

    name: str


class ScoreRange(Range):
    """A range of the drift score that one report gave."""

    report_id: Id


class FilterBody(Body):
    """Which items: every given field must hold. The same object in lists, views, selections, pools and exports."""

    split: str | None = None
    class_name: str | None = None
    class_names: list[str] | None = Field(None, description="items that hold any of these classes")
    has_annotations: bool | None = None
    annotation_count: Range | None = None
    attribute: list[AttributeRange] = Field(default_factory=list[AttributeRange])
    drift_score: ScoreRange | None = None
    cluster: int | None = None
    duplicate_group: int | None = None
    text: str | None = Field(None, max_length=200, description="part of the file name")
    ids: list[str] | None = Field(None, max_length=100_000)


class SelectionBody(Body):
    """A set of items: ids, or a filter with exceptions, or a recorded sample. Exactly one; never empty."""

    item_ids: list[str] | None = Field(None, max_length=1_000_000)
    filter: FilterBody | None = None
    except_ids: list[str] = Field(default_factory=list[str], max_length=1_000_000)
    sample_id: Id | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [self.item_ids is not None, self.filter is not None, self.sample_id is not None]
        if sum(given) != 1:
            raise ValueError("give exactly one of item_ids, filter and sample_id")
        if self.except_ids and self.filter is None:
            raise ValueError("except_ids goes with filter")
        return self


class ProblemError(BaseModel):
    """One field that was wrong."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """What every error looks like (RFC 9457), as `application/problem+json`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str | None = None
    code: str = Field(description="stable, kebab-case")
    request_id: str | None = None
    errors: list[ProblemError] = Field(default_factory=list[ProblemError])


class ReportRowOut(BaseModel):
    """One kind of finding of an ingest or a conversion, with up to 20 examples."""

    code: str
    action: Literal["kept", "clipped", "skipped", "renamed", "changed"]
    count: int
    examples: list[dict[str, str]]


_TITLES = {
    400: "Bad request",
    404: "Not found",
    409: "Conflict",
    412: "Stale version",
    413: "Too large",
    422: "Invalid input",
    429: "Too many requests",
    503: "Unavailable",
    507: "Disk full",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that answers these statuses with a problem."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {s: {"description": _TITLES[s], "model": Problem, "content": content} for s in (*statuses, 422)}
