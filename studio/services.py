"""The four services of a native run: how each is started and where it answers."""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from ddoc.experiment.mlflow_server import server_command, server_environment
from studio.settings import REPOSITORY, Settings


@dataclass(frozen=True, slots=True)
class Service:
    """One process of the studio. `port_setting` names the setting that moves it to another port."""

    name: str
    command: str
    environment: Mapping[str, str]
    port: int
    port_setting: str
    health: str


def services(settings: Settings, *, token: str, login_code: str) -> list[Service]:
    """Return the services in the order of their dependencies."""
    mlflow_url = f"http://127.0.0.1:{settings.mlflow_port}"
    shared = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONUNBUFFERED": "1",
        "WORKSPACES_ROOT": str(settings.workspaces.absolute()),
        "MLRUNS_ROOT": str(settings.mlruns.absolute()),
        "MLFLOW_TRACKING_URI": mlflow_url,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DVC_NO_ANALYTICS": "1",
        "DDOC_TOKEN": token,
        "DDOC_PORT": str(settings.service_port),
    }
    web = {
        **shared,
        "DDOC_SERVICE_URL": f"http://127.0.0.1:{settings.service_port}",
        "BACKEND_URL": f"http://127.0.0.1:{settings.backend_port}",
        "DDOC_LOGIN_CODE": login_code,
    }
    mlflow = server_command(python=sys.executable, mlruns=settings.mlruns, port=settings.mlflow_port)
    return [
        Service(
            "mlflow",
            shlex.join(mlflow),
            server_environment(shared),
            settings.mlflow_port,
            "MLFLOW_PORT",
            "/health",
        ),
        Service(
            "ddoc-workspace", _python("-m", "app"), shared, settings.service_port, "DDOC_PORT", "/health"
        ),
        Service(
            "backend",
            _uvicorn("main", settings.backend_port),
            web,
            settings.backend_port,
            "BACKEND_PORT",
            "/health",
        ),
        Service("frontend", _uvicorn("ui", settings.ui_port), web, settings.ui_port, "FRONTEND_PORT", "/"),
    ]


def _python(*arguments: str) -> str:
    return shlex.join(["exec", sys.executable, *arguments]).replace("'exec'", "exec")


def _uvicorn(module: str, port: int) -> str:
    return _python(
        *("-m", "uvicorn", "--factory", f"backend.app.{module}:from_env", "--host", "127.0.0.1"),
        *(
            "--port",
            str(port),
            "--no-access-log",
            "--log-level",
            "warning",
            "--timeout-graceful-shutdown",
            "3",
        ),
    )
