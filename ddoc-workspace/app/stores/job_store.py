"""Jobs in the database: submit, claim, end, events. Every change of state and its event are one transaction."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from app.stores.cursors import decode_cursor, encode_cursor
from app.stores.database import Database
from app.stores.job_records import ENDED, Job, JobError, JobEvent, JobPage, JobProgress, JobState
from app.stores.tables import ACTIVE, UtcTime, idempotency_keys, job_events, jobs
from ddoc.errors import BusyError, ConflictError, NotFoundError

KEPT_PROGRESS_EVENTS = 500
_NEW = MappingProxyType[str, Any](
    {
        "state": "queued",
        "progress": JobProgress().to_json(),
        "attempt": 0,
        "crashes": 0,
        "restarts": 0,
        "fence": 0,
        "cancel_requested": False,
    }
)


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


class JobStore:
    """The table of jobs and its events.

    `on_event` is called after each commit that added events, with the id of the job.
    """

    def __init__(self, database: Database, *, on_event: Callable[[str], None]) -> None:
        self._database = database
        self._on_event = on_event

    # -- reading ---------------------------------------------------------------------------------------------

    def get(self, job_id: str) -> Job:
        """Return the job. Raises NotFoundError (`unknown-job`)."""
        with self._database.read() as connection:
            return _get(connection, job_id)

    def known(self, idempotency_key: str) -> Job | None:
        """Return the job of a known key. Raises ConflictError (`idempotency-key-reused`)."""
        with self._database.read() as connection:
            return _known_key(connection, idempotency_key)

    def writer_of(self, workspace_id: str) -> Job | None:
        """Return the queued or running writing job of the workspace, if there is one."""
        with self._database.read() as connection:
            return _writer_of(connection, workspace_id)

    def active(self) -> list[Job]:
        """Return the queued and running jobs, oldest first."""
        query = select(jobs).where(jobs.c.state.in_(ACTIVE)).order_by(jobs.c.created_at, jobs.c.job_id)
        with self._database.read() as connection:
            return [_job(row) for row in connection.execute(query)]

    def page(
        self,
        *,
        workspace_id: str | None = None,
        states: Sequence[JobState] = (),
        kind: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> JobPage:
        """Return a page of jobs, newest first, by the given filters."""
        wanted: list[ColumnElement[bool]] = []
        if workspace_id is not None:
            wanted.append(jobs.c.workspace_id == workspace_id)
        if states:
            wanted.append(jobs.c.state.in_(states))
        if kind is not None:
            wanted.append(jobs.c.kind == kind)
        query = select(jobs).where(*wanted).order_by(jobs.c.created_at.desc(), jobs.c.job_id.desc())
        if cursor is not None:
            query = query.where(_before(*decode_cursor(cursor)))
        with self._database.read() as connection:
            found = [_job(row) for row in connection.execute(query.limit(limit + 1))]
            total = connection.execute(select(func.count()).select_from(jobs).where(*wanted)).scalar_one()
        items = tuple(found[:limit])
        more = encode_cursor(items[-1].created_at, items[-1].job_id) if len(found) > limit else None
        return JobPage(items=items, next_cursor=more, total=total)

    def events(
        self, *, after: int, job_id: str | None = None, workspace_id: str | None = None, limit: int = 500
    ) -> list[JobEvent]:
        """Return the events with a number above `after`, in order, of one job, one workspace or all."""
        query: Select[Any] = (
            select(
                job_events.c.event_id,
                job_events.c.type,
                job_events.c.state.label("event_state"),
                job_events.c.attempt.label("event_attempt"),
                job_events.c.progress.label("event_progress"),
                jobs,
            )
            .join(jobs, jobs.c.job_id == job_events.c.job_id)
            .where(job_events.c.event_id > after)
            .order_by(job_events.c.event_id)
            .limit(limit)
        )
        if job_id is not None:
            query = query.where(job_events.c.job_id == job_id)
        if workspace_id is not None:
            query = query.where(jobs.c.workspace_id == workspace_id)
        with self._database.read() as connection:
            return [_event(row) for row in connection.execute(query)]

    def last_event_id(self) -> int:
        """Return the number of the newest event, 0 if there is none."""
        with self._database.read() as connection:
            return connection.execute(select(func.max(job_events.c.event_id))).scalar() or 0

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many jobs there are per (kind, state)."""
        query = select(jobs.c.kind, jobs.c.state, func.count()).group_by(jobs.c.kind, jobs.c.state)
        with self._database.read() as connection:
            return {(row[0], row[1]): row[2] for row in connection.execute(query)}

    # -- changing --------------------------------------------------------------------------------------------

    def submit(
        self,
        *,
        job_id: str,
        kind: str,
        workspace_id: str | None,
        writes: bool,
        params: Mapping[str, Any],
        idempotency_key: str | None,
    ) -> tuple[Job, bool]:
        """Insert a queued job. Returns (job, whether it is new).

        `idempotency_key` is `<key>:<fingerprint of the request>`: a known key gives its job back.
        Raises BusyError naming the job that writes to the workspace, and ConflictError
        (`idempotency-key-reused`) for a known key with another request.
        """
        with self._database.write() as connection:
            known = _known_key(connection, idempotency_key)
            if known is not None:
                return known, False
            busy = _writer_of(connection, workspace_id) if writes and workspace_id else None
            if busy is not None:
                raise busy_with(busy)
            row = {
                "job_id": job_id,
                "kind": kind,
                "workspace_id": workspace_id,
                "writes": writes,
                "params": dict(params),
                "created_at": now(),
            }
            try:
                connection.execute(insert(jobs).values(_NEW | row))
            except IntegrityError as error:
                raise BusyError(
                    "another job is writing to this workspace; wait for it or cancel it"
                ) from error
            _keep_key(connection, idempotency_key, job_id)
            job = _get(connection, job_id)
            _add_event(connection, job, "state")
        self._on_event(job_id)
        return job, True

    def claim(self, job_id: str) -> Job | None:
        """Make a queued job running and raise its fence. Returns None if it is no longer queued."""
        values = {
            "state": "running",
            "fence": jobs.c.fence + 1,
            "attempt": jobs.c.attempt + 1,
            "started_at": func.coalesce(jobs.c.started_at, literal(now(), UtcTime())),
            "progress": JobProgress().to_json(),
        }
        return self._change(and_(jobs.c.job_id == job_id, jobs.c.state == "queued"), job_id, values)

    def requeue(self, job: Job, *, crashed: bool = False, restarted: bool = False) -> Job | None:
        """Give a running job back to the queue, counting why. Returns None if the run is no longer the owner."""
        values = {
            "state": "queued",
            "crashes": jobs.c.crashes + int(crashed),
            "restarts": jobs.c.restarts + int(restarted),
        }
        return self._change(_owned(job), job.job_id, values)

    def end(
        self, job: Job, state: JobState, *, result: Any = None, error: JobError | None = None
    ) -> Job | None:
        """Bring a running job to a final state. Returns None if the run is no longer the owner."""
        if state not in ENDED:
            raise ValueError(state)
        values = {
            "state": state,
            "result": result,
            "error": error.to_json() if error else None,
            "ended_at": now(),
        }
        return self._change(_owned(job), job.job_id, values)

    def progress(self, job: Job, progress: JobProgress) -> None:
        """Record progress of a run; ignored when the run is no longer the owner."""
        with self._database.write() as connection:
            changed = connection.execute(update(jobs).where(_owned(job)).values(progress=progress.to_json()))
            if changed.rowcount == 0:
                return
            number = _add_event(connection, _get(connection, job.job_id), "progress")
            if number % 100 == 0:
                _thin_out(connection, job.job_id)
        self._on_event(job.job_id)

    def request_cancel(self, job_id: str) -> Job:
        """Ask for the end of a job. One that never ran is cancelled at once; an ended one stays as it is.

        Raises NotFoundError (`unknown-job`).
        """
        with self._database.write() as connection:
            job = _get(connection, job_id)
            if job.ended or job.cancel_requested:
                return job
            values: dict[str, Any] = {"cancel_requested": True}
            if job.state == "queued" and job.attempt == 0:
                values |= {"state": "cancelled", "ended_at": now()}
            connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(values))
            job = _get(connection, job_id)
            _add_event(connection, job, "state")
        self._on_event(job_id)
        return job

    def forget_before(self, moment: datetime) -> list[str]:
        """Delete the jobs that ended before `moment`, with their events. Returns their ids."""
        old = and_(jobs.c.state.in_(ENDED), jobs.c.ended_at < moment)
        with self._database.write() as connection:
            gone = list(connection.execute(select(jobs.c.job_id).where(old)).scalars())
            for table in (job_events, idempotency_keys):
                connection.execute(delete(table).where(table.c.job_id.in_(select(jobs.c.job_id).where(old))))
            connection.execute(delete(jobs).where(old))
        return gone

    def _change(self, where: ColumnElement[bool], job_id: str, values: Mapping[str, Any]) -> Job | None:
        with self._database.write() as connection:
            if connection.execute(update(jobs).where(where).values(dict(values))).rowcount == 0:
                return None
            job = _get(connection, job_id)
            _add_event(connection, job, "state")
        self._on_event(job_id)
        return job


