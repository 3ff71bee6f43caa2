"""Trainers and runs of a workspace."""

import json
import re
from collections.abc import AsyncIterator
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, File, Form, Header, Query, Response, UploadFile, status
from fastapi.responses import StreamingResponse

from app.dependencies import ExperimentsDep, JobsDep
from app.jobs import Jobs
from app.problems import problems
from app.replies import JobReplyDep, job_responses
from app.schemas import Id, Limit
from app.schemas_experiment import (
    ComparisonOut,
    RunBody,
    RunDetailOut,
    RunList,
    RunOut,
    TemplateBody,
    TrainerOut,
    UploadedOut,
)
from app.schemas_job import JobOut
from app.services.experiment_service import Experiments
from ddoc.errors import InvalidInputError

router = APIRouter(prefix="/workspace/{workspace_id}", tags=["experiments"])
LOG_CHUNK = 1 << 20
LOG_PAUSE = 0.4
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
LOG_RESPONSES = {
    200: {
        "description": "The log as text, or as a stream of events `{offset, text}` when `text/event-stream` is accepted",
        "content": {"text/plain": {"schema": {"type": "string"}}, "text/event-stream": {}},
    },
    206: {"description": "The part of the log that `Range` asked for"},
}


@router.post(
    "/code/upload",
    responses=problems(404, 409, 413, 422),
    status_code=status.HTTP_201_CREATED,
    summary="Upload a trainer",
)
def upload_code(
    experiments: ExperimentsDep,
    workspace_id: Id,
    file: Annotated[UploadFile, File(description="train.py, or a .zip with train.py in it")],
    trainer: Annotated[Id, Form(description="its name; an older trainer of that name is replaced")],
) -> UploadedOut:
    """Check the code without running it, and keep it. Packages that are missing are told in `checks`."""
    return UploadedOut.model_validate(
        experiments.upload(workspace_id, trainer, file.file, file_name=file.filename or "")
    )


@router.get("/code/templates", responses=problems(404), summary="List trainer templates")
def list_templates(experiments: ExperimentsDep, workspace_id: Id) -> list[TrainerOut]:
    """Return the trainers that can be copied in."""
    return [TrainerOut.model_validate(t) for t in experiments.templates(workspace_id)]


@router.post(
    "/code/templates/{template}",
    responses=problems(404, 409),
    status_code=status.HTTP_201_CREATED,
    summary="Copy a template in",
)
def install_template(
    experiments: ExperimentsDep, workspace_id: Id, template: Id, body: TemplateBody | None = None
) -> UploadedOut:
    """Make a trainer of the workspace from a template, to be run or changed."""
    name = None if body is None else body.name
    return UploadedOut.model_validate(experiments.install_template(workspace_id, template, name=name))


@router.get("/code/trainers", responses=problems(404), summary="List trainers")
def list_trainers(experiments: ExperimentsDep, workspace_id: Id) -> list[TrainerOut]:
    """Return the workspace's trainers."""
    return [TrainerOut.model_validate(t) for t in experiments.trainers(workspace_id)]


@router.post(
    "/experiment/run",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 503),
    summary="Run a trainer",
)
def run_experiment(
    experiments: ExperimentsDep, reply: JobReplyDep, workspace_id: Id, body: RunBody
) -> Response:
    """Train on a snapshot, in a process of its own that outlives the service. The job's result is the Run."""
    return reply(lambda key: experiments.run(workspace_id, **body.model_dump(), idempotency_key=key))


@router.get("/experiments", responses=problems(404, 503), summary="List runs")
def list_experiments(
    experiments: ExperimentsDep,
    workspace_id: Id,
    snapshot_id: Annotated[Id | None, Query(description="only runs on the data of this version")] = None,
    limit: Annotated[Limit, Query()] = 100,
    cursor: str | None = None,
) -> RunList:
    """Return the runs, newest first."""
    return RunList.model_validate(
        experiments.page(workspace_id, snapshot_id=snapshot_id, limit=limit, cursor=cursor)
    )


@router.get("/experiment/compare", responses=problems(404, 503), summary="Compare runs")
def compare_experiments(
    experiments: ExperimentsDep,
    workspace_id: Id,
    ids: Annotated[str, Query(description="two to ten run ids, separated by commas", max_length=1000)],
) -> ComparisonOut:
    """Return params and metrics side by side, next to what changed in the data."""
    chosen = [part for part in ids.split(",") if part]
    if not 2 <= len(chosen) <= 10:
        raise InvalidInputError("give two to ten run ids", code="invalid-ids", pointer="/query/ids")
    return ComparisonOut.model_validate(experiments.compare(workspace_id, chosen))


