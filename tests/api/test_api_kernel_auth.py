"""Who is let in: nobody without credentials, no foreign host, no foreign page."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.gate import sign
from tests.api.kernel_client import open_client

TOKEN = "a-secret-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Return a client of an application that asks for a token."""
    with open_client(tmp_path_factory.mktemp("auth"), token=TOKEN) as opened:
        yield opened


def signed(method: str, target: str, *, at: float | None = None, token: str = TOKEN) -> dict[str, str]:
    """Return the headers of a request that the backend has signed."""
    timestamp = str(int(time.time() if at is None else at))
    signature = sign(token, timestamp=timestamp, method=method, target=target)
    return {"X-Ddoc-Timestamp": timestamp, "X-Ddoc-Signature": signature}


def test_every_route_but_health_is_closed_without_a_token(client: TestClient) -> None:
    document = client.get("/openapi.json", headers=BEARER).json()
    walked = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    walked |= {
        (method, route.path)
        for route in client.app.routes  # type: ignore[attr-defined]
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    walked |= {
        ("GET", "/openapi.json"),
        ("GET", "/no/such/route"),
        ("DELETE", "/health/x"),
        ("OPTIONS", "/jobs"),
    }
    assert len(walked) > 10
    for method, path in walked - {("GET", "/health")}:
        answer = client.request(method, re.sub(r"{[^}]*}", "x", path))
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"] == "Bearer"
        if method != "HEAD":
            assert answer.json()["code"] == "unauthorized"
    assert client.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer \u00e9"],
)
def test_a_wrong_credential_is_refused(client: TestClient, header: str) -> None:
    answer = client.get("/version", headers={"Authorization": header.encode()})
    assert answer.status_code == 401


def test_the_token_opens(client: TestClient) -> None:
    assert client.get("/version", headers=BEARER).status_code == 200
    assert client.get("/version", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200


def test_the_backends_signature_opens_for_its_request_only(client: TestClient) -> None:
    headers = signed("GET", "/jobs?limit=5")
    assert client.get("/jobs?limit=5", headers=headers).status_code == 200
    assert client.get("/jobs?limit=6", headers=headers).status_code == 401
    assert client.get("/version", headers=headers).status_code == 401
    assert client.request("POST", "/jobs?limit=5", headers=headers).status_code == 401


@pytest.mark.parametrize("age", [-120, 120])
def test_an_old_or_future_signature_is_refused(client: TestClient, age: int) -> None:
    assert client.get("/version", headers=signed("GET", "/version", at=time.time() + age)).status_code == 401


def test_a_signature_with_another_key_or_a_broken_time_is_refused(client: TestClient) -> None:
    assert client.get("/version", headers=signed("GET", "/version", token="other")).status_code == 401
    broken = signed("GET", "/version") | {"X-Ddoc-Timestamp": "now"}
    assert client.get("/version", headers=broken).status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.nip.io:5001"])
def test_a_foreign_host_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/health", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (400, "host-not-allowed")


@pytest.mark.parametrize("host", ["localhost:5001", "127.0.0.1", "[::1]:5001", "LOCALHOST"])
def test_names_of_this_machine_are_allowed_hosts(client: TestClient, host: str) -> None:
    assert client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:1", "https://localhost.evil"]
)
def test_a_foreign_page_changes_nothing(client: TestClient, origin: str) -> None:
    answer = client.post("/jobs/x/cancel", headers=BEARER | {"Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign-origin")
    assert client.get("/jobs", headers=BEARER | {"Origin": origin}).status_code == 200


def test_the_own_page_and_the_backend_may_change(client: TestClient) -> None:
    own = client.post("/jobs/x/cancel", headers=BEARER | {"Origin": "http://localhost"})
    assert own.json()["code"] == "unknown-job"
    headers = signed("POST", "/jobs/x/cancel") | {"Origin": "http://studio.example:3000"}
    assert client.post("/jobs/x/cancel", headers=headers).json()["code"] == "unknown-job"
    cross = client.post("/jobs/x/cancel", headers=BEARER | {"Sec-Fetch-Site": "cross-site"})
    assert cross.json()["code"] == "foreign-origin"


def test_without_a_token_only_this_machine_is_let_in(tmp_path: Path) -> None:
    with open_client(tmp_path) as local:
        assert local.get("/version").status_code == 200
        far = TestClient(local.app, base_url="http://localhost", client=("192.0.2.7", 1234))
        assert far.get("/version").status_code == 401
        assert far.get("/health").status_code == 200
