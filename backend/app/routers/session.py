"""Signing a browser in and out, and the backend's own health."""

from json import JSONDecodeError
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from backend.app.auth import COOKIE, SESSION_SECONDS, Sessions, session_cookie
from backend.app.problems import problem


def routes(sessions: Sessions | None) -> list[BaseRoute]:
    """Return the routes; `sessions` is None where no token is set and everything is open to this machine."""

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def state(request: Request) -> Response:
        signed_in = sessions is None or sessions.valid(session_cookie(request.headers))
        return JSONResponse({"signed_in": signed_in, "required": sessions is not None})

    async def sign_in(request: Request) -> Response:
        if sessions is None:
            return JSONResponse({"signed_in": True, "required": False})
        body = await _json(request)
        token, code = body.get("token"), body.get("code")
        accepted = (isinstance(code, str) and sessions.redeem(code)) or (
            isinstance(token, str) and sessions.accepts_token(token.strip())
        )
        if not accepted:
            return problem(401, "bad-token", "the token or code is not valid, or the code was used already")
        answer = JSONResponse({"signed_in": True, "required": True})
        answer.set_cookie(
            COOKIE,
            sessions.issue(),
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    async def sign_out(_request: Request) -> Response:
        answer = Response(status_code=204)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return [
        Route("/health", health, methods=["GET"]),
        Route("/api/session", state, methods=["GET"]),
        Route("/api/session", sign_in, methods=["POST"]),
        Route("/api/session", sign_out, methods=["DELETE"]),
    ]


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except (JSONDecodeError, UnicodeDecodeError):
        return {}
    return body if isinstance(body, dict) else {}
