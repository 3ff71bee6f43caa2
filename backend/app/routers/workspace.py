"""`/api/*`: the service's own paths, and only those."""

from typing import Final

from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from backend.app.problems import problem
from backend.app.proxy import Upstream

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FIRST: Final = frozenset(
    {
        "datasets", "uploads", "drift", "guards", "workspace", "workspaces", "jobs", "events", "health", "ready",
        "version", "openapi.json",
    }
)  # fmt: skip


class ServiceProxy:
    """An ASGI application that forwards what the service answers to and refuses the rest."""

    def __init__(self, service: Upstream) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward the request with `/api` taken off its path."""
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        path = raw.decode("latin-1").removeprefix("/api")
        if path.split("/")[1:2] == [] or path.split("/")[1] not in _FIRST or scope["method"] not in _METHODS:
            answer = problem(404, "unknown-route", "there is nothing at this address", instance=scope["path"])
            await answer(scope, receive, send)
            return
        await self._service.forward(scope, receive, send, path=path)


def routes(service: Upstream) -> list[BaseRoute]:
    """Return the mount of the proxy."""
    return [Mount("/api", app=ServiceProxy(service))]
