"""The main backend: `/api/*` to the service, `/mlflow/*` to the MLflow server, both behind one gate."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from backend.app.auth import Gate, Sessions
from backend.app.client import make_client
from backend.app.problems import problem
from backend.app.proxy import Upstream, sign_for_service, without_credentials
from backend.app.routers import mlflow, session, workspace
from backend.app.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Return the backend as an ASGI application."""
    sessions = Sessions(settings.token, settings.login_code) if settings.token else None
    client = make_client()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async with client:
            yield

    service = Upstream(
        client, settings.service_url, name="the workspace service", prepare=sign_for_service(settings.token)
    )
    tracking = Upstream(client, settings.mlflow_url, name="the MLflow server", prepare=without_credentials)
    return FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        routes=[
            *session.routes(sessions),
            *workspace.routes(service),
            *mlflow.routes(tracking),
        ],
        middleware=[Middleware(Gate, settings=settings, sessions=sessions)],
        exception_handlers={404: _not_found, 405: _not_allowed, 500: _broken},
        lifespan=lifespan,
    )


def from_env() -> FastAPI:
    """Return the backend set up from the environment: `uvicorn --factory backend.app.main:from_env`."""
    return create_app(Settings())  # pyright: ignore[reportCallIssue] the environment gives the values


async def _not_found(request: Request, _error: Exception) -> Response:
    return problem(404, "unknown-route", "there is nothing at this address", instance=request.url.path)


async def _not_allowed(request: Request, error: Exception) -> Response:
    answer = problem(
        405, "method-not-allowed", "this address does not take that method", instance=request.url.path
    )
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


async def _broken(_request: Request, _error: Exception) -> JSONResponse:
    return problem(500, "internal-error", "the backend failed; its log says more")
