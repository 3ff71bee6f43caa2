"""The compose file and the Dockerfiles say what is true: every path, port and variable in them exists."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings as ServiceSettings
from backend.app.settings import Settings as BackendSettings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILES = {
    "ddoc-workspace": ROOT / "ddoc-workspace" / "Dockerfile",
    "backend": ROOT / "backend" / "Dockerfile",
    "frontend": ROOT / "frontend" / "Dockerfile",
}
FROM_ELSEWHERE = {
    "PYTHONUNBUFFERED",
    "DVC_NO_ANALYTICS",
    "MLFLOW_DISABLE_TELEMETRY",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION",
    "MLFLOW_ENABLE_AI_GATEWAY",
}


def known_variables() -> set[str]:
    names = set(FROM_ELSEWHERE)
    for settings in (ServiceSettings, BackendSettings):
        for field in settings.model_fields.values():
            names |= {str(a) for a in (field.alias, field.validation_alias) if isinstance(a, str)}
    return names


def test_the_compose_file_fits_the_compose_specification() -> None:
    check = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        "docker-compose.yml",
    ]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_four_services_of_the_plan_are_there_with_their_ports_and_volumes() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"ddoc-workspace", "backend", "frontend", "mlflow"}
    assert services["ddoc-workspace"]["ports"] == ["127.0.0.1:5001:5000"]
    assert services["mlflow"]["ports"] == ["127.0.0.1:5050:5050"]
    assert services["backend"]["ports"] == ["127.0.0.1:8000:8000"]
    assert services["frontend"]["ports"] == ["127.0.0.1:3000:3000"]
    mounts = {m for s in services.values() for m in s.get("volumes", [])}
    assert mounts == {
        "./workspaces:/workspaces",
        "./mlruns:/mlruns",
        "./dvc_storage:/dvc_storage",
        "./models:/models:ro",
    }


def test_every_folder_that_is_mounted_or_built_exists() -> None:
    for service in COMPOSE["services"].values():
        for mount in service.get("volumes", []):
            assert (ROOT / mount.split(":")[0]).is_dir(), mount
        build = service["build"]
        context = ROOT / (build if isinstance(build, str) else build["context"])
        dockerfile = "Dockerfile" if isinstance(build, str) else build.get("dockerfile", "Dockerfile")
        assert (context / dockerfile).is_file()


def test_every_variable_that_is_set_is_one_that_somebody_reads() -> None:
    known = known_variables()
    for name, service in COMPOSE["services"].items():
        assert set(service["environment"]) <= known, name
    for name, file in DOCKERFILES.items():
        set_here = set(re.findall(r"\b([A-Z][A-Z_]+)=", " ".join(_env_lines(file))))
        assert set_here <= known, name


def _env_lines(file: Path) -> list[str]:
    text = file.read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.startswith("ENV ")]


@pytest.mark.parametrize("name", DOCKERFILES)
def test_every_path_that_is_copied_exists(name: str) -> None:
    context = ROOT if name == "frontend" else DOCKERFILES[name].parent
    for line in DOCKERFILES[name].read_text().splitlines():
        if not line.startswith("COPY ") or "--from=" in line:
            continue
        for source in line.split()[1:-1]:
            assert (context / source).exists(), line


@pytest.mark.parametrize("name", DOCKERFILES)
def test_images_are_pinned_healthy_and_run_as_a_user(name: str) -> None:
    text = DOCKERFILES[name].read_text()
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        assert ":" in image
        assert not image.endswith(":latest")
    last_user = re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1]
    assert last_user != "root"
    assert "HEALTHCHECK" in text


def test_a_port_that_an_image_exposes_is_the_one_that_is_published() -> None:
    for name, file in DOCKERFILES.items():
        exposed = re.findall(r"^EXPOSE (\d+)", file.read_text(), re.MULTILINE)
        published = [p.rsplit(":", 1)[1] for p in COMPOSE["services"][name]["ports"]]
        assert exposed == published


def test_the_packages_that_an_image_can_be_built_with_are_locked() -> None:
    dockerfile = DOCKERFILES["ddoc-workspace"].read_text()
    assert "requirements/$PACKAGES.lock" in dockerfile
    default = re.findall(r"^ARG PACKAGES=(\w+)$", dockerfile, re.MULTILINE)
    build = COMPOSE["services"]["ddoc-workspace"]["build"]
    assert build["args"] == {"PACKAGES": f"${{DDOC_PACKAGES:-{default[0]}}}"}
    locks = {file.stem for file in (ROOT / "ddoc-workspace" / "requirements").glob("*.lock")}
    assert {default[0], "int8"} <= locks


def test_nothing_is_published_beyond_this_machine() -> None:
    for service in COMPOSE["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
