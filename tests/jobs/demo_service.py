"""A real service with the tests' job kinds and a way to submit them: `python -m tests.jobs.demo_service`."""

import sys
from typing import Annotated, Any

from fastapi import APIRouter, Body, FastAPI, Response

from app.__main__ import serve
from app.dependencies import JobsDep
from app.main import create_app
from app.problems import REQUEST_ID
from app.replies import JobReplyDep
from app.settings import Settings
from app.telemetry import configure_logging
from tests.jobs.demo_kinds import KINDS

router = APIRouter()


@router.post("/demo/{kind}", status_code=202)
def submit(
    jobs: JobsDep,
    reply: JobReplyDep,
    kind: str,
    params: Annotated[dict[str, Any], Body()],
    workspace_id: str | None = None,
) -> Response:
    """Submit a job of any kind."""
    return reply(lambda key: jobs.submit(kind, workspace_id=workspace_id, params=params, idempotency_key=key))


def demo_app(settings: Settings) -> FastAPI:
    """Return the service's application with the tests' kinds and route."""
    app = create_app(settings, kinds=KINDS)
    app.include_router(router)
    return app


if __name__ == "__main__":
    settings = Settings()
    configure_logging(level="warning", form="text", request_id=REQUEST_ID.get)
    sys.exit(serve(demo_app(settings), settings))
