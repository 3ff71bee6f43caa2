"""How the MLflow server is started: the command line and the environment, as pure functions.

Beyond the tracking API, MLflow 3 would start job workers and an AI gateway: ten processes and 2.4 GB where two and
0.5 GB do. Both are switched off by environment variables, as is its telemetry.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

DEFAULT_PORT = 5050

SERVER_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_ENABLE_AI_GATEWAY": "false",
        "MLFLOW_ENABLE_REMOTE_ASSISTANT": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
)


def server_command(
    *,
    python: str,
    mlruns: Path,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    allowed_hosts: Sequence[str] = (),
    allowed_origins: Sequence[str] = (),
) -> list[str]:
    """Return the command that runs the server, with its SQLite store and its artifacts under `mlruns`.

    `python` is the interpreter that has mlflow. The loopback names are always allowed as Host; `allowed_hosts`
    adds others as `name:port` (a container reached as `mlflow:5050`, say). No origin may call from a browser but
    those in `allowed_origins`: browsers go through the backend.
    """
    folder = mlruns.absolute()
    hosts = [f"127.0.0.1:{port}", f"localhost:{port}", *allowed_hosts]
    return [
        *(python, "-m", "mlflow", "server", "--host", host, "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
        *("--serve-artifacts", "--artifacts-destination", str(folder / "artifacts")),
        *("--allowed-hosts", ",".join(hosts)),
        *("--cors-allowed-origins", ",".join(allowed_origins) or f"http://127.0.0.1:{port}"),
        *("--x-frame-options", "DENY"),
    ]


def server_environment(base: Mapping[str, str]) -> dict[str, str]:
    """Return `base` with what the server must not do switched off."""
    return {**base, **SERVER_SETTINGS}
