"""Runs of a real workspace on a real MLflow server: status, metrics, artifacts, stop, restart, outage."""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ddoc.core.mlflow_experiment_service import MLflowExperimentService
from ddoc.core.workspace_service import WorkspaceService
from ddoc.errors import CancelledError, InvalidInputError, NotFoundError, UnavailableError
from ddoc.experiment.launcher import liveness, shim_identity
from ddoc.experiment.runner.folder import RunFolder
from ddoc.experiment.runs import Run, RunFailedError, RunRequest
from ddoc.paths import Layout
from tests.fixtures.make_data import make_root
from tests.fixtures.mlflow_server import Door, shared_server

GOOD = """
import ddoc, json
from pathlib import Path
def train(dataset_path, output_dir, epochs=3, rate=0.5):
    for step in range(epochs):
        ddoc.report(step, loss=1 / (step + 1))
    (output_dir / "model.bin").write_bytes(b"weights")
    (output_dir / "notes.txt").write_text("fine")
    print("trained with", rate)
    return {"model_path": "model.bin", "metrics": {"score": 0.75}, "artifacts": [output_dir / "notes.txt"]}
"""
SLOW = """
import ddoc, time
def train(dataset_path, output_dir):
    for step in range(600):
        ddoc.report(step, loss=step); print("step", step); time.sleep(0.05)
    return {}
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("source")
    make_root(root, n=12)
    return root


@pytest.fixture
def service(tmp_path: Path, source: Path) -> Iterator[MLflowExperimentService]:
    root = tmp_path / f"ws-{tmp_path.name[-20:].strip('_')}-{time.time_ns()}"
    WorkspaceService().init_workspace(root, source=source, name="Test")
    found = MLflowExperimentService(root, tracking_uri=shared_server().uri)
    yield found
    found.close()


def root_of(service: MLflowExperimentService) -> Path:
    return service._layout.root


def add_trainer(
    service: MLflowExperimentService, code: str, *, config: str = "dry_run: false", name: str = "t"
) -> None:
    folder = Layout(root_of(service)).trainers / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.py").write_text(code)
    (folder / "config.yaml").write_text(config)


def in_mlflow(service: MLflowExperimentService, run_id: str) -> Any:
    return service._tracking.run(run_id)


def start_in_thread(
    service: MLflowExperimentService, request: RunRequest, job_id: str
) -> tuple[str, threading.Thread]:
    run_id = service.prepare(request, job_id=job_id)
    thread = threading.Thread(target=service.follow, args=(run_id,), daemon=True)
    thread.start()
    folder = RunFolder(Layout(root_of(service)).runs / run_id)
    deadline = time.monotonic() + 20
    while liveness(folder) != "running" or not folder.metrics.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return run_id, thread


def join(thread: threading.Thread) -> None:
    """Wait until a run is no longer followed."""
    thread.join(90)
    assert not thread.is_alive()


def test_a_run_is_a_run_of_mlflow_with_metrics_model_and_dataset(service: MLflowExperimentService) -> None:
    add_trainer(service, GOOD)
    run = service.run_experiment(RunRequest("t", params={"rate": 0.25}, name="first"), job_id="job-1")
    assert run.state == "succeeded"
    assert run.metrics == {"score": 0.75, "loss": pytest.approx(1 / 3)}
    assert run.snapshot_id == "v1"
    assert run.isolation["new_privileges"] is False
    tracked = in_mlflow(service, run.experiment_id)
    assert tracked.status == "FINISHED"
    assert tracked.tags["ddoc.snapshot_id"] == "v1"
    assert tracked.tags["ddoc.data_hash"] == run.data_hash
    assert tracked.params == {"rate": "0.25"}
    detail = service.get_experiment(run.experiment_id)
    assert [p.step for p in detail.histories["loss"]] == [0, 1, 2]
    assert {a.path for a in detail.artifacts} == {
        "model/model.bin",
        "artifacts/notes.txt",
        "code/train.py",
        "code/config.yaml",
        "log.txt",
    }
    assert service.log(run.experiment_id).data == b"trained with 0.25\n"
    assert service.get_experiments_by_dataset().runs == (service.get_experiment(run.experiment_id).run,)
    assert service.get_experiments_by_dataset(snapshot_id="v1").total == 1
    assert service.run_of_job("job-1") == run.experiment_id


def test_the_same_job_goes_on_with_the_same_run(service: MLflowExperimentService) -> None:
    add_trainer(service, GOOD)
    first = service.run_experiment(RunRequest("t"), job_id="job-2")
    assert service.run_experiment(RunRequest("t"), job_id="job-2") == first
    assert service.get_experiments_by_dataset().total == 1


@pytest.mark.parametrize(
    ("code", "reason", "exit_code"),
    [
        ("def train(d, o): raise ValueError('broken')", "exited", 1),
        ("import sys\ndef train(d, o): sys.exit(3)", "exited", 3),
        ("import os\ndef train(d, o): os._exit(0)", "no-result", 0),
    ],
)
def test_a_trainer_that_fails_is_failed_in_mlflow(
    service: MLflowExperimentService, code: str, reason: str, exit_code: int
) -> None:
    add_trainer(service, code)
    with pytest.raises(RunFailedError) as caught:
        service.run_experiment(RunRequest("t"))
    assert (caught.value.context["reason"], caught.value.context["exit_code"]) == (reason, exit_code)
    assert in_mlflow(service, caught.value.context["experiment_id"]).status == "FAILED"


def test_a_script_that_logs_by_itself_lands_in_the_run(service: MLflowExperimentService) -> None:
    code = """
