"""How thumbnails and originals are answered, for datasets and workspaces alike."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import FileResponse

from ddoc.dataset.dataset import Dataset
from ddoc.dataset.previews import thumbnail_of, thumbnail_of_content
from ddoc.errors import NotFoundError

_IMMUTABLE = "private, max-age=31536000, immutable"


def thumbnail_response(request: Request, dataset: Dataset, item_id: str, size: int) -> Response:
    """Answer with the WebP thumbnail of an item, or 304 when the client has it."""
    try:
        return _thumbnail(request, dataset, item_id, size)
    except NotFoundError as error:
        if error.error_code != "image-missing":
            raise
    # an edit moves files before the index says where they are: look again when it is done
    with dataset.index.writing():
        return _thumbnail(request, dataset, item_id, size)


def _thumbnail(request: Request, dataset: Dataset, item_id: str, size: int) -> Response:
    item = dataset.index.get(item_id)
    return _immutable(request, item.content_hash, size, lambda: thumbnail_of(dataset.layout, item, size))


def stored_thumbnail_response(
    request: Request, dataset: Dataset, content_hash: str, stored: Path, size: int
) -> Response:
    """Answer with the WebP thumbnail of an image that some version of the data holds, whether or not it is there now."""
    return _immutable(
        request, content_hash, size, lambda: thumbnail_of_content(dataset.layout, content_hash, stored, size)
    )


def _immutable(request: Request, content_hash: str, size: int, make: Callable[[], bytes]) -> Response:
    etag = f'"{content_hash}-{size}"'
    headers = {"ETag": etag, "Cache-Control": _IMMUTABLE, "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(make(), media_type="image/webp", headers=headers)


def image_response(dataset: Dataset, item_id: str) -> Response:
    """Answer with the original bytes as an attachment: hostile bytes are never shown inline."""
    item = dataset.index.get(item_id)
    name = item.name.rsplit("/", 1)[-1]
    return FileResponse(
        dataset.layout.data / item.path,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-cache",
        },
    )
