"""Wire types that several routers share: bodies are strict, answers are made from domain types by `of`."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ddoc.dataset.filters import Filter
from ddoc.dataset.selections import Selection

Id = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$", examples=["bccd-train"])
]
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
    annotated: bool | None = Field(
        None, description="whether there is a label file; a background image has one"
    )
    annotation_count: Range | None = None
    attribute: list[AttributeRange] = Field(default_factory=list[AttributeRange])
    drift_score: ScoreRange | None = None
    cluster: int | None = None
    duplicate_group: int | None = None
    text: str | None = Field(None, max_length=200, description="part of the file name")
    issue: str | None = Field(None, max_length=100, description="the code of a finding of the scan")
    ids: list[str] | None = Field(None, max_length=100_000)

    def to_domain(self) -> Filter:
        """Return the filter that this means."""
        return Filter.from_json(self.model_dump(exclude_none=True))


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

    def to_domain(self) -> Selection:
        """Return the selection that this means."""
        return Selection(
            item_ids=None if self.item_ids is None else tuple(self.item_ids),
            filter=None if self.filter is None else self.filter.to_domain(),
            except_ids=tuple(self.except_ids),
            sample_id=self.sample_id,
        )


class ReportRowOut(BaseModel):
    """One kind of finding of an ingest or a conversion, with up to 20 examples."""

    code: str
    action: Literal["kept", "clipped", "skipped", "renamed", "changed"]
    count: int
    examples: list[dict[str, str]]
