"""Workspaces: create, list, status, delete."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from app.dependencies import WorkspacesDep
from app.problems import problems
from app.replies import JobReplyDep, job_responses
from app.schemas import Id, Limit
from app.schemas_job import JobOut
from app.schemas_workspace import CreateWorkspaceBody, WorkspaceList, WorkspaceOut, WorkspaceStatusOut

router = APIRouter(tags=["workspaces"])


@router.post(
    "/workspace/create",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 409, 507),
    summary="Create a workspace",
)
def create_workspace(workspaces: WorkspacesDep, reply: JobReplyDep, body: CreateWorkspaceBody) -> Response:
    """Make a workspace from a dataset, a path or one side of a drift report. The job's result is the Workspace."""
    return reply(lambda key: workspaces.create(**body.model_dump(), idempotency_key=key))


@router.get("/workspaces", summary="List workspaces")
def list_workspaces(
    workspaces: WorkspacesDep, limit: Annotated[Limit, Query()] = 100, cursor: str | None = None
) -> WorkspaceList:
    """Return the workspaces, newest first."""
    page = workspaces.page(limit=limit, cursor=cursor)
    return WorkspaceList(
        workspaces=[WorkspaceOut.model_validate(w) for w in page.items],
        next_cursor=page.next_cursor,
        total=page.total,
    )


@router.get(
    "/workspace/{workspace_id}/status", responses=problems(404), summary="The truth about a workspace"
)
def workspace_status(workspaces: WorkspacesDep, workspace_id: Id) -> WorkspaceStatusOut:
    """Return a workspace with its checks, its unsaved changes and its running jobs."""
    return WorkspaceStatusOut.model_validate(workspaces.status(workspace_id))


@router.delete(
    "/workspace/{workspace_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(404, 409),
    summary="Delete a workspace",
)
def delete_workspace(workspaces: WorkspacesDep, workspace_id: Id) -> None:
    """Move a workspace to the trash, where it stays for seven days."""
    workspaces.delete(workspace_id)


@router.post("/workspace/{workspace_id}/undelete", responses=problems(404, 409), summary="Take it back")
def undelete_workspace(workspaces: WorkspacesDep, workspace_id: Id) -> WorkspaceOut:
    """Bring a deleted workspace back from the trash."""
    return WorkspaceOut.model_validate(workspaces.undelete(workspace_id))
