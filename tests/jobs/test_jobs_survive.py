"""A real service process, killed with -9 in the middle of jobs and started again."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.conftest import REPOSITORY, DemoService, is_alive, running_service, wait_until


def steps(tmp_path: Path, *, n: int = 40, seconds: float = 0.05) -> dict:
    """Return the parameters of a job of `n` steps."""
    return {"trace": str(tmp_path / "trace"), "n": n, "seconds": seconds}


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoService]:
    """Return a service process that the tests of this module kill in turn."""
    with running_service(tmp_path_factory.mktemp("service") / "workspaces") as demo:
        yield demo


@pytest.fixture
def service(shared_service: DemoService) -> DemoService:
    """Return the running service; started again if the last test left it dead."""
    if not shared_service.is_running:
        shared_service.start()
    return shared_service


def test_a_job_goes_on_where_it_was_after_kill_9_of_the_service(service: DemoService, tmp_path: Path) -> None:
    job = service.submit("steps-writing", steps(tmp_path), workspace_id="w")
    trace = tmp_path / "trace"
    wait_until(lambda: trace.exists() and len(trace.read_text().splitlines()) > 5, seconds=60)
    first = int(trace.read_text().split()[0])
    service.kill()
    wait_until(lambda: not is_alive(first), seconds=5)  # no orphan outlives its service by more than seconds
    done = len(trace.read_text().splitlines())
    service.start()
    busy = service.client.post("/demo/hold", json={}, params={"workspace_id": "w"})
    assert (busy.status_code, busy.json()["code"]) == (409, "workspace-busy")
    assert busy.json()["job_id"] == job["job_id"]
    ended = service.ended(job["job_id"])
    assert (ended["state"], ended["result"], ended["attempt"]) == ("succeeded", {"steps": 40}, 2)
    taken = [line.split() for line in trace.read_text().splitlines()]
    assert [int(step) for _, step in taken] == list(range(40))  # none lost, none done twice
    assert {int(pid) for pid, _ in taken[:done]} == {first}
    assert first not in {int(pid) for pid, _ in taken[done:]}


def test_many_kills_lose_no_acknowledged_job(service: DemoService, tmp_path: Path) -> None:
    jobs = []
    for round_ in range(3):
        params = {"trace": str(tmp_path / f"trace-{round_}"), "n": 20, "seconds": 0.02}
        jobs.append(service.submit("steps", params)["job_id"])
        time.sleep(0.05 + 0.1 * round_)
        service.kill()
        service.start()
    for job_id in jobs:
        assert service.ended(job_id)["state"] == "succeeded"
    for round_ in range(3):
        taken = [line.split()[1] for line in (tmp_path / f"trace-{round_}").read_text().splitlines()]
        assert taken == [str(step) for step in range(20)]


def test_stopping_is_quick_and_leaves_jobs_for_the_next_start(service: DemoService, tmp_path: Path) -> None:
    job = service.submit("steps", steps(tmp_path))
    wait_until((tmp_path / "trace").exists, seconds=60)
    with service.client.stream("GET", "/events") as events:
        lines = events.iter_lines()
        assert next(lines) == ": connected"
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 5
        assert list(lines)[-1] == ""  # the stream was ended, not cut
    service.start()
    assert service.ended(job["job_id"])["result"] == {"steps": 40}


def test_a_stubborn_tree_dies_with_its_service_and_its_cancel_holds(
    service: DemoService, tmp_path: Path
) -> None:
    job = service.submit("stubborn", {"pids": str(tmp_path / "pids")})
    wait_until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text(), seconds=60)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert service.client.post(f"/jobs/{job['job_id']}/cancel").json()["cancel_requested"]
    service.kill()
    wait_until(lambda: not any(is_alive(pid) for pid in pids), seconds=5)
    service.start()
    assert service.ended(job["job_id"])["state"] == "cancelled"


def test_a_second_service_on_the_same_root_refuses_to_start(service: DemoService) -> None:
    environment = {"WORKSPACES_ROOT": str(service.root), "DDOC_PORT": "0", "PYTHONPATH": "ddoc-workspace"}
    second = subprocess.run(
        [sys.executable, "-m", "app"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 3
    assert "another ddoc-workspace service runs on" in second.stderr
    assert "Traceback" not in second.stderr
    assert service.client.get("/ready").json()["ready"]
