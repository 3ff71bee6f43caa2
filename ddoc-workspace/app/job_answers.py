"""How routers answer with a job: at once with 202, or with the finished job when the client prefers to wait."""

import asyncio
import re

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from app.jobs import Job, Jobs
from app.problems import problem_of_job
from app.schemas_job import JobOut, ProgressOut

MAX_WAIT = 600
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?=$|[,;])", re.IGNORECASE)


def job_out(job: Job) -> JobOut:
    """Return a job as it goes over the wire."""
    error = problem_of_job(job.error, instance=f"/jobs/{job.job_id}") if job.error else None
    return JobOut(
        job_id=job.job_id,
        kind=job.kind,
        workspace_id=job.workspace_id,
        state=job.state,
        progress=ProgressOut(**job.progress.to_json()),
        result=job.result,
        error=error,
        attempt=job.attempt,
        cancel_requested=job.cancel_requested,
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
    )


def job_response(request: Request, job: Job) -> Response:
    """Return the answer for a submitted job: 202 with its address, or 200 when it ends within `Prefer: wait`.

    Waiting takes no thread, and ends when the client goes away.
    """
    jobs: Jobs = request.app.state.services.jobs
    return JobResponse(jobs, job, wait=preferred_wait(request))


def preferred_wait(request: Request) -> int:
    """Return the seconds that the request's `Prefer` header is willing to wait, 0 to 600."""
    found = _WAIT.search(",".join(request.headers.getlist("prefer")))
    return min(int(found[1]), MAX_WAIT) if found else 0


class JobResponse(Response):
    """Answers with a job, after it has waited for it."""

    def __init__(self, jobs: Jobs, job: Job, *, wait: int) -> None:
        super().__init__(status_code=202)
        self._jobs = jobs
        self._job = job
        self._wait = wait

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait as long as preferred, then send the job as it is."""
        job = self._job
        if self._wait and not job.ended:
            waiting = asyncio.ensure_future(self._jobs.wait_async(job.job_id, self._wait))
            gone = asyncio.ensure_future(_disconnected(receive))
            try:
                await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
                if not waiting.done():
                    return
                job = waiting.result()
            finally:
                waiting.cancel()
                gone.cancel()
        headers = {"Location": f"/jobs/{job.job_id}"}
        if self._wait:
            headers["Preference-Applied"] = f"wait={self._wait}"
        answer = JSONResponse(
            job_out(job).model_dump(mode="json"), status_code=200 if job.ended else 202, headers=headers
        )
        await answer(scope, receive, send)


async def _disconnected(receive: Receive) -> None:
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()
