"""`python -m app`: the service, with settings from the environment."""

import signal
import sys
from types import FrameType

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from app.main import RootInUseError, create_app, sole_service
from app.problems import REQUEST_ID
from app.settings import Settings
from app.telemetry import configure_logging


class Server(uvicorn.Server):
    """A server whose event streams end when it is told to stop, so that stopping waits for no reader."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; streams are told first."""
        services = getattr(getattr(self.config.app, "state", None), "services", None)
        if services is not None:
            services.jobs.end_streams()
        super().handle_exit(sig, frame)


def main() -> int:
    """Run the service until it is told to stop. Returns the exit status."""
    try:
        settings = Settings()
    except ValidationError as error:
        reasons = "; ".join(entry["msg"] for entry in error.errors())
        print(f"ddoc-workspace: the settings cannot be used: {reasons}", file=sys.stderr)  # noqa: T201
        return 2
    configure_logging(level=settings.log_level, form=settings.log_format, request_id=REQUEST_ID.get)
    try:
        with sole_service(settings.state_folder):
            pass  # a clear message now instead of a traceback out of the lifespan
    except RootInUseError as error:
        print(f"ddoc-workspace: {error}", file=sys.stderr)  # noqa: T201
        return 3
    return serve(create_app(settings), settings)


def serve(app: FastAPI, settings: Settings) -> int:
    """Serve `app` until TERM or INT comes. Returns the exit status: 0 unless it could not start."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )
    server = Server(config)
    # uvicorn raises the signal again after a clean stop, for the handlers that were here before its own.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