import json, os
from pathlib import Path
import mlflow
params = json.loads(os.environ["DDOC_PARAMS"])
assert Path(os.environ["DDOC_DATASET_PATH"], "dataset.yaml").exists()
with mlflow.start_run():
    mlflow.log_metric("a", params["x"], step=1)
"""
    add_trainer(service, code)
    run = service.run_experiment(RunRequest("t", params={"x": 7}))
    assert run.metrics["a"] == 7
    assert in_mlflow(service, run.experiment_id).status == "FINISHED"


def test_a_stopped_run_is_killed_in_mlflow_within_seconds(service: MLflowExperimentService) -> None:
    add_trainer(service, SLOW)
    run_id, thread = start_in_thread(service, RunRequest("t"), "job-3")
    began = time.monotonic()
    service.stop(run_id)
    service.stop(run_id)
    join(thread)
    assert time.monotonic() - began < 15
    run = service.get_experiment(run_id).run
    assert run.state == "stopped"
    assert in_mlflow(service, run_id).status == "KILLED"
    assert service.stop(run_id).state == "stopped"


def test_a_cancelled_job_stops_its_run(service: MLflowExperimentService) -> None:
    add_trainer(service, SLOW)

    def cancel_at_step(done: int, total: int | None, *, unit: str = "", message: str = "") -> None:
        if done >= 3:
            raise CancelledError("cancelled")

    run_id = service.prepare(RunRequest("t"))
    with pytest.raises(CancelledError):
        service.follow(run_id, progress=cancel_at_step)
    assert service.get_experiment(run_id).run.state == "stopped"


def test_training_goes_on_without_the_service_and_is_adopted(service: MLflowExperimentService) -> None:
    add_trainer(service, SLOW.replace("range(600)", "range(100)"))

    class ServiceEndsError(Exception):
        pass

    def end_at_step(done: int, total: int | None, *, unit: str = "", message: str = "") -> None:
        if done >= 5:
            raise ServiceEndsError

    with pytest.raises(ServiceEndsError):
        service.run_experiment(RunRequest("t"), job_id="job-4", progress=end_at_step)
    run = service.run_experiment(RunRequest("t"), job_id="job-4")
    assert run.state == "succeeded"
    assert [p.step for p in service.get_experiment(run.experiment_id).histories["loss"]] == list(range(100))
    assert service.log(run.experiment_id).data.decode() == "".join(f"step {i}\n" for i in range(100))


def test_a_run_that_ended_while_nobody_looked_is_settled_by_reconcile(
    service: MLflowExperimentService,
) -> None:
    add_trainer(service, SLOW.replace("range(600)", "range(100)"))
    with pytest.raises(ZeroDivisionError):
        service.run_experiment(
            RunRequest("t"), job_id="job-5", progress=lambda done, *_, **__: 1 // 0 if done > 2 else None
        )
    run_id = service.run_of_job("job-5")
    assert run_id is not None
    folder = RunFolder(Layout(root_of(service)).runs / run_id)
    while liveness(folder) == "running":
        time.sleep(0.05)
    assert in_mlflow(service, run_id).status == "RUNNING"
    assert [r.state for r in service.reconcile()] == ["succeeded"]
    assert service.reconcile() == []
    assert in_mlflow(service, run_id).status == "FINISHED"


def test_a_run_whose_shim_was_killed_is_lost(service: MLflowExperimentService) -> None:
    add_trainer(service, SLOW)
    run_id, thread = start_in_thread(service, RunRequest("t"), "job-6")
    shim = shim_identity(RunFolder(Layout(root_of(service)).runs / run_id))
    assert shim is not None
    shim.signal(signal.SIGKILL)
    join(thread)
    assert service.get_experiment(run_id).run.state == "lost"
    assert in_mlflow(service, run_id).status == "FAILED"


def test_a_status_that_a_client_changed_is_put_right(service: MLflowExperimentService) -> None:
    add_trainer(service, SLOW)
    run_id, thread = start_in_thread(service, RunRequest("t"), "job-7")
    service._tracking.set_status(run_id, "FINISHED")
    service.reconcile()
    assert in_mlflow(service, run_id).status == "RUNNING"
    service.end(run_id)
    join(thread)
    assert in_mlflow(service, run_id).status == "KILLED"


def test_a_broken_trainer_fails_its_dry_run_and_never_gets_the_data(service: MLflowExperimentService) -> None:
    add_trainer(service, "def train(d, o): raise ValueError('early')", config="")
    with pytest.raises(RunFailedError) as caught:
        service.run_experiment(RunRequest("t"))
    assert caught.value.context["reason"] == "dry-run-failed"
    log = service.log(caught.value.context["experiment_id"])
    assert b"ValueError: early" in log.data
    assert log.is_complete


def test_a_dry_run_gets_eight_images_and_one_epoch_once(service: MLflowExperimentService) -> None:
    code = """
