"""Streams a request to an upstream server and its answer back, buffering neither."""

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final

import httpx
from starlette.types import Message, Receive, Scope, Send

from backend.app.problems import problem

Headers = list[tuple[bytes, bytes]]

_HOP: Final = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer",
        b"transfer-encoding", b"upgrade", b"expect",
    }
)  # fmt: skip
_SETTLED: Final = frozenset(
    {b"authorization", b"cookie", b"host", b"origin", b"referer"}
)  # the gate checked these
_IDENTITY: Final = re.compile(rb"forwarded|x-forwarded-.*|x-real-ip|x-ddoc-.*|x-remote-.*")
_BAD_PATH: Final = re.compile(rb"\\|%5c|%00|%2f|%25|//|[\x00-\x20\x7f]", re.IGNORECASE)
_DOTS: Final = re.compile(rb"(^|/)(\.|%2e){1,2}(/|$)", re.IGNORECASE)


class Upstream:
    """A server that requests are forwarded to.

    `prepare` turns the headers of a request into those that are sent on; identity headers that a client could
    forge are stripped before it is called.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        *,
        name: str,
        prepare: Callable[[Headers, str, str], Headers],
    ) -> None:
        self._client = client
        self._base = base_url.rstrip("/")
        self._name = name
        self._prepare = prepare

    async def forward(self, scope: Scope, receive: Receive, send: Send, *, path: str) -> None:
        """Forward the request to `path` and stream the answer back.

        A client that leaves closes the upstream connection; an upstream that cannot be reached becomes a 502.
        """
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        if _BAD_PATH.search(raw) or _DOTS.search(raw):
            await problem(400, "bad-path", "the path holds characters that are not accepted")(
                scope, receive, send
            )
            return
        client = _Client(receive)
        pump = asyncio.create_task(client.pump())
        exchange = asyncio.create_task(self._exchange(scope, client, send, path=path))
        left = asyncio.create_task(client.left.wait())
        try:
            await asyncio.wait({exchange, left}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            unfinished: list[asyncio.Task[Any]] = [task for task in (pump, exchange, left) if not task.done()]
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        if not exchange.cancelled():
            exchange.result()

    async def _exchange(self, scope: Scope, client: "_Client", send: Send, *, path: str) -> None:
        query: bytes = scope["query_string"]
        target = path + (f"?{query.decode('latin-1')}" if query else "")
        request = self._client.build_request(
            scope["method"],
            self._base + target,
            headers=self._prepare(_forwardable(scope["headers"]), scope["method"], target),
            content=client.body() if _has_body(scope["headers"]) else None,
        )
        try:
            response = await self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            detail = f"{self._name} cannot be reached ({type(error).__name__})"
            answer = problem(502, "upstream-unavailable", detail, instance=scope["path"])
            await answer(scope, client.nothing, send)
            return
        try:
            headers = [(k.lower(), v) for k, v in response.headers.raw if k.lower() not in _HOP]
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            async for chunk in response.aiter_raw():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await response.aclose()


class _Client:
    """The one reader of what the client sends: its body, and later the news that it has left."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=4)
        self.left = asyncio.Event()

    async def pump(self) -> None:
        """Read until the client leaves. The queue is short, so a slow upstream slows the client down."""
        more = True
        while True:
            message: Message = await self._receive()
            if message["type"] == "http.disconnect":
                self.left.set()
                return
            if more:
                await self._pieces.put(message.get("body", b""))
                more = message.get("more_body", False)
                if not more:
                    await self._pieces.put(None)

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the body, piece by piece."""
        while (piece := await self._pieces.get()) is not None:
            if piece:
                yield piece

    async def nothing(self) -> Message:
        """Stand in for `receive` where the answer needs nothing from the client."""
        await self.left.wait()
        return {"type": "http.disconnect"}


def sign_for_service(token: str | None) -> Callable[[Headers, str, str], Headers]:
    """Return a `prepare` that drops the client's credentials and signs the hop to the service with `token`."""

    def prepare(headers: Headers, method: str, target: str) -> Headers:
        kept = [(k, v) for k, v in headers if k not in _SETTLED]
        if token is None:
            return kept
        timestamp = str(int(time.time()))
        message = f"{timestamp}\n{method}\n{target}".encode()
        signature = hmac.new(token.encode(), message, hashlib.sha256).hexdigest()
        return [
            *kept,
            (b"x-ddoc-timestamp", timestamp.encode()),
            (b"x-ddoc-signature", signature.encode()),
        ]

    return prepare


def without_credentials(headers: Headers, _method: str, _target: str) -> Headers:
    """Drop the client's credentials: the upstream needs none and must not see them."""
    return [(k, v) for k, v in headers if k not in _SETTLED]


def unchanged(headers: Headers, _method: str, _target: str) -> Headers:
    """Pass everything on: the upstream is the one that checks credentials."""
    return headers


def _forwardable(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return [(k, v) for k, v in headers if k not in _HOP and not _IDENTITY.fullmatch(k)]


def _has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(k == b"transfer-encoding" or (k == b"content-length" and v != b"0") for k, v in headers)
