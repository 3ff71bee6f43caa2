"""The service itself: is it alive, is it ready, what has it measured, which version is it."""

import os
import platform
import shutil
from collections.abc import Iterable
from importlib.metadata import version as version_of

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from app.dependencies import Services, ServicesDep
from app.problems import problems

router = APIRouter(tags=["service"])


class HealthOut(BaseModel):
    """The service answers."""

    status: str


class CheckOut(BaseModel):
    """One check of readiness."""

    name: str
    ok: bool
    detail: str


class ReadyOut(BaseModel):
    """Whether the service can do its work."""

    ready: bool
    checks: list[CheckOut]


class VersionOut(BaseModel):
    """Which version this is."""

    name: str
    version: str
    python: str


@router.get("/health", summary="Is the service alive?")
async def health() -> HealthOut:
    """Answer as long as the service runs; the only address that needs no credentials."""
    return HealthOut(status="ok")


@router.get(
    "/ready",
    summary="Can the service do its work?",
    responses={503: {"model": ReadyOut, "description": "a check failed"}, **problems()},
    response_model=ReadyOut,
)
def ready(services: ServicesDep) -> JSONResponse:
    """Check the database, the folder of the workspaces, its free space, and the processes for jobs."""
    checks = [_database(services), _folder(services), _space(services), _processes(services)]
    found = ReadyOut(ready=all(check.ok for check in checks), checks=checks)
    return JSONResponse(found.model_dump(), status_code=200 if found.ready else 503)


@router.get("/metrics", summary="Prometheus metrics", response_class=PlainTextResponse, responses=problems())
def metrics(services: ServicesDep) -> PlainTextResponse:
    """Return requests and their times by route, and jobs by kind and state."""
    text = generate_latest(services.metrics.registry) + _job_metrics(services)
    return PlainTextResponse(text.decode(), media_type=CONTENT_TYPE_LATEST)


@router.get("/version", summary="Which version is this?", responses=problems())
async def version() -> VersionOut:
    """Return the version of the service and of its Python."""
    return VersionOut(
        name="ddoc-workspace", version=version_of("ddoc-workspace"), python=platform.python_version()
    )


def _job_metrics(services: Services) -> bytes:
    """Return the jobs by kind and state, counted when they are asked for."""
    family = GaugeMetricFamily("ddoc_jobs", "Jobs that the service remembers.", labels=("kind", "state"))
    for (kind, state), count in services.jobs.counts().items():
        family.add_metric((kind, state), count)

    class Counted(Collector):
        def collect(self) -> Iterable[Metric]:
            return (family,)

    return generate_latest(Counted())


def _database(services: Services) -> CheckOut:
    try:
        services.jobs.counts()
    except SQLAlchemyError as error:
        return CheckOut(name="database", ok=False, detail=f"cannot be read: {type(error).__name__}")
    return CheckOut(name="database", ok=True, detail="answers")


def _folder(services: Services) -> CheckOut:
    ok = os.access(services.settings.state_folder, os.W_OK | os.X_OK)
    return CheckOut(name="workspaces", ok=ok, detail="can be written" if ok else "cannot be written")


def _space(services: Services) -> CheckOut:
    free = shutil.disk_usage(services.settings.workspaces_root).free
    ok = free >= services.settings.min_free_bytes
    return CheckOut(
        name="disk",
        ok=ok,
        detail=f"{free} bytes free, DDOC_MIN_FREE_BYTES is {services.settings.min_free_bytes}",
    )


def _processes(services: Services) -> CheckOut:
    ok = services.jobs.healthy
    return CheckOut(name="jobs", ok=ok, detail="can be started" if ok else "no process can be started")
