"""The backend against a real upstream server on a real socket."""

import asyncio
import hashlib
import hmac
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import uvicorn

from backend.app.client import IDLE_SECONDS, make_client
from backend.app.main import create_app
from backend.app.settings import Settings
from backend.app.ui import create_app as create_ui

TOKEN = "correct-horse"


class Upstream:
    """An ASGI service that tells what it saw."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.disconnected = threading.Event()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        size, digest, more = 0, hashlib.sha256(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected.set()
                return
            size += len(message.get("body", b""))
            digest.update(message.get("body", b""))
            more = message.get("more_body", False)
        self.seen.append(
            {"path": scope["path"], "query": scope["query_string"].decode(), "method": scope["method"],
             "headers": headers, "size": size, "digest": digest.hexdigest()}
        )  # fmt: skip
        if scope["path"] == "/events":
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [(b"content-type", b"text/event-stream")],
                }
            )
            for n in range(3):
                await send(
                    {"type": "http.response.body", "body": f"data: {n}\n\n".encode(), "more_body": True}
                )
                await asyncio.sleep(0.3)
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["path"] == "/jobs/slow":
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected.set()
            return
        status = 409 if scope["path"] == "/workspace/busy/status" else 200
        kind = b"application/problem+json" if status == 409 else b"application/json"
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", kind), (b"location", b"/jobs/1")],
            }
        )
        await send(
            {"type": "http.response.body", "body": b'{"code":"workspace-busy"}' if status == 409 else b"{}"}
        )


@contextmanager
def serving(app: Any) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def backend(upstream: Upstream) -> Iterator[str]:
    with serving(upstream) as service:
        settings = Settings(DDOC_SERVICE_URL=service, DDOC_TOKEN=TOKEN, DDOC_LOGIN_CODE="once")
        with serving(create_app(settings)) as url:
            yield url


@pytest.fixture
def client(backend: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=backend, headers={"authorization": f"Bearer {TOKEN}"}) as c:
        yield c


def test_a_path_keeps_its_query_and_its_korean_name(client: httpx.Client, upstream: Upstream) -> None:
    assert (
        client.get("/api/workspace/x/data/items", params={"class_filter": "적혈구", "limit": 2}).status_code
        == 200
    )
    assert upstream.seen[0]["path"] == "/workspace/x/data/items"
    assert "%EC%A0%81" in upstream.seen[0]["query"]


def test_a_large_upload_arrives_whole(client: httpx.Client, upstream: Upstream) -> None:
    block = b"x" * 65536
    client.post("/api/datasets", content=(block for _ in range(320)))
    assert upstream.seen[0]["size"] == 320 * 65536
    assert upstream.seen[0]["digest"] == hashlib.sha256(block * 320).hexdigest()


def test_events_arrive_one_by_one(client: httpx.Client) -> None:
    arrivals = []
    with client.stream("GET", "/api/events") as response:
        for chunk in response.iter_raw():
            arrivals.append((chunk, time.monotonic()))
    assert b"".join(c for c, _ in arrivals) == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"
    assert arrivals[-1][1] - arrivals[0][1] > 0.4


def test_a_problem_passes_through_unchanged(client: httpx.Client) -> None:
    answer = client.get("/api/workspace/busy/status")
    assert (answer.status_code, answer.json()) == (409, {"code": "workspace-busy"})
    assert answer.headers["content-type"] == "application/problem+json"


def test_credentials_and_forged_identity_stay_behind_and_the_hop_is_signed(
    client: httpx.Client, upstream: Upstream
) -> None:
    client.get(
        "/api/workspaces?limit=1",
        headers={"x-forwarded-for": "1.2.3.4", "x-ddoc-user": "admin", "cookie": "a=b"},
    )
    headers = upstream.seen[0]["headers"]
    assert not {"authorization", "cookie", "x-forwarded-for", "x-ddoc-user"} & set(headers)
    assert headers["host"] not in client.base_url.netloc.decode()
    message = f"{headers['x-ddoc-timestamp']}\nGET\n/workspaces?limit=1".encode()
    assert headers["x-ddoc-signature"] == hmac.new(TOKEN.encode(), message, hashlib.sha256).hexdigest()


def test_a_client_that_leaves_ends_the_request_upstream(client: httpx.Client, upstream: Upstream) -> None:
    with pytest.raises(httpx.ReadTimeout):
        client.get("/api/jobs/slow", timeout=0.3)
    assert upstream.disconnected.wait(5)


@pytest.mark.parametrize(
    "path",
    [
        "/api/metrics",
        "/api/internal/x",
        "/api",
        "/api/",
        "/nothing",
        "/docs",
        "/openapi.json",
        "/mlflow/api/2.0/mlflow/runs/delete",
    ],
)
def test_what_is_not_listed_does_not_exist(client: httpx.Client, upstream: Upstream, path: str) -> None:
    answer = client.get(path) if "delete" not in path else client.post(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown-route"
    assert upstream.seen == []


@pytest.mark.parametrize(
    "path",
    [
        "/api/workspace/%2e%2e/status",
        "/api/workspace/..%2f..%2fx/status",
        "/api/workspace/a%5cb/status",
        "/api/workspaces//x",
        "/api/workspace/%00/status",
        "/api/workspace/%252e/status",
    ],
)
def test_a_path_that_would_escape_is_refused(backend: str, upstream: Upstream, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
    assert b" 400 " in raw_request(backend, request).split(b"\r\n")[0]
    assert upstream.seen == []


def raw_request(url: str, request: str) -> bytes:
    import socket

    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(request.encode())
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_without_credentials_everything_is_closed(backend: str, upstream: Upstream) -> None:
    for path in ("/api/workspaces", "/api/health", "/mlflow/", "/nothing"):
        answer = httpx.get(backend + path)
        assert answer.status_code == 401, path
        assert answer.headers["content-type"] == "application/problem+json"
    assert (
        httpx.get(backend + "/api/workspaces", headers={"authorization": "Bearer wrong"}).status_code == 401
    )
    assert upstream.seen == []
    assert httpx.get(backend + "/health").status_code == 200


def test_the_login_code_works_once_and_the_cookie_needs_the_same_origin(backend: str) -> None:
    with httpx.Client(base_url=backend) as browser:
        assert browser.post("/api/session", json={"code": "once"}).status_code == 200
        assert browser.get("/api/workspaces").status_code == 200
        assert browser.post("/api/jobs/1/cancel").json()["code"] == "foreign-origin"
        assert (
            browser.post("/api/jobs/1/cancel", headers={"origin": "http://evil.example"}).status_code == 403
        )
        assert browser.post("/api/jobs/1/cancel", headers={"origin": backend}).status_code == 200
    assert httpx.post(backend + "/api/session", json={"code": "once"}).status_code == 401
    assert httpx.post(backend + "/api/session", json={"token": TOKEN}).status_code == 200


def test_a_foreign_host_name_is_refused(client: httpx.Client) -> None:
    assert client.get("/api/workspaces", headers={"host": "rebind.example"}).status_code == 421


def test_a_service_that_is_down_is_a_502_problem() -> None:
    settings = Settings(DDOC_SERVICE_URL="http://127.0.0.1:9", DDOC_TOKEN=TOKEN)
    with serving(create_app(settings)) as url:
        answer = httpx.get(url + "/api/workspaces", headers={"authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream-unavailable")


def test_an_idle_connection_is_given_up_before_a_server_closes_it() -> None:
    assert uvicorn.Config("unused").timeout_keep_alive > 2 * IDLE_SECONDS
    assert asyncio.run(connections_for(pause=0.0)) == 1
    assert asyncio.run(connections_for(pause=IDLE_SECONDS + 0.5)) == 2


async def connections_for(*, pause: float) -> int:
    """Return how many connections two requests take with a pause between them."""
    opened: list[object] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            opened.append(self.client_address)

        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        async with make_client() as client:
            for wait in (0.0, pause):
                await asyncio.sleep(wait)
                await client.get(f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
    return len(opened)


def test_an_open_address_without_a_token_refuses_to_start() -> None:
    with pytest.raises(ValueError, match="DDOC_TOKEN"):
        Settings(BACKEND_HOST="0.0.0.0", DDOC_TOKEN=None)


def test_the_ui_serves_its_page_for_routes_and_404_for_missing_assets(tmp_path: Any, backend: str) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>ddoc</title>")
    (tmp_path / "assets" / "a-1234.js").write_text("1")
    ui = create_ui(Settings(BACKEND_URL=backend, FRONTEND_DIST=tmp_path))
    with serving(ui) as url:
        page = httpx.get(url + "/w/x/data")
        assert "<title>ddoc</title>" in page.text
        assert page.headers["cache-control"] == "no-cache"
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert "immutable" in httpx.get(url + "/assets/a-1234.js").headers["cache-control"]
        assert httpx.get(url + "/assets/b-5678.js").status_code == 404
        assert httpx.get(url + "/nothing").status_code == 404
        assert httpx.get(url + "/api/workspaces").status_code == 401
        headers = {"authorization": f"Bearer {TOKEN}", "origin": url}
        assert httpx.post(url + "/api/jobs/1/cancel", headers=headers).status_code == 200
