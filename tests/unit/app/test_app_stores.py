"""The catalog: records, paging, and a schema that its migrations make."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, text

from app.stores.ballast import Ballast
from app.stores.catalog import Catalog, DatasetRecord, DriftRecord, WorkspaceRecord
from app.stores.database import Database, sqlite_url
from app.stores.tables import metadata
from ddoc.errors import ConflictError, DiskFullError, InvalidInputError, NotFoundError


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return a new database."""
    opened = Database.open(sqlite_url(tmp_path / ".ddoc" / "catalog.sqlite"))
    yield opened
    opened.close()


def dataset(number: int) -> DatasetRecord:
    """Return a dataset record."""
    return DatasetRecord(
        dataset_id=f"d{number}",
        name=f"자료 {number}",
        format="voc",
        task="detect",
        items=364,
        annotations=4888,
        splits={"train": 205},
        classes=("RBC", "WBC"),
        bytes=7_000_000_000,
        report=({"code": "clipped", "count": 3},),
    )


def test_the_migrations_make_the_tables_of_the_code(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_opening_a_database_again_keeps_what_is_there(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "c.sqlite")
    first = Database.open(url)
    Catalog(first).datasets.add(dataset(1))
    first.close()
    second = Database.open(url)
    assert Catalog(second).datasets.get("d1").name == "자료 1"
    second.close()


def test_sqlite_writes_ahead_and_flushes_fully(database: Database) -> None:
    with database.write() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2


def test_a_record_comes_back_as_it_was(database: Database) -> None:
    catalog = Catalog(database)
    record = dataset(1)
    catalog.datasets.add(record)
    found = catalog.datasets.get("d1")
    assert replace(found, classes=tuple(found.classes), report=tuple(found.report)) == record
    workspace = WorkspaceRecord(
        "w", "W", "detect", "yolo", role="base", dataset_id="d1", summary={"items": 1}
    )
    catalog.workspaces.add(workspace)
    assert catalog.workspaces.get("w") == workspace
    report = DriftRecord("r", {"dataset_id": "d1"}, {"dataset_id": "d2"}, "drift", 0.8, 0.001)
    catalog.drift_reports.add(report)
    assert catalog.drift_reports.get("r") == report


def test_a_taken_id_is_a_conflict_also_when_deleted(database: Database) -> None:
    records = Catalog(database).datasets
    records.add(dataset(1))
    with pytest.raises(ConflictError) as taken:
        records.add(dataset(1))
    assert taken.value.error_code == "dataset-exists"
    records.delete("d1")
    with pytest.raises(ConflictError):
        records.add(dataset(1))
    records.put(replace(dataset(1), name="again"))
    assert records.get("d1").name == "again"


def test_deleting_hides_and_restoring_shows(database: Database) -> None:
    records = Catalog(database).datasets
    records.add(dataset(1))
    records.delete("d1")
    with pytest.raises(NotFoundError) as unknown:
        records.get("d1")
    assert unknown.value.error_code == "unknown-dataset"
    assert records.find("d1") is None
    assert records.get("d1", deleted=True).deleted_at is not None
    assert [r.dataset_id for r in records.page(deleted=True).items] == ["d1"]
    records.restore("d1")
    assert records.get("d1").deleted_at is None
    records.purge("d1")
    assert records.find("d1", deleted=True) is None


def test_pages_are_newest_first_and_stable_while_records_come(database: Database) -> None:
    records = Catalog(database).datasets
    for number in range(5):
        records.add(dataset(number))
    first = records.page(limit=2)
    assert [r.dataset_id for r in first.items] == ["d4", "d3"]
    records.add(dataset(9))
    second = records.page(limit=2, cursor=first.next_cursor)
    assert [r.dataset_id for r in second.items] == ["d2", "d1"]
    third = records.page(limit=2, cursor=second.next_cursor)
    assert ([r.dataset_id for r in third.items], third.next_cursor, third.total) == (["d0"], None, 6)
    assert records.page(name="자료 3").total == 1


@pytest.mark.parametrize("cursor", ["", "x", "%%%", "MjAyNg", "e30=", "한글"])
def test_a_cursor_that_is_none_is_invalid_input(database: Database, cursor: str) -> None:
    with pytest.raises(InvalidInputError) as invalid:
        Catalog(database).datasets.page(cursor=cursor)
    assert invalid.value.error_code == "invalid-cursor"


class StopError(Exception):
    """Raised by a test in the middle of a transaction."""


def delete_all_and_stop(database: Database) -> None:
    """Delete the datasets in a transaction that then fails."""
    with database.write() as connection:
        connection.execute(text("DELETE FROM datasets"))
        raise StopError


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    catalog = Catalog(database)
    catalog.datasets.add(dataset(1))
    with pytest.raises(StopError):
        delete_all_and_stop(database)
    assert catalog.datasets.get("d1").dataset_id == "d1"


def test_a_full_disk_is_said_and_the_reserve_is_given_up(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "reserve", size=1 << 20)
    database = Database.open(sqlite_url(tmp_path / "c.sqlite"), ballast=ballast)
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 1 << 20

    def limit(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute("PRAGMA max_page_count=1")  # SQLite then says "full", as on a full disk

    event.listen(database._engine, "checkout", limit)
    big = replace(dataset(1), report=tuple({"code": "x" * 1000} for _ in range(1000)))
    with pytest.raises(DiskFullError):
        Catalog(database).datasets.add(big)
    assert not (tmp_path / "reserve").exists()
    database.close()
