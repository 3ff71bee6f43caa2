"""Items, edits, samples and exports of a workspace."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from app.dependencies import SamplingDep
from app.problems import problems
from app.replies import JobReplyDep, job_responses
from app.routers.images import image_response, thumbnail_response
from app.schemas import Id, Limit
from app.schemas_data import (
    AddBody,
    ApplySampleBody,
    EditBody,
    EditList,
    EditOut,
    ExportBody,
    ExportList,
    FormatOut,
    HistogramsOut,
    ItemDetail,
    ItemPage,
    MoveBody,
    QualityOut,
    RecipeBody,
    RelabelBody,
    SampleBody,
    SampleList,
    SampleOut,
    SampleWorkspaceBody,
    SavedViewBody,
    SavedViewOut,
    SplitBody,
    StatsOut,
    StrategyOut,
    UndoBody,
    ViewBody,
    ViewOut,
)
from app.schemas_job import JobOut

router = APIRouter(prefix="/workspace/{workspace_id}/data", tags=["data"])


def _expected_version(
    if_match: Annotated[
        str | None,
        Header(alias="If-Match", description='"<data_version>" that the edit was decided on; 412 when stale'),
    ] = None,
) -> str | None:
    """Return the version without the quotes of an entity tag."""
    return None if if_match is None else if_match.strip().removeprefix("W/").strip('"')


ExpectedVersion = Annotated[str | None, Depends(_expected_version)]
EDIT_PROBLEMS = problems(404, 409, 412, 507)


@router.get("/items", responses=problems(404), summary="List items")
def list_items(
    service: SamplingDep,
    split: str | None = None,
    class_filter: Annotated[str | None, Query(description="a class name")] = None,
    text: Annotated[str | None, Query(description="part of the file name")] = None,
    sort: Annotated[str | None, Query(description="a field, `-` before it for descending")] = None,
    limit: Annotated[Limit, Query()] = 100,
    cursor: str | None = None,
    offset: Annotated[int | None, Query(ge=0)] = None,
    view_id: str | None = None,
) -> ItemPage:
    """Return items by split, class and name; richer filters go through a view."""
    page = service.list_items(
        split=split,
        class_filter=class_filter,
        text=text,
        sort=sort,
        limit=limit,
        cursor=cursor,
        offset=offset,
        view_id=view_id,
    )
    return ItemPage.model_validate(page)


@router.get("/item/{item_id}", responses=problems(404), summary="One item")
def get_item(service: SamplingDep, item_id: Id) -> ItemDetail:
    """Return an item with its annotations and attributes."""
    return ItemDetail.model_validate(service.get_item(item_id))


@router.get(
    "/item/{item_id}/preview", responses=problems(404), response_class=Response, summary="A thumbnail"
)
def preview(
    service: SamplingDep, request: Request, item_id: Id, size: Annotated[int, Query(ge=32, le=1024)] = 256
) -> Response:
    """Return a WebP thumbnail, upright; immutable, since it is named by content."""
    return thumbnail_response(request, service.dataset, item_id, size)


@router.get("/item/{item_id}/image", responses=problems(404), response_class=Response, summary="The original")
def image(service: SamplingDep, item_id: Id) -> Response:
    """Return the original bytes as an attachment."""
    return image_response(service.dataset, item_id)


@router.get("/stats", responses=problems(404), summary="Statistics")
def stats(service: SamplingDep) -> StatsOut:
    """Return counts per split and class, sizes, and what the scan found wrong."""
    return StatsOut.model_validate(service.get_statistics())


@router.post(
    "/refresh",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404),
    summary="Look again",
)
def refresh(service: SamplingDep, reply: JobReplyDep) -> Response:
    """Read what was changed under `data/` from outside. The job's result counts what was found."""
    return reply(lambda key: service.refresh(idempotency_key=key))


@router.post(
    "/views", status_code=status.HTTP_201_CREATED, responses=problems(404), summary="Resolve a filter"
)
def create_view(service: SamplingDep, body: ViewBody) -> ViewOut:
    """Resolve a filter and an order once, for access at any offset."""
    return ViewOut.model_validate(service.create_view(body.filter.to_domain(), sort=body.sort))


@router.post(
    "/saved-views", status_code=status.HTTP_201_CREATED, responses=problems(404), summary="Name a view"
)
def save_view(service: SamplingDep, body: SavedViewBody) -> SavedViewOut:
    """Keep a filter and an order under a name; they outlive the view that they resolve to."""
    return SavedViewOut.model_validate(service.save_view(body.name, body.filter.to_domain(), sort=body.sort))


