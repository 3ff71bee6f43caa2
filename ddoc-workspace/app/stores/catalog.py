"""The catalog: which datasets, workspaces and drift reports there are.

It holds what lists show; the things themselves are folders, and what changes with every edit (item counts of a
workspace) is asked of them, not of the catalog.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from sqlalchemy import Table, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.stores.cursors import decode_cursor, encode_cursor
from app.stores.database import Database
from app.stores.job_store import now
from app.stores.tables import datasets, drift_reports, workspaces
from ddoc.errors import ConflictError, NotFoundError


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """An ingested dataset. `report` is the ingest report as JSON rows."""

    dataset_id: str
    name: str
    format: str
    task: str
    items: int
    annotations: int
    splits: Mapping[str, int]
    classes: Sequence[str]
    bytes: int
    report: Sequence[Mapping[str, Any]] = ()
    created_at: datetime = field(default_factory=now)
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WorkspaceRecord:
    """A workspace and where it came from. `summary` is what its last visit saw (items, splits, …), for lists."""

    workspace_id: str
    name: str
    task: str
    format: str
    role: str | None = None
    dataset_id: str | None = None
    drift_report_id: str | None = None
    summary: Mapping[str, Any] = field(default_factory=dict[str, Any])
    created_at: datetime = field(default_factory=now)
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DriftRecord:
    """A drift report's verdict. `base` and `target` name the sides; `summary` is what a list shows beside it."""

    report_id: str
    base: Mapping[str, Any]
    target: Mapping[str, Any]
    status: str
    score: float
    p_value: float | None = None
    summary: Mapping[str, Any] = field(default_factory=dict[str, Any])
    created_at: datetime = field(default_factory=now)
    deleted_at: datetime | None = None

    @property
    def guard(self) -> Mapping[str, Any] | None:
        """What a guard found, where the report is of a check of one."""
        return self.summary.get("guard")


NOTHING: Mapping[str, str] = MappingProxyType({})
Record = TypeVar("Record", DatasetRecord, WorkspaceRecord, DriftRecord)


@dataclass(frozen=True, slots=True)
class RecordPage(Generic[Record]):
    """A page of records, newest first; `total` counts all that match."""

    items: tuple[Record, ...]
    next_cursor: str | None
    total: int


class Records(Generic[Record]):
    """One kind of record. Deleting hides a record until it is restored or purged; its id stays taken."""

    def __init__(self, database: Database, table: Table, record: type[Record], *, what: str) -> None:
        self._database = database
        self._table = table
        self._record = record
        self._what = what
        self._key = next(iter(table.primary_key.columns))
        self._names = tuple(f.name for f in fields(record))

    def add(self, record: Record) -> None:
        """Insert a record. Raises ConflictError (`<what>-exists`) for a taken id."""
        try:
            with self._database.write() as connection:
                connection.execute(insert(self._table).values(self._values(record)))
        except IntegrityError as error:
            raise ConflictError(f"a {self._what} with this id exists", code=f"{self._what}-exists") from error

    def put(self, record: Record) -> None:
        """Insert a record or replace the one with its id (idempotent, for what a job repeats)."""
        values = self._values(record)
        with self._database.write() as connection:
            mine = self._key == values[self._key.name]
            if connection.execute(update(self._table).where(mine).values(values)).rowcount == 0:
                connection.execute(insert(self._table).values(values))

    def get(self, key: str, *, deleted: bool = False) -> Record:
        """Return a record; with `deleted`, also a deleted one. Raises NotFoundError (`unknown-<what>`)."""
        found = self.find(key, deleted=deleted)
        if found is None:
            raise NotFoundError(f"no {self._what} has this id", code=f"unknown-{self._what}")
        return found

    def find(self, key: str, *, deleted: bool = False) -> Record | None:
        """Return a record or None."""
        query = select(self._table).where(self._key == key)
        if not deleted:
            query = query.where(self._table.c.deleted_at.is_(None))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else self._from(row)

    def page(
        self,
        *,
        limit: int = 100,
        cursor: str | None = None,
        deleted: bool = False,
        summary: Mapping[str, str] = NOTHING,
        **equal: str,
    ) -> RecordPage[Record]:
        """Return a page, newest first, of the records whose columns have the values of `equal`.

        `summary` asks for texts in the column of that name.
        """
        alive = self._table.c.deleted_at
        wanted = [alive.is_not(None) if deleted else alive.is_(None)]
        wanted += [self._table.c[name] == value for name, value in equal.items()]
        wanted += [self._table.c.summary[name].as_string() == value for name, value in summary.items()]
        query = select(self._table).where(*wanted)
        if cursor is not None:
            moment, key = decode_cursor(cursor)
            created = self._table.c.created_at
            query = query.where(or_(created < moment, and_(created == moment, self._key < key)))
        query = query.order_by(self._table.c.created_at.desc(), self._key.desc()).limit(limit + 1)
        with self._database.read() as connection:
            found = [self._from(row) for row in connection.execute(query)]
            total = connection.execute(
                select(func.count()).select_from(self._table).where(*wanted)
            ).scalar_one()
        items = tuple(found[:limit])
        more = None
        if len(found) > limit:
            more = encode_cursor(items[-1].created_at, getattr(items[-1], self._key.name))
        return RecordPage(items=items, next_cursor=more, total=total)

    def update(self, key: str, **changes: Any) -> None:
        """Change columns of a record. Raises NotFoundError (`unknown-<what>`)."""
        with self._database.write() as connection:
            changed = connection.execute(update(self._table).where(self._key == key).values(changes))
            if changed.rowcount == 0:
                raise NotFoundError(f"no {self._what} has this id", code=f"unknown-{self._what}")

    def delete(self, key: str) -> None:
        """Hide a record. Raises NotFoundError (`unknown-<what>`)."""
        self.get(key)
        self.update(key, deleted_at=now())

    def restore(self, key: str) -> None:
        """Show a deleted record again. Raises NotFoundError (`unknown-<what>`)."""
        self.update(key, deleted_at=None)

    def purge(self, key: str) -> None:
        """Remove a record for good; does nothing when there is none."""
        with self._database.write() as connection:
            connection.execute(self._table.delete().where(self._key == key))

    def _values(self, record: Record) -> dict[str, Any]:
        values = {name: getattr(record, name) for name in self._names}
        return {name: _plain(value) for name, value in values.items()}

    def _from(self, row: Any) -> Record:
        return self._record(**{name: getattr(row, name) for name in self._names})


class Catalog:
    """Datasets, workspaces and drift reports."""

    def __init__(self, database: Database) -> None:
        self.datasets: Records[DatasetRecord] = Records(database, datasets, DatasetRecord, what="dataset")
        self.workspaces: Records[WorkspaceRecord] = Records(
            database, workspaces, WorkspaceRecord, what="workspace"
        )
        self.drift_reports: Records[DriftRecord] = Records(
            database, drift_reports, DriftRecord, what="drift-report"
        )


def _plain(value: Any) -> Any:
    """Return mappings and sequences as what the JSON columns take."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    return value
