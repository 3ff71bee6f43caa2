"""Fixtures of the tests of jobs: jobs without a web server, and a real service process."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from app.jobs import JobKind, Jobs
from app.stores.database import Database, sqlite_url
from tests.jobs.demo_kinds import KINDS

REPOSITORY = Path(__file__).parents[2]


@contextlib.contextmanager
def open_jobs(folder: Path, *, kinds: Sequence[JobKind] = KINDS, url: str | None = None) -> Iterator[Jobs]:
    """Yield started jobs on `folder`, with their table there or at `url`."""
    database = Database.open(url or sqlite_url(folder / "catalog.sqlite"))
    jobs = Jobs(database, folder / "jobs", grace=0.3, preload=("ddoc.errors",))
    for kind in kinds:
        jobs.register(kind)
    jobs.start()
    try:
        yield jobs
    finally:
        jobs.close()
        database.close()


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """Return started jobs with the demo kinds; the tests of a module share them, so each leaves no job behind."""
    with open_jobs(tmp_path_factory.mktemp("jobs")) as opened:
        yield opened


class DemoService:
    """A service process that can be killed and started again on the same root and port."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30, trust_env=False)

    @property
    def is_running(self) -> bool:
        """Tell whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the service and wait until it is ready."""
        environment = os.environ | {
            "WORKSPACES_ROOT": str(self.root),
            "DDOC_PORT": str(self.port),
            "DDOC_JOB_CANCEL_GRACE": "0.5",
            "DDOC_MIN_FREE_BYTES": "0",
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "ddoc-workspace")]),
        }
        environment.pop("DDOC_TOKEN", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.demo_service"], cwd=REPOSITORY, env=environment
        )
        wait_until(self._answers, seconds=120)

    def kill(self) -> None:
        """Kill the service with -9 and wait for its end."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Stop the service as a supervisor does. Returns its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def submit(self, kind: str, params: dict, **query: str) -> dict:
        """Submit a job and return it."""
        response = self.client.post(f"/demo/{kind}", json=params, params=query)
        assert response.status_code == 202, response.text
        return response.json()

    def job(self, job_id: str) -> dict:
        """Return the job."""
        return self.client.get(f"/jobs/{job_id}").json()

    def ended(self, job_id: str, *, seconds: float = 60) -> dict:
        """Return the job once it has ended."""
        wait_until(lambda: self.job(job_id)["ended_at"], seconds=seconds)
        return self.job(job_id)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "the service ended"
        try:
            return self.client.get("/health").status_code == 200
        except httpx.TransportError:
            return False


@contextlib.contextmanager
def running_service(root: Path) -> Iterator[DemoService]:
    """Yield a running demo service; what is left of it is killed afterwards."""
    demo = DemoService(root)
    demo.start()
    try:
        yield demo
    finally:
        if demo.is_running:
            demo.kill()
        demo.client.close()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], object], *, seconds: float) -> None:
    """Wait until `condition` holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Tell whether a process lives (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False
