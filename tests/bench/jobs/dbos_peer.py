"""The same measures for DBOS: twelve queues polled every 0.1 s, on SQLite. Run by bench_jobs.py."""

import sys
import time
from pathlib import Path

from bench_jobs import KINDS, ROUNDS, idle_share, report
from dbos import DBOS

folder = Path(sys.argv[1])
DBOS(
    config={
        "name": "ddoc-bench",
        "system_database_url": f"sqlite:///{folder}/dbos.sqlite",
        "run_admin_server": False,
        "log_level": "ERROR",
    }
)


@DBOS.workflow()
def work() -> float:
    """Return when the body began; in a thread of this process, with no child."""
    return time.time()


def main() -> None:
    """Print the medians."""
    DBOS.launch()
    for number in range(KINDS):
        DBOS.register_queue(f"k{number}", worker_concurrency=1, polling_interval_sec=0.1)
    time.sleep(2)
    submitted, started, ended = [], [], []
    for number in range(ROUNDS):
        began = time.time()
        handle = DBOS.enqueue_workflow(f"k{number % KINDS}", work)
        submitted.append(time.time() - began)
        started.append(handle.get_result() - began)
        ended.append(time.time() - began)
    report("dbos", submitted=submitted, started=started, ended=ended, idle=idle_share())
    DBOS.destroy()


if __name__ == "__main__":
    main()
