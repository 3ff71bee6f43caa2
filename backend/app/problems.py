"""Errors of the backend itself, in the form that the service uses too (RFC 9457)."""

from http import HTTPStatus

from starlette.responses import JSONResponse


def problem(status: int, code: str, detail: str, *, instance: str | None = None) -> JSONResponse:
    """Return a problem as a response."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "request_id": None,
        "errors": [],
    }
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse(body, status, headers, media_type="application/problem+json")