def busy_with(job: Job) -> BusyError:
    """Return the error that says which job holds the workspace."""
    return BusyError(
        f"the job {job.job_id} ({job.kind}) is writing to this workspace; wait for it or cancel it",
        job_id=job.job_id,
        kind=job.kind,
    )


def _owned(job: Job) -> ColumnElement[bool]:
    return and_(jobs.c.job_id == job.job_id, jobs.c.fence == job.fence, jobs.c.state == "running")


def _before(created_at: datetime, job_id: str) -> ColumnElement[bool]:
    return or_(jobs.c.created_at < created_at, and_(jobs.c.created_at == created_at, jobs.c.job_id < job_id))


def _get(connection: Connection, job_id: str) -> Job:
    row = connection.execute(select(jobs).where(jobs.c.job_id == job_id)).first()
    if row is None:
        raise NotFoundError("no job has this id", code="unknown-job")
    return _job(row)


def _writer_of(connection: Connection, workspace_id: str) -> Job | None:
    query = select(jobs).where(jobs.c.workspace_id == workspace_id, jobs.c.writes, jobs.c.state.in_(ACTIVE))
    row = connection.execute(query).first()
    return None if row is None else _job(row)


def _known_key(connection: Connection, idempotency_key: str | None) -> Job | None:
    if idempotency_key is None:
        return None
    key, _, fingerprint = idempotency_key.partition(":")
    row = connection.execute(select(idempotency_keys).where(idempotency_keys.c.key == key)).first()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise ConflictError(
            "this Idempotency-Key was used for another request; use a new key", code="idempotency-key-reused"
        )
    return _get(connection, row.job_id)


