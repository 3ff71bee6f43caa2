"""A real service process, killed with -9 in the middle of a run and started again: the training goes on."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddoc.paths import Layout
from tests.fixtures.make_data import make_yolo
from tests.fixtures.mlflow_server import shared_server
from tests.jobs.conftest import DemoService, wait_until

pytestmark = pytest.mark.slow
STEPS = 60
CODE = f"""
import ddoc, os, time
def train(dataset_path, output_dir):
    print("pid", os.getpid())
    for step in range({STEPS}):
        ddoc.report(step, loss=step); print("step", step); time.sleep(0.1)
    return {{"metrics": {{"done": 1}}}}
"""


@pytest.fixture
def training_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoService]:
    make_yolo(tmp_path / "import" / "set", n=6)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", shared_server().uri)
    monkeypatch.setenv("DDOC_IMPORT_ROOTS", str(tmp_path / "import"))
    demo = DemoService(tmp_path / "workspaces")
    demo.start()
    yield demo
    if demo.process is not None and demo.process.poll() is None:
        demo.stop()
    demo.client.close()


def start_training(service: DemoService, tmp_path: Path, workspace: str) -> tuple[str, Path]:
    """Make a workspace with a trainer and start a run. Returns (job id, folder of runs) once it trains."""
    body = {"name": workspace, "path": str(tmp_path / "import" / "set")}
    made = service.ended(service.client.post("/workspace/create", json=body).json()["job_id"], seconds=90)
    assert made["state"] == "succeeded", made
    layout = Layout(service.root / workspace)
    trainer = layout.trainers / "steady"
    trainer.mkdir(parents=True)
    (trainer / "train.py").write_text(CODE)
    (trainer / "config.yaml").write_text("dry_run: false")
    job = service.client.post(f"/workspace/{workspace}/experiment/run", json={"trainer": "steady"}).json()
    wait_until(lambda: any(layout.runs.glob("*/report/metrics.jsonl")), seconds=30)
    return job["job_id"], layout.runs


def test_a_run_goes_on_through_many_kills_of_the_service(
    training_service: DemoService, tmp_path: Path
) -> None:
    service = training_service
    job_id, _ = start_training(service, tmp_path, f"kills-{time.time_ns()}")
    for pause in (0.0, 0.3, 0.7):
        service.kill()
        service.start()
        time.sleep(pause)
    ended = service.ended(job_id, seconds=60)
    assert ended["state"] == "succeeded", ended
    assert ended["attempt"] > 1
    run = ended["result"]
    assert run["metrics"]["done"] == 1
    base = f"/workspace/{ended['workspace_id']}/experiment/{run['experiment_id']}"
    log = service.client.get(f"{base}/log").text.splitlines()
    assert log[0].startswith("pid ")  # one process from first to last
    assert log[1:] == [f"step {step}" for step in range(STEPS)]
    detail = service.client.get(base).json()
    assert [p["step"] for p in detail["histories"]["loss"]] == list(range(STEPS))
    listed = service.client.get(f"/workspace/{ended['workspace_id']}/experiments").json()
    assert [r["experiment_id"] for r in listed["experiments"]] == [run["experiment_id"]]


def test_a_service_that_is_stopped_leaves_its_run_alone(
    training_service: DemoService, tmp_path: Path
) -> None:
    service = training_service
    job_id, runs = start_training(service, tmp_path, f"stops-{time.time_ns()}")
    assert service.stop() == 0
    metrics = next(runs.glob("*/report/metrics.jsonl"))
    before = metrics.stat().st_size
    wait_until(lambda: metrics.stat().st_size > before, seconds=5)
    service.start()
    ended = service.ended(job_id, seconds=60)
    assert ended["state"] == "succeeded", ended
