"""The HTTP client that the proxies share."""

import httpx

IDLE_SECONDS = 2.0


def make_client() -> httpx.AsyncClient:
    """Return a client for loopback upstreams: no overall time limit (events and `Prefer: wait` are slow answers).

    It gives an idle connection up well before the upstreams do (uvicorn: after 5 s). At equal times, a request now and
    then goes into a connection that is just being closed.
    """
    return httpx.AsyncClient(
        timeout=httpx.Timeout(None, connect=5.0),
        limits=httpx.Limits(
            max_connections=None, max_keepalive_connections=32, keepalive_expiry=IDLE_SECONDS
        ),
        follow_redirects=False,
        trust_env=False,
    )
