"""`/mlflow/*`: MLflow's own pages and what they read, with `/mlflow` taken off. Nothing that writes passes.

MLflow's pages address everything relative to themselves, so they work below `/mlflow/` as they are.
"""

import re
from typing import Final

from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from backend.app.problems import problem
from backend.app.proxy import Upstream

_READ: Final = re.compile(
    r"(/|/health|/version|/server-info|/static-files/.*|/(model-versions/)?get-artifact|/ajax-api/.*)"
)
_SEARCH: Final = re.compile(
    r"/(graphql|ajax-api/[\d.]+/mlflow/"
    r"(runs|experiments|logged-models|traces|registered-models|datasets)/search(-datasets)?)"
)


class TrackingProxy:
    """An ASGI application that forwards MLflow's read routes."""

    def __init__(self, tracking: Upstream) -> None:
        self._tracking = tracking

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward the request, or answer 404 for what is not on the list."""
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        path = raw.decode("latin-1").removeprefix("/mlflow")
        reads = scope["method"] in {"GET", "HEAD"} and _READ.fullmatch(path)
        searches = scope["method"] == "POST" and _SEARCH.fullmatch(path)
        if not (reads or searches):
            answer = problem(
                404, "unknown-route", "MLflow's pages are read-only here", instance=scope["path"]
            )
            await answer(scope, receive, send)
            return
        await self._tracking.forward(scope, receive, send, path=path)


def routes(tracking: Upstream) -> list[BaseRoute]:
    """Return the mount of the proxy."""
    return [Mount("/mlflow", app=TrackingProxy(tracking))]
