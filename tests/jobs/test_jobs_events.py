"""The stream of events as the service sees it: heartbeats, order, thinning, and waiting without a thread."""

import asyncio
from pathlib import Path

from app.jobs import Jobs
from app.stores.job_records import JobProgress
from app.stores.job_store import KEPT_PROGRESS_EVENTS
from tests.jobs.conftest import wait_until


def test_a_quiet_stream_sends_heartbeats(jobs: Jobs) -> None:
    async def first() -> object:
        stream = jobs.events(after=None, beat=0.05)
        try:
            return await anext(stream)
        finally:
            await stream.aclose()

    assert asyncio.run(first()) is None


def test_a_stream_of_a_workspace_carries_its_jobs_only(jobs: Jobs) -> None:
    for workspace in ("here", "there"):
        jobs.wait(jobs.submit("echo", workspace_id=workspace).job_id, 30)

    async def read() -> set[str | None]:
        stream = jobs.events(after=0, workspace_id="here", beat=0.05)
        found: set[str | None] = set()
        async for event in stream:
            if event is None:
                break
            found.add(event.job.workspace_id)
        await stream.aclose()
        return found

    assert asyncio.run(read()) == {"here"}


def test_waiting_in_a_coroutine_gives_the_ended_job(jobs: Jobs) -> None:
    job = jobs.submit("echo")
    assert asyncio.run(jobs.wait_async(job.job_id, 30)).state == "succeeded"


def test_a_long_job_keeps_its_newest_progress_and_every_state(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.submit("read", params={"until": str(tmp_path / "go")})
    wait_until(lambda: jobs.get(job.job_id).state == "running", seconds=20)
    running = jobs.get(job.job_id)
    for done in range(KEPT_PROGRESS_EVENTS + 250):
        jobs._store.progress(running, JobProgress(done=done))
    (tmp_path / "go").touch()
    jobs.wait(job.job_id, 30)
    events = jobs._store.events(after=0, job_id=job.job_id, limit=10_000)
    progress = [event.job.progress.done for event in events if event.type == "progress"]
    assert KEPT_PROGRESS_EVENTS <= len(progress) <= KEPT_PROGRESS_EVENTS + 100
    assert progress == sorted(progress)
    assert progress[-1] == KEPT_PROGRESS_EVENTS + 249
    states = [event.job.state for event in events if event.type == "state"]
    assert states == ["queued", "running", "succeeded"]


def test_a_run_that_lost_its_fence_writes_nothing(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.submit("read", params={"until": str(tmp_path / "go")})
    wait_until(lambda: jobs.get(job.job_id).state == "running", seconds=20)
    store, old = jobs._store, jobs.get(job.job_id)
    assert store.requeue(old, restarted=True) is not None
    owner = store.claim(job.job_id)
    assert owner is not None
    assert owner.fence == old.fence + 1
    store.progress(old, JobProgress(done=99))
    assert store.end(old, "failed") is None
    assert store.requeue(old) is None
    assert (jobs.get(job.job_id).state, jobs.get(job.job_id).progress.done) == ("running", 0)
    assert store.end(owner, "succeeded", result={}) is not None
    (tmp_path / "go").touch()
