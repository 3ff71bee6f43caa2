"""Snapshots: create, list, restore, compare, verify, share."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response, status

from app.dependencies import SnapshotsDep
from app.problems import problems
from app.replies import JobReplyDep, job_responses
from app.routers.images import stored_thumbnail_response
from app.schemas import Id, Limit
from app.schemas_job import JobOut
from app.schemas_workspace import (
    AliasBody,
    DiffOut,
    LineageOut,
    RemoteBody,
    RestoreBody,
    SnapshotBody,
    SnapshotList,
    SnapshotOut,
    VerifyBody,
)

router = APIRouter(prefix="/workspace/{workspace_id}", tags=["snapshots"])
SnapshotId = Annotated[Id, Path(description="an id such as v3, or an alias")]


@router.post(
    "/snapshot",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 409, 507),
    summary="Take a snapshot",
)
def create_snapshot(
    snapshots: SnapshotsDep, reply: JobReplyDep, workspace_id: Id, body: SnapshotBody
) -> Response:
    """Keep the data and code as they are. The job's result is the Snapshot."""
    return reply(lambda key: snapshots.create(workspace_id, **body.model_dump(), idempotency_key=key))


@router.get("/snapshots", responses=problems(404), summary="List snapshots")
def list_snapshots(
    snapshots: SnapshotsDep,
    workspace_id: Id,
    limit: Annotated[Limit, Query()] = 100,
    cursor: str | None = None,
) -> SnapshotList:
    """Return the snapshots, newest first."""
    return SnapshotList.model_validate(snapshots.page(workspace_id, limit=limit, cursor=cursor))


@router.get("/snapshot/{sid}", responses=problems(404), summary="One snapshot")
def get_snapshot(snapshots: SnapshotsDep, workspace_id: Id, sid: SnapshotId) -> SnapshotOut:
    """Return a snapshot by id or alias."""
    return SnapshotOut.model_validate(snapshots.get(workspace_id, sid))


@router.delete(
    "/snapshot/{sid}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(404, 409),
    summary="Delete a snapshot",
)
def delete_snapshot(snapshots: SnapshotsDep, workspace_id: Id, sid: SnapshotId) -> None:
    """Delete a snapshot; its children keep their place in the lineage, its files go with the next gc."""
    snapshots.delete(workspace_id, sid)


@router.post(
    "/snapshot/{sid}/restore",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 409, 507),
    summary="Restore a snapshot",
)
def restore_snapshot(
    snapshots: SnapshotsDep,
    reply: JobReplyDep,
    workspace_id: Id,
    sid: SnapshotId,
    body: RestoreBody | None = None,
) -> Response:
    """Bring the data back to a version. Unsaved changes are snapshotted first, so nothing is lost."""
    chosen = body or RestoreBody(discard_changes=False, dry_run=False)
    return reply(lambda key: snapshots.restore(workspace_id, sid, **chosen.model_dump(), idempotency_key=key))


@router.put("/snapshot/{sid}/alias", responses=problems(404, 409), summary="Name a snapshot")
def set_alias(snapshots: SnapshotsDep, workspace_id: Id, sid: SnapshotId, body: AliasBody) -> SnapshotOut:
    """Give a snapshot an alias, or take it away."""
    return SnapshotOut.model_validate(snapshots.set_alias(workspace_id, sid, alias=body.alias))


@router.get("/snapshot/{a}/diff/{b}", responses=problems(404), summary="Compare two versions")
def diff(
    snapshots: SnapshotsDep,
    workspace_id: Id,
    a: SnapshotId,
    b: Annotated[Id, Path(description="an id, an alias, or `working` for the data as it is")],
    change: Literal["added", "removed", "changed", "moved", "relabelled"] | None = None,
    limit: Annotated[Limit, Query()] = 100,
    cursor: str | None = None,
) -> DiffOut:
    """Return which images and boxes differ, with old and new geometry."""
    return DiffOut.model_validate(
        snapshots.diff(workspace_id, a, b, change=change, limit=limit, cursor=cursor)
    )


@router.get(
    "/content/{content_hash}/preview",
    responses=problems(404),
    response_class=Response,
    summary="A thumbnail of a stored image",
)
def content_preview(
    snapshots: SnapshotsDep,
    request: Request,
    workspace_id: Id,
    content_hash: Annotated[
        str, Path(pattern="^[0-9a-f]{32}$", description="`content_hash` of an item or a diff")
    ],
    size: Annotated[int, Query(ge=32, le=1024)] = 256,
) -> Response:
    """Return a WebP thumbnail of an image that a snapshot holds, also of one that the data no longer has."""
    dataset, stored = snapshots.stored_content(workspace_id, content_hash)
    return stored_thumbnail_response(request, dataset, content_hash, stored, size)


@router.get("/lineage", responses=problems(404), summary="Where everything came from")
def lineage(snapshots: SnapshotsDep, workspace_id: Id) -> LineageOut:
    """Return the graph of datasets, drift reports, snapshots, samples, exports and runs."""
    return LineageOut.model_validate(snapshots.lineage(workspace_id))


@router.post(
    "/verify",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 409),
    summary="Verify the stored versions",
)
def verify(snapshots: SnapshotsDep, reply: JobReplyDep, workspace_id: Id, body: VerifyBody) -> Response:
    """Check that every version can be restored, and repair what can be repaired."""
    return reply(
        lambda key: snapshots.maintain(workspace_id, "verify", body.model_dump(), idempotency_key=key)
    )


@router.post(
    "/gc",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 409),
    summary="Free what no version needs",
)
def gc(snapshots: SnapshotsDep, reply: JobReplyDep, workspace_id: Id) -> Response:
    """Remove stored objects that no snapshot refers to and that are older than two hours, and empty the trash."""
    return reply(lambda key: snapshots.maintain(workspace_id, "gc", {}, idempotency_key=key))


@router.post(
    "/push",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 409, 503),
    summary="Send versions to a DVC remote",
)
def push(snapshots: SnapshotsDep, reply: JobReplyDep, workspace_id: Id, body: RemoteBody) -> Response:
    """Push the data of the snapshots to a DVC remote."""
    return reply(lambda key: snapshots.maintain(workspace_id, "push", body.model_dump(), idempotency_key=key))


@router.post(
    "/pull",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 409, 503),
    summary="Fetch versions from a DVC remote",
)
def pull(snapshots: SnapshotsDep, reply: JobReplyDep, workspace_id: Id, body: RemoteBody) -> Response:
    """Fetch missing objects from a DVC remote; the working copy is not touched."""
    return reply(lambda key: snapshots.maintain(workspace_id, "pull", body.model_dump(), idempotency_key=key))
