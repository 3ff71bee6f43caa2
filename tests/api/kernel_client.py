"""A client of the whole application in this process, on a root of its own."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings

LOCAL = ("127.0.0.1", 50000)


def settings_for(root: Path, **changes: Any) -> Settings:
    """Return settings for a root, independent of the environment's limits."""
    return Settings(
        workspaces_root=root / "workspaces", mlruns_root=root / "mlruns", min_free_bytes=0, **changes
    )


@contextlib.contextmanager
def open_client(
    root: Path, *, routers: tuple[APIRouter, ...] = (), client: tuple[str, int] = LOCAL, **changes: Any
) -> Iterator[TestClient]:
    """Yield a client of a running application; its address is loopback unless said otherwise."""
    app: FastAPI = create_app(settings_for(root, **changes))
    for router in routers:
        app.include_router(router)
    with TestClient(app, base_url="http://localhost", client=client) as opened:
        yield opened