def train(d, o, epochs):
    print(epochs, len([p for p in (d / "images").rglob("*") if p.is_file()]))
    return {}
"""
    add_trainer(service, code, config="params: {epochs: 4}")
    first = service.run_experiment(RunRequest("t"))
    lines = service.log(first.experiment_id).data.decode().splitlines()
    assert (lines[0], lines[-1]) == ("1 8", "4 12")
    second = service.run_experiment(RunRequest("t"))
    assert service.log(second.experiment_id).data.decode() == "4 12\n"


@pytest.mark.parametrize("wanted", ["yolo", "coco", "voc"])
def test_a_trainer_gets_the_format_it_asks_for_and_cannot_change_it(
    service: MLflowExperimentService, wanted: str
) -> None:
    code = """
def train(d, o):
    files = sorted(p for p in d.rglob("*") if p.is_file())
    print({p.suffix for p in files})
    try:
        files[0].open("ab")
    except PermissionError:
        return {"metrics": {"files": len(files)}}
    raise AssertionError("the data could be changed")
"""
    add_trainer(service, code, config=f"format: {wanted}\ndry_run: false")
    run = service.run_experiment(RunRequest("t"))
    expected = {"yolo": ".txt", "coco": ".json", "voc": ".xml"}[wanted]
    assert expected in service.log(run.experiment_id).data.decode()


def test_two_runs_compare_by_params_and_metrics(service: MLflowExperimentService) -> None:
    add_trainer(service, GOOD)
    runs: list[Run] = [
        service.run_experiment(RunRequest("t", params={"rate": rate, "epochs": 2})) for rate in (0.1, 0.2)
    ]
    found = service.compare([run.experiment_id for run in runs])
    assert found.changed_params == ("rate",)
    assert found.params == {"rate": (0.1, 0.2), "epochs": (2, 2)}
    assert found.metrics["score"] == (0.75, 0.75)
    assert found.data_differs is False


def test_changed_data_is_snapshotted_before_a_run(service: MLflowExperimentService) -> None:
    add_trainer(service, GOOD)
    image = next((root_of(service) / "data" / "images").rglob("*.jpg"))
    image.with_name("another.jpg").write_bytes(image.read_bytes())
    assert service.current_version() is None
    assert service.run_experiment(RunRequest("t")).snapshot_id == "v2"
    assert service.run_experiment(RunRequest("t", snapshot_id="v1")).snapshot_id == "v1"


def test_what_cannot_be_run_is_refused_before_anything_is_made(service: MLflowExperimentService) -> None:
    add_trainer(service, GOOD, config="params: {epochs: 3}\nneeds: [no-such-package-at-all]", name="needy")
    add_trainer(service, GOOD, config="params: {epochs: 3}")
    for request, code in [
        (RunRequest("unknown"), "trainer-not-found"),
        (RunRequest("../t"), "invalid-id"),
        (RunRequest("needy"), "trainer-needs-missing"),
        (RunRequest("t", params={"epoch": 3}), "unknown-param"),
        (RunRequest("t", params={"epochs": "three"}), "bad-param"),
        (RunRequest("t", limits={"memory": 3}), "unknown-limit"),
        (RunRequest("t", snapshot_id="v9"), "unknown-snapshot"),
    ]:
        with pytest.raises((InvalidInputError, NotFoundError)) as caught:
            service.run_experiment(request)
        assert caught.value.error_code == code
    assert service.get_experiments_by_dataset().total == 0


def test_a_run_outlasts_an_outage_of_mlflow(tmp_path: Path, source: Path) -> None:
    door = Door(shared_server().port)
    door.open()
    root = tmp_path / f"outage-{time.time_ns()}"
    WorkspaceService().init_workspace(root, source=source, name="Outage")
    service = MLflowExperimentService(root, tracking_uri=door.uri)
    try:
        add_trainer(service, SLOW.replace("range(600)", "range(60)"))
        run_id, thread = start_in_thread(service, RunRequest("t"), "job-8")
        door.shut()
        join(thread)
        assert not RunFolder(Layout(root).runs / run_id).settled.exists()
        assert service.log(run_id).is_complete
        with pytest.raises(UnavailableError):
            service.get_experiment(run_id)
        with pytest.raises(UnavailableError):
            service.reconcile()
        door.open()
        service.reconcile()
        detail = service.get_experiment(run_id)
        assert in_mlflow(service, run_id).status == "FINISHED"
        assert [p.step for p in detail.histories["loss"]] == list(range(60))
    finally:
        service.close()
        door.shut()


def test_the_server_refuses_foreign_hosts_and_runs_no_jobs() -> None:
    uri = shared_server().uri
    call = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default"
    assert httpx.get(uri + call).is_success
    assert httpx.get(uri + call, headers={"Host": "evil.example"}).status_code == 403
