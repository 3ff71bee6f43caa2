"""What the service tells about itself: log lines and Prometheus metrics."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of one service, in a registry of its own."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram

    @classmethod
    def create(cls) -> "Metrics":
        """Return new metrics."""
        registry = CollectorRegistry()
        return cls(
            registry=registry,
            requests=Counter(
                "ddoc_http_requests_total",
                "Answered requests.",
                ("method", "route", "status"),
                registry=registry,
            ),
            seconds=Histogram(
                "ddoc_http_request_seconds",
                "Time until an answer began, in seconds.",
                ("method", "route"),
                registry=registry,
                buckets=_BUCKETS,
            ),
        )


class Measured:
    """ASGI middleware that counts and times requests by route."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and measure when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                self._metrics.seconds.labels(scope["method"], route).observe(time.perf_counter() - began)
                self._metrics.requests.labels(scope["method"], route, str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, measured)


def configure_logging(*, level: str, form: str, request_id: Callable[[], str]) -> None:
    """Send all log lines to standard error as text or JSON, each with the id of the request that caused it."""

    def add_request_id(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        if found := request_id():
            event["request_id"] = found
        return event

    before: list[Any] = [
        add_request_id,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    json_form: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    text_form: list[Any] = [structlog.dev.ConsoleRenderer(colors=False)]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *(json_form if form == "json" else text_form),
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for talkative in ("alembic", "httpx"):
        logging.getLogger(talkative).setLevel(max(root.level, logging.WARNING))
