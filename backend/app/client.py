"""The HTTP client that the proxies share."""

import httpx


def make_client() -> httpx.AsyncClient:
    """Return a client for loopback upstreams: no overall time limit (events and `Prefer: wait` are slow answers)."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(None, connect=5.0),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=32),
        follow_redirects=False,
        trust_env=False,
    )
