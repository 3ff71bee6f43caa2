"""RFC 9457 problems: the only place that knows which error is which HTTP status."""

import errno
import http
import logging
import os
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from app.stores.job_records import JobError
from ddoc import errors

MEDIA_TYPE = "application/problem+json"
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
_log = logging.getLogger(__name__)

STATUS: Mapping[str, int] = {
    "NotFoundError": 404,
    "InvalidInputError": 422,
    "EmptySelectionError": 422,
    "ConflictError": 409,
    "BusyError": 409,
    "StaleVersionError": 412,
    "TooLargeError": 413,
    "DiskFullError": 507,
    "DamagedError": 409,
    "UnavailableError": 503,
    "CancelledError": 409,
}
STATUS_OF_CODE: Mapping[str, int] = {"too-many-jobs": 429, "run-failed": 422, "unsupported-media-type": 415}
CODE_OF_STATUS: Mapping[int, str] = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "conflict",
    412: "stale-version",
    413: "too-large",
    415: "unsupported-media-type",
    416: "range-not-satisfiable",
    422: "invalid-input",
    429: "too-many-requests",
    500: "internal-error",
    503: "unavailable",
    507: "disk-full",
}


class FieldError(BaseModel):
    """What is wrong with one field."""

    pointer: str = Field(
        description="JSON pointer to the field; outside the body `/query/…`, `/path/…`, `/header/…`"
    )
    detail: str


class Problem(BaseModel):
    """What every error looks like (RFC 9457), as `application/problem+json`; further members hold facts."""

    type: str = Field(description="`urn:ddoc:problem:<code>`")
    title: str
    status: int
    detail: str
    instance: str | None = None
    code: str = Field(description="stable, kebab-case")
    request_id: str | None = None
    errors: list[FieldError] | None = None


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that answers these statuses with a problem, for the OpenAPI.

    Every route may answer 400 (Host), 401 (credentials), 403 (Origin) and 422 (input) besides.
    """
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": http.HTTPStatus(status).phrase, "content": content}
        for status in sorted({400, 401, 403, 422, *statuses})
    }


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    instance: str | None = None,
    errors: Sequence[Mapping[str, str]] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the members of a problem; `facts` are added to them but replace none."""
    members: dict[str, Any] = {
        "type": f"urn:ddoc:problem:{code}",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if instance is not None:
        members["instance"] = instance
    if request_id := REQUEST_ID.get():
        members["request_id"] = request_id
    if errors:
        members["errors"] = list(errors)
    return {**(facts or {}), **members}


def problem_response(members: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the response that carries a problem."""
    return JSONResponse(
        dict(members), status_code=members["status"], headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def problem_of(error: errors.DdocError, *, instance: str | None = None) -> dict[str, Any]:
    """Return the problem that an expected error is."""
    names = [kind.__name__ for kind in type(error).__mro__]
    return _of(names, error.error_code, error.detail, error.context, instance=instance)


def problem_of_job(error: JobError, *, instance: str | None = None) -> dict[str, Any]:
    """Return the problem that made a job fail."""
    kind = getattr(errors, error.kind, None)
    names = [kind.__name__ for kind in kind.__mro__] if isinstance(kind, type) else [error.kind]
    return _of(names, error.code, error.detail, error.context, instance=instance)


def _of(
    names: Sequence[str], code: str, detail: str, context: Mapping[str, Any], *, instance: str | None
) -> dict[str, Any]:
    status = STATUS_OF_CODE.get(code) or next((STATUS[n] for n in names if n in STATUS), 500)
    facts = {name: value for name, value in context.items() if name not in {"pointer", "errors"}}
    found = context.get("errors")
    if found is None and (pointer := context.get("pointer")):
        found = [{"pointer": str(pointer), "detail": detail}]
    return problem(status, code, detail, instance=instance, errors=found, facts=facts)


def install_problems(app: FastAPI) -> None:
    """Answer every error of `app` with a problem."""
    app.add_exception_handler(errors.DdocError, _on_domain_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(OSError, _on_os_error)
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        """Return the document, with problems where FastAPI describes errors of its own."""
        document = generate()
        _describe_problems(document)
        return document

    app.openapi = openapi


def _describe_problems(document: dict[str, Any]) -> None:
    """Give every operation the problems that it may always answer, and the document their schema."""
    for item in document.get("paths", {}).values():
        for operation in item.values():
            responses = operation["responses"]
            for status, answer in problems().items():
                if "HTTPValidationError" in str(responses.get(str(status), "HTTPValidationError")):
                    responses[str(status)] = answer
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update({**schema.pop("$defs", {}), "Problem": schema})


def internal_problem(error: Exception, *, instance: str) -> dict[str, Any]:
    """Log an error that nobody expected, and return what may be said about it."""
    _log.error("unexpected error", exc_info=error)
    return problem(
        500,
        "internal-error",
        "something failed that nobody expected; the log of the service has it under this request_id",
        instance=instance,
    )


def _on_domain_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, errors.DdocError):
        raise error
    return problem_response(problem_of(error, instance=request.url.path))


def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    found = [{"pointer": _pointer(entry["loc"]), "detail": entry["msg"]} for entry in error.errors()]
    detail = "; ".join(f"{entry['pointer']}: {entry['detail']}" for entry in found[:3])
    return problem_response(problem(422, "invalid-input", detail, instance=request.url.path, errors=found))


def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    status = error.status_code
    code = CODE_OF_STATUS.get(status, f"http-{status}")
    known = {404: "there is nothing at this address", 405: "this address does not take this method"}
    detail = known.get(status, str(error.detail))
    members = problem(status, code, detail, instance=request.url.path)
    return problem_response(members, error.headers)


def _on_os_error(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        members = problem(
            507, "disk-full", "the disk is full; free some space and try again", instance=request.url.path
        )
    else:
        members = internal_problem(error, instance=request.url.path)
    return problem_response(members)


def _pointer(location: Sequence[str | int]) -> str:
    where, *rest = location
    parts = rest if where == "body" else [where, *rest]
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts) or os.sep
