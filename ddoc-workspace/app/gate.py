"""The one door of the service, outside routing: what is not let in here reaches no route, known or not.

In order: a request id for everything, the Host allow-list (against DNS rebinding), foreign origins (against
CSRF), credentials (deny by default; only /health is open), and a problem for whatever fails unexpectedly.
"""

import hashlib
import hmac
import logging
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import REQUEST_ID, internal_problem, problem, problem_response
from app.settings import Settings, is_loopback

OPEN_PATHS = frozenset({"/health"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SIGNATURE_WINDOW = 60
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_TOO_LARGE = "the request is larger than DDOC_MAX_BODY_BYTES or, for files, DDOC_MAX_UPLOAD_BYTES allows"
_log = logging.getLogger(__name__)


def sign(token: str, *, timestamp: str, method: str, target: str) -> str:
    """Return the backend hop's signature of a request; `target` is the path with its query as sent."""
    message = f"{timestamp}\n{method}\n{target}".encode()
    return hmac.new(token.encode(), message, hashlib.sha256).hexdigest()


class Gate:
    """ASGI middleware: see the module."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._token = settings.token_text
        self._hosts = frozenset(host.lower() for host in settings.allowed_hosts)
        self._max_body = settings.max_body_bytes
        self._max_upload = settings.max_upload_bytes
        self._origins = frozenset(origin.lower().rstrip("/") for origin in settings.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through or answer it with a problem."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        reset = REQUEST_ID.set(request_id)
        reply = _Reply(send, request_id)
        try:
            refusal = self._refusal(scope, headers)
            if refusal is not None:
                await _answer(refusal, scope, receive, reply)
            else:
                await self._app(scope, _Limited(receive, self._limit(headers)), reply)
        except Exception as error:
            if reply.started:
                _log.exception("the answer to %s %s broke off", scope["method"], scope["path"])
                raise
            await _answer(internal_problem(error, instance=scope["path"]), scope, receive, reply)
        finally:
            REQUEST_ID.reset(reset)

    def _refusal(self, scope: Scope, headers: Headers) -> dict[str, Any] | None:
        path = scope["path"]
        host = _host_name(headers.get("host", ""))
        if "*" not in self._hosts and host not in self._hosts:
            return problem(400, "host-not-allowed", "this Host is not in DDOC_ALLOWED_HOSTS", instance=path)
        length = headers.get("content-length", "0")
        limit = self._limit(headers)
        if length.isdigit() and int(length) > limit:
            return problem(413, "too-large", _TOO_LARGE, instance=path, facts={"limit": limit})
        signed = self._is_signed(scope, headers)
        if scope["method"] not in SAFE_METHODS and not signed and self._is_foreign(headers):
            return problem(
                403, "foreign-origin", "pages of another origin may not change anything here", instance=path
            )
        if path in OPEN_PATHS or signed or self._is_allowed(scope, headers):
            return None
        return problem(401, "unauthorized", "send `Authorization: Bearer` with DDOC_TOKEN", instance=path)

    def _limit(self, headers: Headers) -> int:
        """Return the most bytes that the request's body may have; files may be larger than documents."""
        kind = headers.get("content-type", "")
        is_file = kind.startswith(("multipart/form-data", "application/offset+octet-stream"))
        return self._max_upload if is_file else self._max_body

    def _is_allowed(self, scope: Scope, headers: Headers) -> bool:
        if not self._token:
            # Also when a server was told to listen elsewhere than the settings say: only this machine is let in.
            client = scope.get("client")
            return client is None or is_loopback(client[0])
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and _equal(given.strip(), self._token)

    def _is_signed(self, scope: Scope, headers: Headers) -> bool:
        signature = headers.get("x-ddoc-signature")
        timestamp = headers.get("x-ddoc-timestamp", "")
        if not self._token or signature is None or not re.fullmatch(r"[0-9]{1,12}", timestamp):
            return False
        if abs(time.time() - int(timestamp)) > SIGNATURE_WINDOW:
            return False
        expected = sign(self._token, timestamp=timestamp, method=scope["method"], target=_target(scope))
        return _equal(signature, expected)

    def _is_foreign(self, headers: Headers) -> bool:
        if headers.get("sec-fetch-site", "same-origin") == "cross-site":
            return True
        origin = headers.get("origin")
        if origin is None:
            return False
        origin = origin.lower().rstrip("/")
        own = headers.get("host", "").lower()
        return origin not in self._origins and origin not in {f"http://{own}", f"https://{own}"}


class _Limited:
    """Receives a body that may not grow over its limit, whatever length was declared."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, _TOO_LARGE)
        return message


class _Reply:
    """Sends the answer with the headers that every answer has."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._request_id
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


async def _answer(members: Mapping[str, Any], scope: Scope, receive: Receive, send: Send) -> None:
    headers = {"WWW-Authenticate": "Bearer"} if members["status"] == 401 else None
    await problem_response(members, headers)(scope, receive, send)


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())


def _host_name(host: str) -> str:
    host = host.lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _target(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (raw + (b"?" + query if query else b"")).decode("latin-1")