@router.get("/saved-views", responses=problems(404), summary="Named views")
def list_saved_views(service: SamplingDep) -> list[SavedViewOut]:
    """Return the named views by name."""
    return [SavedViewOut.model_validate(v) for v in service.saved_views()]


@router.delete(
    "/saved-views/{saved_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(404),
    summary="Forget a named view",
)
def delete_saved_view(service: SamplingDep, saved_id: Id) -> None:
    """Forget a named view; no data changes."""
    service.delete_saved_view(saved_id)


@router.get("/views/{view_id}/items", responses=problems(404), summary="Items of a view")
def view_items(
    service: SamplingDep,
    view_id: Id,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[Limit, Query()] = 100,
) -> ItemPage:
    """Return the items of a view from `offset` on, in its order."""
    return ItemPage.model_validate(service.view_items(view_id, offset=offset, limit=limit))


@router.get("/views/{view_id}/ids", responses=problems(404), summary="Ids of a view")
def view_ids(
    service: SamplingDep,
    view_id: Id,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=100_000)] = 10_000,
) -> list[str]:
    """Return item ids of a view from `offset` on, for range selections."""
    return service.view_ids(view_id, offset=offset, limit=limit)


@router.get("/views/{view_id}/histograms", responses=problems(404), summary="Histograms of a view")
def view_histograms(
    service: SamplingDep,
    view_id: Id,
    fields: Annotated[str | None, Query(description="comma-separated; default: all")] = None,
) -> HistogramsOut:
    """Return a histogram per numeric field and counts per class, split and cluster."""
    chosen = [f for f in fields.split(",") if f] if fields else None
    return HistogramsOut.model_validate(service.histograms(view_id, fields=chosen))


@router.post("/add", responses=EDIT_PROBLEMS, summary="Add items")
def add_items(service: SamplingDep, body: AddBody, expected: ExpectedVersion) -> EditOut:
    """Copy images with their annotations in, from import roots, uploads or another workspace."""
    result = service.add_items(
        [s if isinstance(s, str) else (s.workspace_id, s.selection.to_domain()) for s in body.items],
        target_split=body.target_split,
        dry_run=body.dry_run,
        expected_version=expected,
    )
    return EditOut.of(result)


@router.post("/remove", responses=EDIT_PROBLEMS, summary="Remove items")
def remove_items(service: SamplingDep, body: EditBody, expected: ExpectedVersion) -> EditOut:
    """Take the selected items out; their files go to the trash, and the edit can be undone."""
    return EditOut.of(
        service.remove_items(body.chosen.to_domain(), dry_run=body.dry_run, expected_version=expected)
    )


@router.post("/move", responses=EDIT_PROBLEMS, summary="Move items to another split")
def move_items(service: SamplingDep, body: MoveBody, expected: ExpectedVersion) -> EditOut:
    """Move the selected items. Their ids, annotations and analyses stay; the edit can be undone."""
    return EditOut.of(
        service.move_items(
            body.chosen.to_domain(),
            target_split=body.target_split,
            dry_run=body.dry_run,
            expected_version=expected,
        )
    )


@router.post("/relabel", responses=EDIT_PROBLEMS, summary="Change labels")
def relabel_items(service: SamplingDep, body: RelabelBody, expected: ExpectedVersion) -> EditOut:
    """Give the selected items, or their annotations of one class, another class."""
    return EditOut.of(
        service.relabel_items(
            body.chosen.to_domain(),
            new_label=body.new_label,
            from_label=body.from_label,
            dry_run=body.dry_run,
            expected_version=expected,
        )
    )


@router.post("/split", responses=EDIT_PROBLEMS, summary="Divide the set anew")
def split_items(service: SamplingDep, body: SplitBody, expected: ExpectedVersion) -> EditOut:
    """Divide all items into splits by ratio; stratified, grouped, and stable when the set grows."""
    return EditOut.of(
        service.split_items(
            ratios=body.ratios,
            stratified=body.stratified,
            group_by=body.group_by,
            stable=body.stable,
            frozen=body.frozen,
            seed=body.seed,
            dry_run=body.dry_run,
            expected_version=expected,
        )
    )


@router.post("/apply-sample", responses=EDIT_PROBLEMS, summary="Act on a sample")
def apply_sample(service: SamplingDep, body: ApplySampleBody, expected: ExpectedVersion) -> EditOut:
    """Move or remove the items of a recorded sample, or remove all others."""
    return EditOut.of(
        service.apply_sample(
            body.sample_id,
            action=body.action,
            target_split=body.target_split,
            dry_run=body.dry_run,
            expected_version=expected,
        )
    )


@router.post("/undo", responses=EDIT_PROBLEMS, summary="Undo an edit")
def undo(service: SamplingDep, expected: ExpectedVersion, body: UndoBody | None = None) -> EditOut:
    """Undo the last edit; an edit_id, if given, must name that one."""
    return EditOut.of(service.undo(body.edit_id if body else None, expected_version=expected))


