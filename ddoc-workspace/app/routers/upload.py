"""Resumable uploads by the tus protocol (1.0): finishing one ingests it as a dataset."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tuspyserver import create_tus_router

from app.dependencies import DatasetsDep
from app.services.dataset_service import Datasets, archive_suffix
from app.settings import Settings

PREFIX = "/uploads"
JOB_HEADER = "X-Ddoc-Job"
Finished = Callable[[str, dict[str, Any]], Any]


def upload_router(settings: Settings) -> APIRouter:
    """Return the routes below `/uploads`; parts are kept for five days beside the datasets.

    The metadata of an upload is `filename` and `filetype`, and optionally `name` and `format` as for `POST /datasets`. The answer
    to the last part names the job that ingests it in the header `X-Ddoc-Job`.
    """
    return create_tus_router(
        prefix=PREFIX,
        files_dir=str(settings.uploads_folder / "parts"),
        max_size=settings.max_upload_bytes,
        upload_complete_dep=_finisher,
        pre_create_dep=_checker,
        tags=["datasets"],
    )


def _finisher(datasets: DatasetsDep, response: Response) -> Finished:
    async def finish(path: str, metadata: dict[str, Any]) -> None:
        job_id = await anyio.to_thread.run_sync(_ingest, datasets, Path(path), metadata)
        response.headers[JOB_HEADER] = job_id

    return finish


def _ingest(datasets: Datasets, part: Path, metadata: dict[str, Any]) -> str:
    file_name = str(metadata.get("filename") or metadata.get("name") or "")
    job = datasets.adopt(
        part,
        file_name=file_name,
        name=metadata.get("name"),
        format=metadata.get("format"),
        upload_id=part.name,
    )
    part.with_name(part.name + ".info").unlink(missing_ok=True)
    return job.job_id


def _checker() -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def check(metadata: dict[str, Any], _upload: dict[str, Any]) -> None:
        archive_suffix(str(metadata.get("filename") or metadata.get("name") or ""))

    return check


class RelativeLocation:
    """ASGI middleware: an upload's address is given relative, so that it holds behind any proxy."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; cut the origin off the Location of an upload."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return

        async def relative(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                location = headers.get("location")
                if location is not None:
                    headers["location"] = "uploads/" + location.rstrip("/").rsplit("/", 1)[-1]
            await send(message)

        await self._app(scope, receive, relative)
