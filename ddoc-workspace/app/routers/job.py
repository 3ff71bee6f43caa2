"""Jobs: list, one, cancel, log, and the streams of their events."""

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from app.dependencies import JobsDep
from app.job_answers import job_out
from app.jobs import JobEvent, Jobs, JobState
from app.problems import problems
from app.schemas_job import JobOut, JobPageOut
from ddoc.errors import InvalidInputError
from ddoc.ids import check_id

router = APIRouter(tags=["jobs"])
LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="number of the last event seen; later ones are sent"),
]
STREAM = {
    200: {
        "description": "events, each a Job",
        "content": {"text/event-stream": {}},
    }
}
MAX_LOG_BYTES = 1 << 20


@router.get("/jobs", summary="List jobs, newest first", responses=problems())
def list_jobs(
    jobs: JobsDep,
    workspace_id: Annotated[str | None, Query(description="only jobs of this workspace")] = None,
    state: Annotated[list[JobState] | None, Query(description="only jobs in one of these states")] = None,
    kind: Annotated[str | None, Query(description="only jobs of this kind")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: str | None = None,
) -> JobPageOut:
    """Return a page of jobs; `next_cursor` leads to the next one."""
    page = jobs.page(workspace_id=workspace_id, states=state or (), kind=kind, limit=limit, cursor=cursor)
    return JobPageOut(
        items=[job_out(job) for job in page.items], next_cursor=page.next_cursor, total=page.total
    )


@router.get("/jobs/{job_id}", summary="Get a job", responses=problems(404))
def get_job(jobs: JobsDep, job_id: str) -> JobOut:
    """Return the job as it is now."""
    return job_out(jobs.get(check_id(job_id)))


@router.post("/jobs/{job_id}/cancel", summary="Cancel a job", responses=problems(404))
def cancel_job(jobs: JobsDep, job_id: str) -> JobOut:
    """Ask for the end of the job. It stops at a safe point, or is killed within seconds. An ended job stays as it is."""
    return job_out(jobs.cancel(check_id(job_id)))


@router.get(
    "/jobs/{job_id}/log",
    summary="Get a job's log",
    response_class=PlainTextResponse,
    responses=problems(404),
)
def get_job_log(jobs: JobsDep, job_id: str) -> PlainTextResponse:
    """Return the last MiB of what the job wrote."""
    path = jobs.log_of(check_id(job_id))
    if not path.exists():
        return PlainTextResponse("")
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - MAX_LOG_BYTES))
        return PlainTextResponse(file.read().decode("utf-8", "replace"))


@router.get(
    "/jobs/{job_id}/events",
    summary="Follow a job",
    response_class=StreamingResponse,
    responses={**STREAM, **problems(404)},
)
async def job_events(jobs: JobsDep, job_id: str, last_event_id: LastEventId = None) -> Response:
    """Send the job's events as they come; they end with the job. A reader that comes back gets what it missed.

    A reader that has seen all events of an ended job gets 204, which tells a browser not to come again. Each has `id` (rising), `event` (`state` or `progress`) and `data`, the Job as it was then.
    """
    job = await jobs.get_async(check_id(job_id))
    after = _number(last_event_id)
    if job.ended and after is not None and not await jobs.has_news(job_id, after=after):
        return Response(status_code=204)
    return _stream(jobs, after=after or 0, job_id=job.job_id)


@router.get(
    "/events",
    summary="Follow all jobs",
    response_class=StreamingResponse,
    responses={**STREAM, **problems()},
)
async def all_events(
    jobs: JobsDep,
    workspace_id: Annotated[str | None, Query(description="only jobs of this workspace")] = None,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Send the events of all jobs as they come, from now on or after `Last-Event-ID`. A comment is a heartbeat."""
    return _stream(jobs, after=_number(last_event_id), workspace_id=workspace_id)


def _stream(
    jobs: Jobs, *, after: int | None, job_id: str | None = None, workspace_id: str | None = None
) -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        yield ": connected\nretry: 1000\n\n"
        events = jobs.events(after=after, job_id=job_id, workspace_id=workspace_id)
        async with contextlib.aclosing(events):
            async for event in events:
                yield ": heartbeat\n\n" if event is None else _line(event)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(lines(), media_type="text/event-stream", headers=headers)


def _line(event: JobEvent) -> str:
    data = json.dumps(job_out(event.job).model_dump(mode="json"), ensure_ascii=False)
    return f"id: {event.event_id}\nevent: {event.type}\ndata: {data}\n\n"


def _number(last_event_id: str | None) -> int | None:
    if last_event_id is None or last_event_id == "":
        return None
    if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 18:
        raise InvalidInputError(
            "Last-Event-ID is a number that an event carried",
            code="invalid-event-id",
            pointer="/header/Last-Event-ID",
        )
    return int(last_event_id)
