"""Serves the built UI, and passes `/api` and `/mlflow` on to the backend, so that the browser sees one origin."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from backend.app.auth import host_name
from backend.app.client import make_client
from backend.app.problems import problem
from backend.app.proxy import Upstream, unchanged
from backend.app.settings import Settings

_POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PAGES: Final = ("/", "/drift", "/w", "/jobs", "/settings")


def create_app(settings: Settings) -> Starlette:
    """Return the UI's server as an ASGI application."""
    client = make_client()
    backend = Upstream(client, settings.backend_url, name="the backend", prepare=unchanged)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        async with client:
            yield

    async def passed_on(scope: Scope, receive: Receive, send: Send) -> None:
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        await backend.forward(scope, receive, send, path=raw.decode("latin-1"))

    async def file_or_page(request: Request) -> Response:
        if host_name(request.headers.get("host", "").lower()) not in settings.hosts:
            return problem(421, "unknown-host", "this server does not answer to that host name")
        return _file_or_page(settings.dist, request.url.path)

    return Starlette(
        routes=[
            Mount("/api", app=passed_on),
            Mount("/mlflow", app=passed_on),
            Route("/{path:path}", file_or_page, methods=["GET"]),
        ],
        lifespan=lifespan,
    )


def _file_or_page(dist: Path, path: str) -> Response:
    """Answer with a built file, with the application's page for its routes, or with 404: never a page for an asset."""
    file = (dist / path.lstrip("/")).resolve()
    if file.is_file() and file.is_relative_to(dist.resolve()) and file.name != "index.html":
        immutable = path.startswith("/assets/")
        cache = "public, max-age=31536000, immutable" if immutable else "no-cache"
        return FileResponse(file, headers={**_HEADERS, "Cache-Control": cache})
    if path in _PAGES or path.startswith(("/drift/", "/w/", "/jobs/", "/settings/")):
        page = dist / "index.html"
        if not page.is_file():
            return problem(503, "ui-not-built", "the UI is not built: run `make setup`")
        return FileResponse(page, headers={**_HEADERS, "Cache-Control": "no-cache"})
    return problem(404, "unknown-route", "there is nothing at this address", instance=path)


def from_env() -> Starlette:
    """Return the UI's server set up from the environment: `uvicorn --factory backend.app.ui:from_env`."""
    return create_app(Settings())  # pyright: ignore[reportCallIssue] the environment gives the values
