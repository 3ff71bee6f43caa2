"""Whatever goes wrong is a problem (RFC 9457) that says what, and nothing of the inside."""

import errno
from collections.abc import Iterator

import pytest
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.testclient import TestClient

from ddoc import errors
from tests.api.kernel_client import open_client

router = APIRouter()


class Given(BaseModel):
    """A body with rules."""

    size: int = Field(ge=1)
    names: list[str] = []


@router.post("/demo/check")
def check(body: Given, limit: int = Query(1, le=10)) -> Given:
    """Take a body."""
    return body


RAISED: dict[str, BaseException] = {
    "not-found": errors.NotFoundError("no dataset has this id", code="unknown-dataset"),
    "invalid": errors.InvalidInputError("not a size", pointer="/size"),
    "empty": errors.EmptySelectionError("the selection is empty"),
    "busy": errors.BusyError("busy", job_id="job-1"),
    "stale": errors.StaleVersionError("changed meanwhile", data_version="7"),
    "large": errors.TooLargeError("too large", limit="DDOC_MAX_UPLOAD_BYTES", value=3),
    "full": errors.DiskFullError("the disk is full"),
    "damaged": errors.DamagedError("the object is missing"),
    "away": errors.UnavailableError("no weights", code="weights-missing"),
    "plain": errors.DdocError("something"),
    "enospc": OSError(errno.ENOSPC, "No space left on device", "/secret/path"),
    "oserror": PermissionError(errno.EACCES, "Permission denied", "/secret/path"),
    "bug": RuntimeError("SELECT * FROM secret at /secret/path"),
}


@router.get("/demo/raise/{name}")
def raise_it(name: str) -> None:
    """Raise one of the errors."""
    raise RAISED[name]


@router.post("/demo/size")
async def size(request: Request) -> int:
    """Return the size of the body."""
    return len(await request.body())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Return a client of the application with routes that fail."""
    root = tmp_path_factory.mktemp("problems")
    with open_client(root, routers=(router,), max_body_bytes=2048, max_upload_bytes=8192) as opened:
        yield opened


def assert_problem(answer, status: int, code: str) -> dict:
    """Check what every problem has, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status
    assert found["code"] == code
    assert found["type"] == f"urn:ddoc:problem:{code}"
    assert found["title"]
    assert found["detail"]
    assert found["request_id"] == answer.headers["x-request-id"]
    assert "/secret" not in answer.text
    assert "Traceback" not in answer.text
    return found


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("not-found", 404, "unknown-dataset"),
        ("invalid", 422, "invalid-input"),
        ("empty", 422, "empty-selection"),
        ("busy", 409, "workspace-busy"),
        ("stale", 412, "stale-version"),
        ("large", 413, "too-large"),
        ("full", 507, "disk-full"),
        ("damaged", 409, "damaged"),
        ("away", 503, "weights-missing"),
        ("plain", 500, "error"),
        ("enospc", 507, "disk-full"),
        ("oserror", 500, "internal-error"),
        ("bug", 500, "internal-error"),
    ],
)
def test_each_error_has_its_status_and_code(client: TestClient, name: str, status: int, code: str) -> None:
    found = assert_problem(client.get(f"/demo/raise/{name}"), status, code)
    assert found["instance"] == f"/demo/raise/{name}"


def test_the_facts_of_an_error_are_members_of_the_problem(client: TestClient) -> None:
    assert client.get("/demo/raise/busy").json()["job_id"] == "job-1"
    assert client.get("/demo/raise/large").json()["limit"] == "DDOC_MAX_UPLOAD_BYTES"
    assert client.get("/demo/raise/invalid").json()["errors"] == [
        {"pointer": "/size", "detail": "not a size"}
    ]


def test_unknown_routes_and_methods_are_problems(client: TestClient) -> None:
    assert_problem(client.get("/nowhere"), 404, "not-found")
    answer = client.put("/jobs")
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"
    assert_problem(client.get("/jobs/"), 404, "not-found")


def test_invalid_input_names_every_field(client: TestClient) -> None:
    answer = client.post("/demo/check?limit=11", json={"size": 0, "names": ["a", 1]})
    found = assert_problem(answer, 422, "invalid-input")
    assert {entry["pointer"] for entry in found["errors"]} == {"/query/limit", "/size", "/names/1"}
    assert all(entry["detail"] for entry in found["errors"])


def test_broken_json_is_invalid_input(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    assert_problem(client.post("/demo/check", content=b"{", headers=headers), 422, "invalid-input")


def test_an_id_that_is_none_is_invalid_input(client: TestClient) -> None:
    assert_problem(client.get("/jobs/..hidden"), 422, "invalid-id")
    assert_problem(client.get("/jobs/job-0000000000000000"), 404, "unknown-job")
    assert_problem(client.get("/jobs?cursor=%20"), 422, "invalid-cursor")
    assert_problem(client.get("/jobs?state=odd"), 422, "invalid-input")
    assert_problem(client.get("/jobs?limit=0"), 422, "invalid-input")


def test_a_request_id_is_kept_when_it_is_well_formed(client: TestClient) -> None:
    kept = client.get("/nowhere", headers={"X-Request-Id": "trace-12345678"})
    assert kept.headers["x-request-id"] == kept.json()["request_id"] == "trace-12345678"
    replaced = client.get("/health", headers={"X-Request-Id": "<script>"})
    assert replaced.headers["x-request-id"] not in {"", "<script>"}


def test_a_body_over_its_limit_is_refused_whatever_it_declares(client: TestClient) -> None:
    assert client.post("/demo/size", content=b"x" * 2048).json() == 2048
    assert_problem(client.post("/demo/size", content=b"x" * 2049), 413, "too-large")
    chunks = (b"x" * 1000 for _ in range(3))  # no Content-Length
    assert_problem(client.post("/demo/size", content=chunks), 413, "too-large")
    headers = {"Content-Type": "application/offset+octet-stream"}
    assert client.post("/demo/size", content=b"x" * 8192, headers=headers).json() == 8192
    assert_problem(client.post("/demo/size", content=b"x" * 8193, headers=headers), 413, "too-large")


def test_answers_are_not_sniffed_or_cached(client: TestClient) -> None:
    answer = client.get("/version")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_the_schema_describes_the_problem(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    problem = document["components"]["schemas"]["Problem"]
    assert {"type", "title", "status", "detail", "code"} <= set(problem["required"])
    not_found = document["paths"]["/jobs/{job_id}"]["get"]["responses"]["404"]
    assert list(not_found["content"]) == ["application/problem+json"]
