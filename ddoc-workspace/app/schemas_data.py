"""Wire types of items, edits, samples and exports."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from app.schemas import Body, FilterBody, Id, Name, ReportRowOut, Seed, SelectionBody, SplitName
from ddoc.dataset.edits import EditResult

ExportFormat = Literal["yolo", "coco", "voc", "imagefolder", "csv"]
Label = Annotated[str, Field(min_length=1, max_length=200)]


class ItemOut(BaseModel):
    """One image of a workspace."""

    item_id: str
    file_name: str
    split: str
    width: int
    height: int
    bytes: int
    content_hash: str
    classes: list[str]
    annotation_count: int
    annotated: bool
    attributes: dict[str, float]
    thumbnail_url: str
    color: str = Field(examples=["#80a0c0"])


class BoxOut(BaseModel):
    """A box in pixels of the image, origin top left."""

    x: float
    y: float
    width: float
    height: float


class AnnotationOut(BaseModel):
    """One box, polygon, mask or class."""

    class_name: str
    kind: Literal["box", "polygon", "mask", "class"]
    box: BoxOut | None
    polygons: list[list[float]]
    extra: dict[str, Any]


class ItemDetail(ItemOut):
    """An item with its annotations and what analyses and reports say of it."""

    annotations: list[AnnotationOut] | None = Field(description="null: not annotated; []: a background image")
    image_url: str


class ItemPage(BaseModel):
    """A page of items."""

    items: list[ItemOut]
    next_cursor: str | None
    total: int
    data_version: str
    stale: bool = Field(False, description="the data changed since the view was resolved; resolve it anew")


class ViewBody(Body):
    """A filter and an order, resolved once for random access."""

    filter: FilterBody = Field(default_factory=lambda: FilterBody.model_validate({}))
    sort: str | None = Field(None, examples=["-sharpness"])


class ViewOut(BaseModel):
    """A resolved filter with a stable order."""

    view_id: str
    total: int
    data_version: str


class SavedViewBody(ViewBody):
    """A filter and an order to come back to; one of the same name is replaced."""

    name: Name


class SavedViewOut(BaseModel):
    """A named filter and order."""

    saved_id: str
    name: str
    filter: dict[str, Any]
    sort: str | None
    created_at: str


class HistogramsOut(BaseModel):
    """Histograms or counts per field over a view, for the sidebar."""

    fields: dict[str, Any]
    total: int
    data_version: str


class StatsOut(BaseModel):
    """Statistics of the data of a workspace."""

    items: int
    annotations: int
    bytes: int
    splits: dict[str, int]
    classes: dict[str, dict[str, int]]
    by_split: dict[str, dict[str, int]]
    image_size: dict[str, Any]
    box_size: dict[str, Any]
    unlabelled: int
    backgrounds: int
    issues: dict[str, int]
    data_version: str


class FromWorkspace(Body):
    """Items of another workspace."""

    workspace_id: Id
    selection: SelectionBody


class AddBody(Body):
    """What to add: server paths beneath import roots, ids of uploaded files, or items of another workspace."""

    items: list[str | FromWorkspace] = Field(min_length=1, max_length=10_000)
    target_split: SplitName
    dry_run: bool = False


class EditBody(Body):
    """Which items to change; `dry_run` answers with the effect and changes nothing."""

    selection: SelectionBody | None = None
    item_ids: list[str] | None = Field(None, description="short for selection.item_ids")
    filter: FilterBody | None = None
    except_ids: list[str] = Field(default_factory=list[str])
    sample_id: Id | None = None
    dry_run: bool = False

    @model_validator(mode="after")
    def _merge(self) -> Self:
        if self.selection is None:
            nothing = self.item_ids is None and self.filter is None and self.sample_id is None
            self.selection = SelectionBody(
                item_ids=[] if nothing else self.item_ids,
                filter=self.filter,
                except_ids=self.except_ids,
                sample_id=self.sample_id,
            )
        elif self.item_ids is not None or self.filter is not None or self.sample_id is not None:
            raise ValueError("give the selection once")
        return self

    @property
    def chosen(self) -> SelectionBody:
        """The selection, whichever way it was given."""
        assert self.selection is not None
        return self.selection


class MoveBody(EditBody):
    """Move items to a split."""

    target_split: SplitName


class RelabelBody(EditBody):
    """Give items another class: the whole item, or only its annotations of one class."""

    new_label: Label
    from_label: Label | None = None


class SplitBody(Body):
    """Divide the whole set anew."""

    ratios: dict[SplitName, Annotated[float, Field(gt=0, le=1)]] = Field(min_length=1, max_length=16)
    stratified: bool = True
    group_by: Literal["none", "duplicates", "folder", "prefix"] = "none"
    stable: bool = Field(
        False, description="by a hash of the content, so that items added later never move the others"
    )
    frozen: list[SplitName] = Field(default_factory=list[SplitName])
    seed: Seed = 0
    dry_run: bool = False


class ApplySampleBody(Body):
    """What to do with a recorded sample: move or remove its items, or everything that is not in it."""

    sample_id: Id
    action: Literal["move", "remove", "keep_only"]
    target_split: SplitName | None = None
    dry_run: bool = False

    @model_validator(mode="after")
    def _split_for_move(self) -> Self:
        if (self.action == "move") != (self.target_split is not None):
            raise ValueError("target_split goes with action move")
        return self


class UndoBody(Body):
    """Which edit to undo: the last one, and only that; naming it guards against undoing another."""

    edit_id: str | None = None


class SkippedOut(BaseModel):
    """An item that an edit left alone, and why."""

    item_id: str
    code: str


class EditOut(BaseModel):
    """What an edit did, or with `dry_run` would do."""

    changed: int
    skipped: list[SkippedOut]
    edit_id: str | None
    data_version: str
    effect: dict[str, Any]

    @classmethod
    def of(cls, result: EditResult) -> Self:
        """Return the wire form of an edit's result."""
        return cls(
            changed=result.changed,
            skipped=[SkippedOut(item_id=item_id, code=code) for item_id, code in result.skipped],
            edit_id=result.edit_id,
            data_version=result.data_version,
            effect=dict(result.effect),
        )


