"""How long a job takes beside its work: `python tests/bench/jobs/bench_jobs.py`. Beside DBOS where it is installed."""

import importlib.util
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "ddoc-workspace")]

from app.jobs import JobContext, JobKind, Jobs, Params  # noqa: E402
from app.stores.database import Database, sqlite_url  # noqa: E402

ROUNDS = 50
KINDS = 12
IDLE_SECONDS = 10


def body(ctx: JobContext, given: Params) -> float:
    """Return when the body began."""
    return time.time()


def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        bench_ours(Path(folder))
        if importlib.util.find_spec("dbos") is not None:
            subprocess.run(
                [sys.executable, str(Path(__file__).with_name("dbos_peer.py")), folder], check=True
            )
        else:
            print("dbos is not installed; no peer")


def bench_ours(folder: Path) -> None:
    """Measure our jobs: submission, start of the body, result, idle."""
    sys.modules.setdefault("bench_jobs", sys.modules[__name__])
    sys.path.append(str(Path(__file__).parent))
    jobs = Jobs(Database.open(sqlite_url(folder / "ours.sqlite")), folder / "jobs")
    for number in range(KINDS):
        jobs.register(JobKind(f"k{number}", "bench_jobs:body"))
    jobs.start()
    jobs.wait(jobs.submit("k0").job_id, 60)
    submitted, started, ended = [], [], []
    for number in range(ROUNDS):
        began = time.time()
        job = jobs.submit(f"k{number % KINDS}")
        submitted.append(time.time() - began)
        done = jobs.wait(job.job_id, 60)
        ended.append(time.time() - began)
        started.append(float(done.result) - began)
    report("ours", submitted=submitted, started=started, ended=ended, idle=idle_share())
    jobs.close()


def idle_share(sleep: Callable[[float], None] = time.sleep) -> float:
    """Return the share of a core that this process uses while nothing happens."""
    began = time.process_time()
    sleep(IDLE_SECONDS)
    return (time.process_time() - began) / IDLE_SECONDS


def report(
    name: str, *, submitted: list[float], started: list[float], ended: list[float], idle: float
) -> None:
    """Print medians and worst cases in milliseconds."""
    for what, times in (("submitted", submitted), ("body begins", started), ("result known", ended)):
        print(
            f"{name:5} {what:13} median {statistics.median(times) * 1e3:7.1f} ms   worst {max(times) * 1e3:7.1f} ms"
        )
    print(f"{name:5} idle, {KINDS} kinds     {idle:.1%} of a core")


if __name__ == "__main__":
    main()