def _keep_key(connection: Connection, idempotency_key: str | None, job_id: str) -> None:
    if idempotency_key is not None:
        key, _, fingerprint = idempotency_key.partition(":")
        row = {"key": key, "fingerprint": fingerprint, "job_id": job_id, "created_at": now()}
        connection.execute(insert(idempotency_keys).values(row))


def _add_event(connection: Connection, job: Job, kind: str) -> int:
    result = connection.execute(
        insert(job_events).values(
            job_id=job.job_id,
            type=kind,
            state=job.state,
            attempt=job.attempt,
            progress=job.progress.to_json(),
            created_at=now(),
        )
    )
    key = result.inserted_primary_key
    if key is None:
        raise ValueError("the database gave the event no number")
    return int(key[0])


def _thin_out(connection: Connection, job_id: str) -> None:
    """Keep the newest progress events of a long job only; changes of state all stay."""
    of_job = and_(job_events.c.job_id == job_id, job_events.c.type == "progress")
    newest = (select(job_events.c.event_id).where(of_job).order_by(job_events.c.event_id.desc())).offset(
        KEPT_PROGRESS_EVENTS
    )
    oldest_kept = connection.execute(newest.limit(1)).scalar()
    if oldest_kept is not None:
        connection.execute(delete(job_events).where(of_job, job_events.c.event_id <= oldest_kept))


def _job(row: Row[Any], **changes: Any) -> Job:
    values = {name: getattr(row, name) for name in Job.__slots__} | changes
    values["progress"] = JobProgress(**values["progress"])
    if values["error"] is not None:
        values["error"] = JobError(**values["error"])
    return Job(**values)


def _event(row: Row[Any]) -> JobEvent:
    changes: dict[str, Any] = {
        "state": row.event_state,
        "attempt": row.event_attempt,
        "progress": row.event_progress,
    }
    if row.event_state not in ENDED:
        changes |= {"result": None, "error": None, "ended_at": None}
    return JobEvent(event_id=row.event_id, type=row.type, job=_job(row, **changes))
