"""How a route that starts a job answers: `reply(lambda key: service.start(…, idempotency_key=key))`."""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response

from app.job_answers import job_response
from app.jobs import Job, Jobs, request_key
from app.problems import problems
from app.schemas_job import JobOut


class JobReply:
    """Answers one request with a job. A repeated `Idempotency-Key` gets its job back and submits nothing.

    `submit` is called with the key to hand to `Jobs.submit`, None when the client gave none.
    """

    def __init__(self, request: Request, key: str | None) -> None:
        self._request = request
        self._key = key

    def __call__(self, submit: Callable[[str | None], Job]) -> Response:
        """Return the answer: 202, or 200 when the job ends within `Prefer: wait`."""
        jobs: Jobs = self._request.app.state.services.jobs
        known = jobs.known(self._key) if self._key is not None else None
        return job_response(self._request, known or submit(self._key))


async def job_reply(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key", description="a repeat of the request with this key gets the same job"
        ),
    ] = None,
    prefer: Annotated[
        str | None, Header(description="`wait=SECONDS`: answer with the finished job if it ends in time")
    ] = None,
) -> JobReply:
    """Return the reply of a request (a dependency)."""
    del prefer  # read from the request, where it may come more than once; here it is declared for the OpenAPI
    if idempotency_key is None:
        return JobReply(request, None)
    body = b"" if request.headers.get("content-type", "").startswith("multipart/") else await request.body()
    scope = f"{request.method} {request.url.path}"
    fingerprint = hashlib.sha256(request.url.query.encode() + b"\0" + body).hexdigest()
    return JobReply(request, request_key(idempotency_key, scope=scope, fingerprint=fingerprint))


JobReplyDep = Annotated[JobReply, Depends(job_reply)]


def job_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that answers with a job, with problems of these statuses besides."""
    finished = {"model": JobOut, "description": "The finished job, after `Prefer: wait=SECONDS`"}
    return {200: finished, **problems(409, 429, *statuses)}
