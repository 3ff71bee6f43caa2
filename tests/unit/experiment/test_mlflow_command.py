"""The MLflow server's command line and environment."""

from pathlib import Path

from ddoc.experiment.mlflow_server import DEFAULT_PORT, server_command, server_environment


def test_the_server_listens_on_loopback_with_its_store_below_mlruns() -> None:
    command = server_command(python="python", mlruns=Path("/srv/mlruns"))
    options = dict(zip(command[4::2], command[5::2], strict=False))
    assert command[:4] == ["python", "-m", "mlflow", "server"]
    assert options["--host"] == "127.0.0.1"
    assert options["--port"] == str(DEFAULT_PORT) == "5050"
    assert options["--workers"] == "1"
    assert options["--backend-store-uri"] == "sqlite:////srv/mlruns/mlflow.db"
    assert "--serve-artifacts" in command
    assert command[command.index("--artifacts-destination") + 1] == "/srv/mlruns/artifacts"
    assert command[command.index("--allowed-hosts") + 1] == "127.0.0.1:5050,localhost:5050"


def test_a_container_adds_its_own_name() -> None:
    command = server_command(python="python", mlruns=Path("m"), host="0.0.0.0", allowed_hosts=["mlflow:5050"])
    assert command[command.index("--allowed-hosts") + 1].endswith(",mlflow:5050")


def test_jobs_gateway_and_telemetry_are_off() -> None:
    environment = server_environment({"PATH": "/bin", "MLFLOW_ENABLE_AI_GATEWAY": "true"})
    assert environment["PATH"] == "/bin"
    assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert environment["MLFLOW_ENABLE_AI_GATEWAY"] == "false"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
