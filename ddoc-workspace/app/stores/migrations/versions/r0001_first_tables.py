"""The first tables: datasets, workspaces, drift reports, jobs, their events and idempotency keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_time = sa.String(26)
_event_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_active = sa.text("state IN ('queued', 'running')")
_writer = sa.text("writes AND state IN ('queued', 'running')")


def upgrade() -> None:
    """Create the tables."""
    _create_catalog()
    _create_jobs()
    _create_events()


def _create_catalog() -> None:
    op.create_table(
        "datasets",
        sa.Column("dataset_id", sa.String(128), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("format", sa.String(32), nullable=False),
        sa.Column("task", sa.String(32), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("annotations", sa.Integer(), nullable=False),
        sa.Column("splits", sa.JSON(), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("created_at", _time, nullable=False, index=True),
        sa.Column("deleted_at", _time),
    )
    op.create_table(
        "workspaces",
        sa.Column("workspace_id", sa.String(128), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("role", sa.String(16)),
        sa.Column("dataset_id", sa.String(128)),
        sa.Column("drift_report_id", sa.String(128)),
        sa.Column("task", sa.String(32), nullable=False),
        sa.Column("format", sa.String(32), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("created_at", _time, nullable=False, index=True),
        sa.Column("deleted_at", _time),
    )
    op.create_table(
        "drift_reports",
        sa.Column("report_id", sa.String(128), primary_key=True),
        sa.Column("base", sa.JSON(), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("p_value", sa.Float()),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("created_at", _time, nullable=False, index=True),
        sa.Column("deleted_at", _time),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("workspace_id", sa.String(128)),
        sa.Column("writes", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON()),
        sa.Column("error", sa.JSON()),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("restarts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("created_at", _time, nullable=False),
        sa.Column("started_at", _time),
        sa.Column("ended_at", _time),
    )
    op.create_index("jobs_newest", "jobs", ["created_at", "job_id"])
    op.create_index("jobs_by_workspace", "jobs", ["workspace_id", "created_at"])
    op.create_index(
        "jobs_one_writer",
        "jobs",
        ["workspace_id"],
        unique=True,
        sqlite_where=_writer,
        postgresql_where=_writer,
    )
    op.create_index("jobs_active", "jobs", ["state"], sqlite_where=_active, postgresql_where=_active)


def _create_events() -> None:
    op.create_table(
        "job_events",
        sa.Column("event_id", _event_number, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(64), sa.ForeignKey("jobs.job_id", ondelete="CASCADE"), nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("created_at", _time, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("job_events_by_job", "job_events", ["job_id", "event_id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("job_id", sa.String(64), sa.ForeignKey("jobs.job_id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_at", _time, nullable=False),
    )