@router.get("/experiment/{experiment_id}", responses=problems(404, 503), summary="One run")
def get_experiment(
    experiments: ExperimentsDep,
    workspace_id: Id,
    experiment_id: Id,
    max_points: Annotated[int, Query(ge=2, le=25_000, description="points of each history, at most")] = 1000,
) -> RunDetailOut:
    """Return a run with the histories of its metrics and its artifacts."""
    return RunDetailOut.model_validate(experiments.detail(workspace_id, experiment_id, max_points=max_points))


@router.post("/experiment/{experiment_id}/stop", responses=problems(404), summary="Stop a run")
def stop_experiment(experiments: ExperimentsDep, workspace_id: Id, experiment_id: Id) -> RunOut:
    """Ask the trainer to end; after ten seconds it is killed with all its processes. Repeating it is harmless."""
    return RunOut.model_validate(experiments.stop(workspace_id, experiment_id))


@router.get(
    "/experiment/{experiment_id}/log",
    response_class=Response,
    responses={**LOG_RESPONSES, **problems(404, 416)},
    summary="A run's log",
)
def get_log(
    experiments: ExperimentsDep,
    jobs: JobsDep,
    workspace_id: Id,
    experiment_id: Id,
    accept: Annotated[str, Header()] = "*/*",
    range_: Annotated[
        str | None, Header(alias="Range", description="`bytes=from-to`, or `bytes=-last`")
    ] = None,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="offset to go on from")
    ] = None,
) -> Response:
    """Return the log: its last MiB, or the bytes of `Range`; or follow it as events until the run has ended."""
    if "text/event-stream" in accept:
        experiments.log(workspace_id, experiment_id, offset=0, limit=0)
        start = int(last_event_id) if last_event_id and last_event_id.isdecimal() else 0
        events = _follow(experiments, jobs, workspace_id, experiment_id, start)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)
    match = _RANGE.fullmatch(range_) if range_ else None
    if match is None or match.group() == "bytes=-":
        chunk = experiments.log(workspace_id, experiment_id, offset=-LOG_CHUNK, limit=LOG_CHUNK)
        return Response(
            chunk.data, media_type="text/plain; charset=utf-8", headers=_headers(chunk.is_complete)
        )
    first, last = match.groups()
    offset = int(first) if first else -int(last)
    limit = int(last) - offset + 1 if first and last else LOG_CHUNK
    chunk = experiments.log(workspace_id, experiment_id, offset=offset, limit=max(0, limit))
    headers = _headers(chunk.is_complete)
    if not chunk.data:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{chunk.size}"})
    end = chunk.offset + len(chunk.data) - 1
    headers["Content-Range"] = f"bytes {chunk.offset}-{end}/{chunk.size}"
    return Response(chunk.data, status_code=206, media_type="text/plain; charset=utf-8", headers=headers)


def _headers(is_complete: bool) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Log-Complete": "true" if is_complete else "false",
    }


async def _follow(
    experiments: Experiments, jobs: Jobs, workspace_id: str, experiment_id: str, start: int
) -> AsyncIterator[str]:
    """Send `{offset, text}` as the log grows; the event's id is where the next begins. Ends with an event `end`."""
    offset, beats = start, 0
    yield "retry: 1000\n\n"
    while not jobs.closing:
        chunk = await anyio.to_thread.run_sync(
            lambda at=offset: experiments.log(workspace_id, experiment_id, offset=at, limit=LOG_CHUNK // 4)
        )
        data = chunk.data if chunk.is_complete else whole_characters(chunk.data)
        if data:
            event = {"offset": chunk.offset, "text": data.decode("utf-8", "replace")}
            offset = chunk.offset + len(data)
            yield f"id: {offset}\nevent: log\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"
        elif chunk.is_complete:
            yield f"id: {offset}\nevent: end\ndata: {{}}\n\n"
            return
        else:
            await anyio.sleep(LOG_PAUSE)
            beats += 1
            if beats % 30 == 0:
                yield ": heartbeat\n\n"


def whole_characters(data: bytes) -> bytes:
    """Return `data` without a UTF-8 character that is cut off at its end."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 != 0x80:
            length = 1 if byte < 0x80 else 2 if byte & 0xE0 == 0xC0 else 3 if byte & 0xF0 == 0xE0 else 4
            return data if length <= back else data[:-back]
    return data