@router.get("/edits", responses=problems(404), summary="The journal")
def list_edits(service: SamplingDep, limit: Annotated[Limit, Query()] = 100) -> EditList:
    """Return the edits, newest first."""
    return EditList.model_validate(service.list_edits(limit=limit))


@router.get("/recipe", responses=problems(404), summary="The journal as a recipe")
def get_recipe(service: SamplingDep) -> dict[str, object]:
    """Return the edits as steps that can be repeated on another workspace."""
    return service.recipe()


@router.post("/recipe", responses=EDIT_PROBLEMS, summary="Replay a recipe")
def replay_recipe(service: SamplingDep, body: RecipeBody) -> dict[str, object]:
    """Repeat the steps of another workspace here; the answer reports what differed."""
    return service.replay(body.recipe, dry_run=body.dry_run)


@router.post("/sample", responses=problems(404, 409), summary="Choose items")
def create_sample(service: SamplingDep, body: SampleBody) -> SampleOut:
    """Choose items by a strategy. The outcome is recorded and can be used as a selection."""
    sample = service.create_sample(
        body.strategy,
        size=body.size,
        pool=body.pool.to_domain() if body.pool else None,
        seed=body.seed,
        include=body.include.to_domain() if body.include else None,
    )
    return SampleOut.model_validate(sample)


@router.get("/samples", responses=problems(404), summary="Recorded samples")
def list_samples(service: SamplingDep, limit: Annotated[Limit, Query()] = 100) -> SampleList:
    """Return the recorded samples, newest first."""
    return SampleList.model_validate(service.list_samples(limit=limit))


@router.get("/sample/{sample_id}", responses=problems(404), summary="One sample")
def get_sample(service: SamplingDep, sample_id: Id) -> SampleOut:
    """Return a recorded sample."""
    return SampleOut.model_validate(service.get_sample(sample_id))


@router.post(
    "/sample/{sample_id}/workspace",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 409, 507),
    summary="A workspace from a sample",
)
def sample_workspace(
    service: SamplingDep, reply: JobReplyDep, sample_id: Id, body: SampleWorkspaceBody
) -> Response:
    """Make a new workspace that holds only the items of a sample. The job's result is the Workspace."""
    return reply(
        lambda key: service.workspace_from_sample(
            sample_id, name=body.name, workspace_id=body.workspace_id, idempotency_key=key
        )
    )


@router.get("/sample-strategies", responses=problems(404), summary="The strategies")
def strategies(service: SamplingDep) -> list[StrategyOut]:
    """Return every sampling strategy with its parameters and what it needs here."""
    return [StrategyOut.model_validate(s) for s in service.strategies()]


@router.get("/quality", responses=problems(404), summary="What looks wrong")
def quality(
    service: SamplingDep,
    limit: Annotated[Limit, Query()] = 100,
    experiment_id: Annotated[
        Id | None, Query(description="a run with predictions; default: the last that stored some")
    ] = None,
) -> QualityOut:
    """Return duplicates, leaks between splits and suspicious labels, ranked."""
    return QualityOut.model_validate(service.quality(limit=limit, experiment_id=experiment_id))


@router.post(
    "/export",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 409, 507),
    summary="Export a dataset",
)
def export_dataset(service: SamplingDep, reply: JobReplyDep, body: ExportBody) -> Response:
    """Write the selected items in a format. The job's result says what the format could not hold."""
    return reply(
        lambda key: service.export_dataset(
            body.format,
            selection=body.selection.to_domain() if body.selection else None,
            splits=body.splits,
            include_images=body.include_images,
            idempotency_key=key,
        )
    )


@router.get("/export/formats", responses=problems(404), summary="The formats")
def export_formats(service: SamplingDep) -> list[FormatOut]:
    """Return the formats with what each can and cannot hold."""
    return [FormatOut.model_validate(f) for f in service.export_formats()]


@router.get("/exports", responses=problems(404), summary="Finished exports")
def list_exports(service: SamplingDep) -> ExportList:
    """Return the exports, newest first."""
    return ExportList.model_validate(service.list_exports())


@router.get(
    "/exports/{export_id}/download",
    responses={200: {"content": {"application/zip": {}}, "description": "a zip"}, **problems(404)},
    response_class=Response,
    summary="Download an export",
)
def download_export(service: SamplingDep, export_id: Id) -> Response:
    """Stream an export as a zip; equal data gives equal bytes."""
    return StreamingResponse(
        service.stream_export(export_id),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{service.workspace_id}-{export_id}.zip"'},
    )