class EditRecordOut(BaseModel):
    """An edit of the journal."""

    edit_id: str
    kind: str
    created_at: str
    changed: int
    undone: bool
    params: dict[str, Any]


class EditList(BaseModel):
    """The edits of a workspace, newest first."""

    edits: list[EditRecordOut]
    total: int


class RecipeBody(Body):
    """The steps of another workspace, to be repeated here."""

    recipe: dict[str, Any]
    dry_run: bool = False


class SampleBody(Body):
    """How to choose items. The same data, request and seed give the same ids."""

    strategy: dict[str, Any] = Field(examples=[{"kind": "random"}, {"kind": "threshold", "min": 0.7}])
    size: int | None = Field(None, ge=1, le=10_000_000)
    pool: FilterBody | None = None
    seed: Seed = 0
    include: SelectionBody | None = None


class SampleOut(BaseModel):
    """An outcome of a strategy, recorded and replayable."""

    sample_id: str
    strategy: dict[str, Any]
    size: int
    seed: int
    item_ids: list[str]
    pool_size: int
    data_version: str
    coverage: float | None = None
    curve: list[dict[str, Any]] | None = None
    detail: dict[str, Any] = {}
    created_at: str
    preview: dict[str, Any] | None = Field(
        None, description="what is kept and dropped per class and split, with examples"
    )


class SampleList(BaseModel):
    """The recorded samples, newest first."""

    samples: list[SampleOut]
    total: int


class SampleWorkspaceBody(Body):
    """The new workspace that is to hold the items of a sample."""

    name: Name
    workspace_id: Id | None = None


class ExportBody(Body):
    """What to export and how."""

    format: ExportFormat
    selection: SelectionBody | None = Field(None, description="default: everything")
    splits: list[SplitName] | None = None
    include_images: bool = True


class ExportOut(BaseModel):
    """A finished export with what the format could not hold."""

    export_id: str
    format: str
    path: str
    files: int
    bytes: int
    items: int
    created_at: str
    report: list[ReportRowOut]


class ExportList(BaseModel):
    """The exports of a workspace, newest first."""

    exports: list[ExportOut]
    total: int


class FormatOut(BaseModel):
    """A format, what it holds and what it cannot."""

    format: str
    title: str
    tasks: list[str]
    layout: str
    holds: list[str]
    cannot_hold: list[str]


class StrategyOut(BaseModel):
    """A sampling strategy, its parameters and what it needs."""

    kind: str
    params: list[dict[str, Any]]
    needs: list[str]


class QualityOut(BaseModel):
    """The ranked queue of what looks wrong."""

    duplicates: list[dict[str, Any]]
    leaks: list[dict[str, Any]]
    labels: list[dict[str, Any]]
    counts: dict[str, int]
    predictions: dict[str, Any] | None = Field(
        description="the run whose predictions the labels were held against; `problem` where they cannot be read"
    )
