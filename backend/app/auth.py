"""Who may pass: a bearer token for scripts, a signed cookie for browsers. Everything is closed unless listed."""

import hashlib
import hmac
import time
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.app.problems import problem
from backend.app.settings import Settings

COOKIE: Final = "ddoc_session"
SESSION_SECONDS: Final = 30 * 24 * 3600
_OPEN: Final = frozenset({("GET", "/health"), ("POST", "/api/session"), ("GET", "/api/session")})
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Sessions:
    """Issues and checks session cookies, and burns the one-time login code.

    A cookie is `<expiry>.<mac>` with a key derived from the token: it survives a restart, and changing the token
    ends every session.
    """

    def __init__(self, token: str, login_code: str | None) -> None:
        self._token = token
        self._code = login_code
        self._key = hmac.digest(token.encode(), b"ddoc session v1", "sha256")

    def accepts_token(self, token: str) -> bool:
        """Tell whether `token` is the API's token, in constant time."""
        return hmac.compare_digest(token.encode(), self._token.encode())

    def redeem(self, code: str) -> bool:
        """Accept the one-time code once."""
        if self._code is None or not hmac.compare_digest(code.encode(), self._code.encode()):
            return False
        self._code = None
        return True

    def issue(self) -> str:
        """Return the value of a new session cookie."""
        expiry = str(int(time.time()) + SESSION_SECONDS)
        return f"{expiry}.{self._mac(expiry)}"

    def valid(self, cookie: str) -> bool:
        """Tell whether a cookie was issued here and has not expired."""
        expiry, _, mac = cookie.partition(".")
        if not expiry.isdecimal() or not hmac.compare_digest(mac, self._mac(expiry)):
            return False
        return int(expiry) > time.time()

    def _mac(self, expiry: str) -> str:
        return hmac.new(self._key, expiry.encode(), hashlib.sha256).hexdigest()


class Gate:
    """ASGI middleware in front of routing: checks host, credentials and, for browsers, the origin."""

    def __init__(self, app: ASGIApp, *, settings: Settings, sessions: Sessions | None) -> None:
        self._app = app
        self._hosts = settings.hosts
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer with a problem."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
            return
        status, code, detail = refusal
        await problem(status, code, detail, instance=scope["path"])(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if host_name(host) not in self._hosts:
            return 421, "unknown-host", "this server does not answer to that host name"
        method: str = scope["method"]
        foreign = self._foreign(headers, host)
        if method not in _SAFE and foreign:
            return 403, "foreign-origin", "state changes are accepted from this site only"
        if self._sessions is None or (method, scope["path"]) in _OPEN:
            return None
        scheme, _, credential = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if self._sessions.accepts_token(credential.strip()):
                return None
            return 401, "bad-token", "the bearer token is not valid"
        if not self._sessions.valid(session_cookie(headers)):
            return 401, "unauthenticated", "sign in, or send the token as `Authorization: Bearer …`"
        if method not in _SAFE and headers.get("origin") is None:
            return 403, "foreign-origin", "a request with a cookie must say which site it comes from"
        return None

    @staticmethod
    def _foreign(headers: Headers, host: str) -> bool:
        origin = headers.get("origin")
        return origin is not None and urlsplit(origin).netloc.lower() != host


def host_name(host: str) -> str:
    """Return the name in a Host header, without its port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def session_cookie(headers: Headers) -> str:
    """Return the session cookie of a request, or an empty string."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
