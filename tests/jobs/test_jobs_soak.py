"""The long run: a service killed at random moments, again and again (`make soak`)."""

import random
import time
from pathlib import Path

import pytest

from tests.jobs.conftest import running_service

KILLS = 100
SEED = 20261125


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_hundred_kills_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    with running_service(tmp_path / "workspaces") as service:
        jobs: list[str] = []
        for kill in range(KILLS):
            params = {"trace": str(tmp_path / f"trace-{kill}"), "n": 20, "seconds": 0.05}
            jobs.append(service.submit("steps", params)["job_id"])
            time.sleep(rng.uniform(0, 2))
            service.kill()
            service.start()
        for kill, job_id in enumerate(jobs):
            assert service.ended(job_id, seconds=300)["state"] == "succeeded", (SEED, kill)
            taken = [line.split()[1] for line in (tmp_path / f"trace-{kill}").read_text().splitlines()]
            assert taken == [str(step) for step in range(20)], (SEED, kill)
