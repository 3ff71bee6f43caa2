"""The tables. A change here needs a migration in `migrations/versions`; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    and_,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

ACTIVE = ("queued", "running")


class UtcTime(TypeDecorator[datetime]):
    """An aware time, stored as `YYYY-MM-DDTHH:MM:SS.ffffff` in UTC: it sorts as text on every database."""

    impl = String(26)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Return the text of `value`."""
        if value is None:
            return None
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Return the time of a stored text."""
        return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


metadata = MetaData()
_event_number = BigInteger().with_variant(Integer, "sqlite")

datasets = Table(
    "datasets",
    metadata,
    Column("dataset_id", String(128), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("format", String(32), nullable=False),
    Column("task", String(32), nullable=False),
    Column("items", Integer, nullable=False),
    Column("annotations", Integer, nullable=False),
    Column("splits", JSON, nullable=False),
    Column("classes", JSON, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("report", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False, index=True),
    Column("deleted_at", UtcTime),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("workspace_id", String(128), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("role", String(16)),
    Column("dataset_id", String(128)),
    Column("drift_report_id", String(128)),
    Column("task", String(32), nullable=False),
    Column("format", String(32), nullable=False),
    Column("summary", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False, index=True),
    Column("deleted_at", UtcTime),
)

drift_reports = Table(
    "drift_reports",
    metadata,
    Column("report_id", String(128), primary_key=True),
    Column("base", JSON, nullable=False),
    Column("target", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("score", Float, nullable=False),
    Column("p_value", Float),
    Column("summary", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False, index=True),
    Column("deleted_at", UtcTime),
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(64), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("workspace_id", String(128)),
    Column("writes", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("params", JSON, nullable=False),
    Column("progress", JSON, nullable=False),
    Column("result", JSON),
    Column("error", JSON),
    Column("attempt", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("restarts", Integer, nullable=False),
    # Raised by every claim; a run may write only while the row still carries the fence that it was given.
    Column("fence", Integer, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
)
Index("jobs_newest", jobs.c.created_at, jobs.c.job_id)
Index("jobs_by_workspace", jobs.c.workspace_id, jobs.c.created_at)
_writer = and_(jobs.c.writes, jobs.c.state.in_(ACTIVE))
# The rule "one writing job per workspace", kept by the database: a second insert fails.
Index("jobs_one_writer", jobs.c.workspace_id, unique=True, sqlite_where=_writer, postgresql_where=_writer)
_active = jobs.c.state.in_(ACTIVE)
Index("jobs_active", jobs.c.state, sqlite_where=_active, postgresql_where=_active)

job_events = Table(
    "job_events",
    metadata,
    Column("event_id", _event_number, primary_key=True, autoincrement=True),
    Column("job_id", String(64), ForeignKey("jobs.job_id", ondelete="CASCADE"), nullable=False),
    Column("type", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("progress", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)
Index("job_events_by_job", job_events.c.job_id, job_events.c.event_id)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("job_id", String(64), ForeignKey("jobs.job_id", ondelete="CASCADE"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
