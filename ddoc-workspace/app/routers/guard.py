"""Guards: a saved base against which new uploads are checked."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from app.dependencies import GuardsDep
from app.problems import problems
from app.replies import JobReplyDep, job_responses
from app.schemas import Id, Limit
from app.schemas_dataset import DriftPage, DriftReportSummary
from app.schemas_guard import GuardBody, GuardCheckBody, GuardCheckOut, GuardList, GuardOut
from app.schemas_job import JobOut

router = APIRouter(prefix="/guards", tags=["guards"])


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 503),
    summary="Save a base as a guard",
)
def create_guard(guards: GuardsDep, reply: JobReplyDep, body: GuardBody) -> Response:
    """Analyse a base and keep it with thresholds. The job's result is the guard."""
    return reply(lambda key: guards.create(body.model_dump(mode="json"), idempotency_key=key))


@router.get("", summary="List guards")
def list_guards(guards: GuardsDep) -> GuardList:
    """Return the guards, newest first, each with its last check."""
    found = [GuardOut.model_validate(guard) for guard in guards.list()]
    return GuardList(items=found, total=len(found))


@router.get("/{guard_id}", responses=problems(404), summary="One guard")
def get_guard(guards: GuardsDep, guard_id: Id) -> GuardOut:
    """Return a guard with its last check."""
    return GuardOut.model_validate(guards.get(guard_id))


@router.delete(
    "/{guard_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(404),
    summary="Delete a guard",
)
def delete_guard(guards: GuardsDep, guard_id: Id) -> None:
    """Delete a guard; the reports of its checks stay."""
    guards.delete(guard_id)


@router.post(
    "/{guard_id}/check",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 503),
    summary="Check a target",
)
def check_guard(guards: GuardsDep, reply: JobReplyDep, guard_id: Id, body: GuardCheckBody) -> Response:
    """Compare a target with the guard's base. The job's result is pass, warn or fail, with the report."""
    return reply(lambda key: guards.check(guard_id, body.model_dump(mode="json"), idempotency_key=key))


@router.get("/{guard_id}/checks", responses=problems(404), summary="The checks of a guard")
def list_checks(
    guards: GuardsDep,
    guard_id: Id,
    limit: Annotated[Limit, Query()] = 100,
    cursor: str | None = None,
) -> DriftPage:
    """Return the checks as drift reports, newest first; each says what the guard found."""
    page = guards.checks(guard_id, limit=limit, cursor=cursor)
    return DriftPage(
        items=[DriftReportSummary.model_validate(r) for r in page.items],
        next_cursor=page.next_cursor,
        total=page.total,
    )


@router.get("/{guard_id}/checks/{report_id}", responses=problems(404), summary="One check")
def get_check(guards: GuardsDep, guard_id: Id, report_id: Id) -> GuardCheckOut:
    """Return the outcome of a check and the failing images, which can be used as a selection."""
    found = guards.findings(guard_id, report_id)
    return GuardCheckOut(
        outcome=found["outcome"],
        failing=found["failing"],
        report=DriftReportSummary.model_validate(found["report"]),
    )
