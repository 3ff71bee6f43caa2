"""Jobs as clients see them: 202, Prefer, Idempotency-Key, cancel, lists and event streams."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.jobs.conftest import DemoService, running_service, wait_until


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoService]:
    """Return a running demo service, shared by the tests of this module."""
    with running_service(tmp_path_factory.mktemp("http") / "workspaces") as demo:
        yield demo
        assert demo.stop() == 0


def read_events(response: httpx.Response) -> list[tuple[int, str, dict]]:
    """Return the events of a finished stream as (id, type, job)."""
    found = []
    for block in response.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


def test_a_submitted_job_is_answered_with_202_and_its_address(service: DemoService) -> None:
    response = service.client.post("/demo/echo", json={"a": 1})
    assert response.status_code == 202
    job = response.json()
    assert response.headers["location"] == f"/jobs/{job['job_id']}"
    assert set(job) >= {
        "job_id", "kind", "workspace_id", "state", "progress", "result", "error", "attempt",
        "created_at", "started_at", "ended_at",
    }  # fmt: skip
    assert set(job["progress"]) == {"done", "total", "unit", "message", "rate", "eta"}


def test_prefer_wait_answers_with_the_finished_job(service: DemoService) -> None:
    response = service.client.post("/demo/echo", json={"a": 1}, headers={"Prefer": "wait=30"})
    assert response.status_code == 200
    assert response.json()["state"] == "succeeded"
    assert response.json()["result"] == {"a": 1}
    assert response.headers["preference-applied"] == "wait=30"


def test_prefer_wait_gives_up_after_its_time(service: DemoService, tmp_path: Path) -> None:
    began = time.monotonic()
    response = service.client.post(
        "/demo/read", json={"until": str(tmp_path / "go")}, headers={"Prefer": "respond-async, wait=1"}
    )
    assert response.status_code == 202
    assert 0.9 < time.monotonic() - began < 5
    (tmp_path / "go").touch()
    service.ended(response.json()["job_id"])


def test_waiting_clients_take_no_thread_from_others(service: DemoService, tmp_path: Path) -> None:
    def wait() -> None:
        with httpx.Client(base_url=service.client.base_url, timeout=60, trust_env=False) as client:
            client.post("/demo/read", json={"until": str(tmp_path / "go")}, headers={"Prefer": "wait=60"})

    waiting = [threading.Thread(target=wait) for _ in range(45)]
    for thread in waiting:
        thread.start()
    wait_until(
        lambda: service.client.get("/jobs", params={"state": "queued"}).json()["total"] >= 43, seconds=20
    )
    began = time.perf_counter()
    assert service.client.get("/version").status_code == 200
    assert service.client.get("/jobs").status_code == 200
    assert time.perf_counter() - began < 5
    (tmp_path / "go").touch()
    for thread in waiting:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in waiting)


def test_a_failed_job_carries_a_problem(service: DemoService) -> None:
    job = service.client.post("/demo/refuse", json={}, headers={"Prefer": "wait=30"}).json()
    assert job["state"] == "failed"
    problem = job["error"]
    assert (problem["status"], problem["code"], problem["type"]) == (
        422,
        "no-images",
        "urn:ddoc:problem:no-images",
    )
    assert problem["errors"] == [{"pointer": "/file", "detail": "this zip holds no image"}]
    assert problem["name"] == "a.zip"


def test_a_repeated_idempotency_key_gives_the_same_job(service: DemoService) -> None:
    headers = {"Idempotency-Key": "once"}
    first = service.client.post("/demo/echo", json={"a": 1}, headers=headers)
    again = service.client.post("/demo/echo", json={"a": 1}, headers=headers | {"Prefer": "wait=20"})
    assert again.json()["job_id"] == first.json()["job_id"]
    other = service.client.post("/demo/echo", json={"a": 2}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
    bad = service.client.post("/demo/echo", json={}, headers={"Idempotency-Key": "x" * 256})
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid-idempotency-key")


def test_a_busy_workspace_is_a_409_that_names_the_job(service: DemoService, tmp_path: Path) -> None:
    first = service.submit("hold", {"until": str(tmp_path / "go")}, workspace_id="w1")
    response = service.client.post("/demo/hold-other", json={}, params={"workspace_id": "w1"})
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.json()["code"], response.json()["job_id"]) == ("workspace-busy", first["job_id"])
    (tmp_path / "go").touch()
    assert service.ended(first["job_id"])["state"] == "succeeded"


def test_cancel_over_http(service: DemoService, tmp_path: Path) -> None:
    job = service.submit("read", {"until": str(tmp_path / "never")})
    assert service.client.post(f"/jobs/{job['job_id']}/cancel").status_code == 200
    assert service.ended(job["job_id"], seconds=5)["state"] == "cancelled"


def test_the_events_of_a_job_are_numbered_and_end_with_it(service: DemoService, tmp_path: Path) -> None:
    job = service.submit("steps", {"trace": str(tmp_path / "t"), "n": 8, "seconds": 0.15})
    response = service.client.get(f"/jobs/{job['job_id']}/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    events = read_events(response)
    numbers = [number for number, _, _ in events]
    assert numbers == sorted(set(numbers))
    assert [data["state"] for _, kind, data in events if kind == "state"] == [
        "queued",
        "running",
        "succeeded",
    ]
    done = [data["progress"]["done"] for _, kind, data in events if kind == "progress"]
    assert len(done) >= 3
    assert done == sorted(done)
    assert events[-1][2]["result"] == {"steps": 8}
    assert events[1][2]["result"] is None


def test_events_are_replayed_after_the_last_one_seen(service: DemoService) -> None:
    job = service.client.post("/demo/echo", json={}, headers={"Prefer": "wait=20"}).json()
    address = f"/jobs/{job['job_id']}/events"
    everything = read_events(service.client.get(address))
    middle = everything[1][0]
    rest = read_events(service.client.get(address, headers={"Last-Event-ID": str(middle)}))
    assert rest == everything[2:]
    nothing = service.client.get(address, headers={"Last-Event-ID": str(everything[-1][0])})
    assert nothing.status_code == 204
    bad = service.client.get(address, headers={"Last-Event-ID": "-1"})
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid-event-id")


def test_one_stream_carries_the_events_of_all_jobs_and_replays_them(service: DemoService) -> None:
    with service.client.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": connected"
        with httpx.Client(base_url=service.client.base_url, trust_env=False) as client:
            jobs = {client.post("/demo/echo", json={"n": n}).json()["job_id"] for n in range(3)}
        ended: set[str] = set()
        numbers = []
        for line in lines:
            if line.startswith("id: "):
                numbers.append(int(line[4:]))
            if line.startswith("data: "):
                data = json.loads(line[6:])
                ended |= {data["job_id"]} if data["ended_at"] else set()
            if ended == jobs and line == "":
                break
    assert numbers == sorted(numbers)
    headers = {"Last-Event-ID": str(numbers[0])}
    with service.client.stream("GET", "/events", headers=headers) as stream:
        again = []
        for line in stream.iter_lines():
            if line.startswith("id: "):
                again.append(int(line[4:]))
            if len(again) == len(numbers) - 1:
                break
    assert again == numbers[1:]


def test_the_log_of_a_job_can_be_read(service: DemoService) -> None:
    job = service.client.post("/demo/echo", json={}, headers={"Prefer": "wait=20"}).json()
    assert "hello from the body" in service.client.get(f"/jobs/{job['job_id']}/log").text
    waiting = service.client.get("/jobs/job-0000000000000000/log")
    assert (waiting.status_code, waiting.json()["code"]) == (404, "unknown-job")


def test_metrics_count_requests_and_jobs(service: DemoService) -> None:
    service.client.post("/demo/echo", json={}, headers={"Prefer": "wait=20"})
    text = service.client.get("/metrics").text
    assert 'ddoc_jobs{kind="echo",state="succeeded"}' in text
    assert 'ddoc_http_requests_total{method="POST",route="/demo/{kind}",status="200"}' in text
