"""The service is killed with SIGKILL in the middle of each kind of work; what was acknowledged is there afterwards."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures.make_data import make_yolo

ROOT = Path(__file__).parents[2]
ITEMS = 400
WAIT = {"Prefer": "wait=200"}


class Service:
    """A real service process on a root of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=240, trust_env=False)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'ddoc-workspace'}",
            "WORKSPACES_ROOT": str(self.folder / "workspaces"),
            "MLRUNS_ROOT": str(self.folder / "mlruns"),
            "DDOC_PORT": str(self.port),
        }
        environment.pop("DDOC_TOKEN", None)
        with (self.folder / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app"], env=environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if self.client.get("/ready").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError((self.folder / "service.log").read_text()[-3000:])

    def kill(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Kill it for good."""
        self.kill()
        self.client.close()

    def kill_during(self, job_id: str) -> None:
        """Kill the service as soon as the job has made some progress, and start it again."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            job = self.client.get(f"/jobs/{job_id}").json()
            assert job["state"] in {"queued", "running"}, job
            if job["state"] == "running" and job["progress"]["done"] > 0:
                break
            time.sleep(0.002)
        self.kill()
        self.start()

    def finished(self, job_id: str) -> Any:
        """Wait for the job and return its result."""
        deadline = time.monotonic() + 200
        while time.monotonic() < deadline:
            job = self.client.get(f"/jobs/{job_id}").json()
            if job["state"] not in {"queued", "running"}:
                assert job["state"] == "succeeded", job
                return job["result"]
            time.sleep(0.1)
        raise AssertionError(f"job {job_id} did not end")

    def post(self, path: str, **json: Any) -> Any:
        answer = self.client.post(path, json=json or None)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def done(self, path: str, **json: Any) -> Any:
        """Post, wait for the job, return its result."""
        answer = self.client.post(path, json=json or None, headers=WAIT)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "succeeded", answer.text
        return answer.json()["result"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    make_yolo(folder / "set", n=ITEMS, size=(160, 120))
    path = folder / "set.zip"
    with zipfile.ZipFile(path, "w") as out:
        for file in sorted((folder / "set").rglob("*")):
            if file.is_file():
                out.write(file, file.relative_to(folder / "set"))
    return path


@pytest.fixture(scope="module")
def template(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with one dataset and one workspace, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("template")
    service = Service(folder)
    service.start()
    with archive.open("rb") as file:
        job = service.client.post("/datasets", files={"file": ("set.zip", file)}, headers=WAIT).json()
    service.done("/workspace/create", workspace_id="ws", dataset_id=job["result"]["dataset_id"])
    service.close()
    return folder


@pytest.fixture
def service(template: Path, tmp_path: Path) -> Iterator[Service]:
    shutil.copytree(template / "workspaces", tmp_path / "workspaces", symlinks=True)
    running = Service(tmp_path)
    running.start()
    yield running
    running.close()


def data_of(service: Service) -> dict[str, str]:
    """Return the md5 of every file of the workspace's data."""
    data = service.folder / "workspaces" / "ws" / "data"
    return {
        str(p.relative_to(data)): hashlib.md5(p.read_bytes()).hexdigest()
        for p in data.rglob("*")
        if p.is_file()
    }


def dvc_status(service: Service) -> str:
    command = [sys.executable, "-m", "dvc", "status", "--quiet"]
    done = subprocess.run(
        command, cwd=service.folder / "workspaces" / "ws", capture_output=True, text=True, check=False
    )
    return "clean" if done.returncode == 0 else done.stdout + done.stderr


def test_an_ingest_is_finished_after_a_kill(archive: Path, tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.start()
    try:
        with archive.open("rb") as file:
            job = service.client.post("/datasets", files={"file": ("set.zip", file)}).json()
        service.kill_during(job["job_id"])
        dataset = service.finished(job["job_id"])
        assert dataset["items"] == ITEMS
        listed = service.client.get("/datasets").json()
        assert [d["dataset_id"] for d in listed["items"]] == [dataset["dataset_id"]]
        folders = [p.name for p in (tmp_path / "workspaces" / ".ddoc" / "datasets").iterdir()]
        assert folders == [dataset["dataset_id"]]
        assert not list((tmp_path / "workspaces" / ".ddoc" / "uploads").iterdir())
    finally:
        service.close()


def test_a_snapshot_is_taken_once_after_a_kill(service: Service) -> None:
    service.post("/workspace/ws/data/move", filter={"split": "val"}, target_split="holdout")
    job = service.post("/workspace/ws/snapshot", message="held out", alias="held")
    service.kill_during(job["job_id"])
    taken = service.finished(job["job_id"])
    listed = service.client.get("/workspace/ws/snapshots").json()
    assert [s["snapshot_id"] for s in listed["snapshots"]] == [taken["snapshot_id"], "v1"]
    assert taken["data"]["splits"]["holdout"] > 0
    assert dvc_status(service) == "clean"


def test_a_restore_is_finished_after_a_kill_and_unsaved_changes_are_kept(service: Service) -> None:
    before = data_of(service)
    service.post("/workspace/ws/data/move", filter={"split": "train"}, target_split="holdout")
    edited = data_of(service)
    job = service.post("/workspace/ws/snapshot/v1/restore")
    service.kill_during(job["job_id"])
    service.finished(job["job_id"])
    assert data_of(service) == before
    assert dvc_status(service) == "clean"
    autosaved = [s for s in service.client.get("/workspace/ws/snapshots").json()["snapshots"] if s["is_auto"]]
    assert len(autosaved) == 1
    service.done(f"/workspace/ws/snapshot/{autosaved[0]['snapshot_id']}/restore")
    assert data_of(service) == edited
    assert service.client.get("/workspace/ws/data/stats").json()["splits"].get("holdout")


def test_an_analysis_goes_on_where_it_was_after_a_kill(service: Service) -> None:
    job = service.post("/workspace/ws/analyze/attributes")
    service.kill_during(job["job_id"])
    result = service.finished(job["job_id"])
    assert result["state"] == "complete"
    assert result["items"] == ITEMS
    again = service.done("/workspace/ws/analyze/attributes")
    assert again["run"]["computed"] == 0


def test_an_edit_that_was_acknowledged_survives_a_kill_and_can_be_undone(service: Service) -> None:
    before = data_of(service)
    edit = service.post("/workspace/ws/data/remove", filter={"split": "val"})
    service.kill()
    service.start()
    assert service.client.get("/workspace/ws/data/stats").json()["splits"].get("val") is None
    undone = service.post("/workspace/ws/data/undo", edit_id=edit["edit_id"])
    assert undone["changed"] == edit["changed"]
    assert {k: v for k, v in data_of(service).items() if k != "dataset.yaml"} == {
        k: v for k, v in before.items() if k != "dataset.yaml"
    }


def test_looking_at_the_effect_of_a_restore_holds_nothing_up(service: Service) -> None:
    service.post("/workspace/ws/data/move", filter={"split": "val"}, target_split="holdout")
    previews = [service.post("/workspace/ws/snapshot/v1/restore", dry_run=True)["job_id"] for _ in range(3)]
    service.post("/workspace/ws/data/undo")
    effects = [service.finished(job_id) for job_id in previews]
    assert all(effect["restored"] == "v1" for effect in effects)
