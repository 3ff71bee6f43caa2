"""The same tables on PostgreSQL, in a cluster of the test's own; skipped where PostgreSQL is not installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app.jobs import Jobs, request_key
from app.stores.catalog import Catalog, WorkspaceRecord
from app.stores.database import Database
from app.stores.tables import metadata
from ddoc.errors import BusyError, ConflictError
from tests.jobs.conftest import free_port, open_jobs, wait_until

FOUND = [shutil.which("initdb"), *map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
INITDB = next(filter(None, FOUND), None)
pytestmark = pytest.mark.skipif(INITDB is None, reason="no PostgreSQL")


def as_its_user(command: list[str]) -> list[str]:
    """Return the command for the user `postgres` when this is root, whom PostgreSQL refuses."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Return the URL of a database in a new cluster."""
    assert INITDB is not None
    tools = Path(INITDB).resolve().parent
    made = subprocess.run(
        as_its_user(["mktemp", "-d"]), check=True, capture_output=True, text=True, cwd="/tmp"
    )
    folder = Path(made.stdout.strip())
    port = free_port()
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    try:
        init = [
            str(tools / "initdb"),
            "-D",
            f"{folder}/data",
            "-U",
            "ddoc",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "-N",
        ]
        subprocess.run(as_its_user(init), check=True, capture_output=True, cwd="/tmp")
        control = [str(tools / "pg_ctl"), "-D", f"{folder}/data", "-w", "-l", f"{folder}/log"]
        subprocess.run(
            as_its_user([*control, "-o", options, "start"]), check=True, capture_output=True, cwd="/tmp"
        )
        yield f"postgresql://ddoc@127.0.0.1:{port}/postgres"
        stop = [*control, "-m", "immediate", "stop"]
        subprocess.run(as_its_user(stop), check=True, capture_output=True, cwd="/tmp")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def jobs(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """Return started jobs on PostgreSQL."""
    with open_jobs(tmp_path_factory.mktemp("postgresql"), url=url) as opened:
        yield opened


def test_the_migrations_make_the_tables_of_the_code(url: str) -> None:
    database = Database.open(url)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_jobs_run_and_their_events_are_numbered(jobs: Jobs) -> None:
    ended = [jobs.wait(jobs.submit("echo", params={"n": n}).job_id, 30) for n in range(3)]
    assert [(job.state, job.result) for job in ended] == [("succeeded", {"n": n}) for n in range(3)]
    events = jobs._store.events(after=0)
    numbers = [event.event_id for event in events]
    assert numbers == sorted(set(numbers))
    assert [event.job.state for event in events if event.type == "state"][:3] == [
        "queued",
        "running",
        "succeeded",
    ]


def test_one_writer_holds_a_workspace(jobs: Jobs, tmp_path: Path) -> None:
    first = jobs.submit("hold", workspace_id="w", params={"until": str(tmp_path / "go")})
    with pytest.raises(BusyError) as refused:
        jobs.submit("hold-other", workspace_id="w")
    assert refused.value.context["job_id"] == first.job_id
    jobs.cancel(first.job_id)
    assert jobs.wait(first.job_id, 30).state == "cancelled"


def test_keys_and_records_are_kept(jobs: Jobs, url: str) -> None:
    key = request_key("k", scope="s")
    assert jobs.submit("echo", idempotency_key=key).job_id == jobs.submit("echo", idempotency_key=key).job_id
    database = Database.open(url)
    workspaces = Catalog(database).workspaces
    record = WorkspaceRecord("w", "작업", "detect", "yolo", summary={"items": 3})
    workspaces.add(record)
    assert workspaces.get("w") == record
    with pytest.raises(ConflictError):
        workspaces.add(record)
    assert workspaces.page(limit=1).total == 1
    database.close()


def test_what_was_running_goes_on_at_the_next_start(url: str, tmp_path: Path) -> None:
    params = {"trace": str(tmp_path / "trace"), "until": str(tmp_path / "until")}
    with open_jobs(tmp_path, url=url) as jobs:
        job = jobs.submit("supervise", params=params)
        wait_until((tmp_path / "trace").exists, seconds=20)
    (tmp_path / "until").touch()
    with open_jobs(tmp_path, url=url) as jobs:
        assert jobs.wait(job.job_id, 30).result == {"attempt": 2}
