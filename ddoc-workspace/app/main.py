"""The application: `create_app(settings)`, the lifespan, and the entries for servers."""

import contextlib
import fcntl
import os
from collections.abc import AsyncGenerator, Generator, Sequence
from importlib.metadata import version as version_of
from pathlib import Path

import anyio.to_thread
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from app.dependencies import open_services
from app.gate import Gate
from app.jobs import JobKind
from app.problems import REQUEST_ID, install_problems
from app.routers import (
    analysis,
    dataset,
    drift,
    experiment,
    guard,
    job,
    sampling,
    snapshot,
    system,
    workspace,
)
from app.routers.upload import RelativeLocation, upload_router
from app.settings import Settings
from app.telemetry import Measured, Metrics, configure_logging

# Every router of the service, in the order of the API's pages. A new one is an import above and a line here.
ROUTERS: tuple[APIRouter, ...] = (
    dataset.router,
    drift.router,
    guard.router,
    workspace.router,
    snapshot.router,
    analysis.router,
    sampling.router,
    experiment.router,
    job.router,
    system.router,
)


class RootInUseError(RuntimeError):
    """Another service runs on the same WORKSPACES_ROOT."""


def create_app(settings: Settings, *, kinds: Sequence[JobKind] = ()) -> FastAPI:
    """Return the application for `settings`. `kinds` are job kinds beside those of the services.

    Nothing is opened before the lifespan starts; a second service on the same root then fails with
    RootInUseError.
    """
    metrics = Metrics.create()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        with contextlib.ExitStack() as stack:
            await anyio.to_thread.run_sync(lambda: stack.enter_context(sole_service(settings.state_folder)))
            opening = open_services(settings, metrics=metrics, kinds=kinds)
            app.state.services = await anyio.to_thread.run_sync(lambda: stack.enter_context(opening))
            try:
                yield
            finally:
                await anyio.to_thread.run_sync(stack.close)

    app = FastAPI(
        title="ddoc-workspace",
        version=version_of("ddoc-workspace"),
        summary="Drift, curation, snapshots and experiments for image datasets",
        lifespan=lifespan,
        # The pages of these load scripts from a CDN; the schema itself is at /openapi.json.
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.add_middleware(RelativeLocation)
    app.add_middleware(Measured, metrics=metrics)
    app.add_middleware(Gate, settings=settings)  # added last, so it is the outermost
    install_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(upload_router(settings), include_in_schema=False)  # tus is a protocol of its own
    return app


def app_from_env() -> FastAPI:
    """Return the application with settings from the environment, for `uvicorn app.main:app_from_env --factory`."""
    settings = Settings()
    configure_logging(level=settings.log_level, form=settings.log_format, request_id=REQUEST_ID.get)
    return create_app(settings)


@contextlib.contextmanager
def sole_service(folder: Path) -> Generator[None]:
    """Hold the lock that says a service runs on this root. Raises RootInUseError when another one does.

    The kernel releases it when the process ends, however that happens.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "service.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RootInUseError(
                f"another ddoc-workspace service runs on {folder.parent}; stop it or set WORKSPACES_ROOT"
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def _operation_id(route: APIRoute) -> str:
    return route.name
