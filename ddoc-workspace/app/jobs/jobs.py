"""The jobs of the service: submitting, waiting, cancelling, and running them as slots become free."""

import asyncio
import contextlib
import logging
import shutil
import threading
import time
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.jobs.bell import Bell
from app.jobs.guards import EditGuards
from app.jobs.kinds import JobKind, log_path
from app.jobs.processes import ProcessLauncher
from app.jobs.run import Run, RunTools
from app.stores.database import Database
from app.stores.job_records import Job, JobError, JobEvent, JobPage, JobState
from app.stores.job_store import JobStore, busy_with, now
from ddoc.errors import DiskFullError, TooLargeError
from ddoc.ids import new_id

_log = logging.getLogger(__name__)
PRELOAD = (
    "numpy",
    "pyarrow",
    "pyarrow.parquet",
    "PIL.Image",
    "PIL.ImageOps",
    "ddoc.dataset.items",
    "ddoc.execution",
)
MAX_RESTARTS = 20


class Jobs:
    """All jobs of one service. Register the kinds, then `start`; `close` leaves what runs for the next start."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        grace: float = 2.0,
        max_active: int = 1000,
        min_free_bytes: int = 0,
        retention: timedelta = timedelta(days=30),
        preload: Sequence[str] = PRELOAD,
    ) -> None:
        self._bell = Bell()
        self._store = JobStore(database, on_event=self._bell.ring)
        self._folder = folder
        self._max_active = max_active
        self._min_free_bytes = min_free_bytes
        self._retention = retention
        self._kinds: dict[str, JobKind] = {}
        self._preload = tuple(preload)
        self._launcher = ProcessLauncher(())
        self._grace = grace
        self._guards = EditGuards()
        self._lock = threading.RLock()
        self._runs: dict[str, tuple[Run, threading.Thread]] = {}
        self._open = False
        self._streaming = True

    # -- life ------------------------------------------------------------------------------------------------

    def register(self, kind: JobKind) -> None:
        """Make a kind known. Raises ValueError for a name that is taken."""
        if kind.name in self._kinds:
            raise ValueError(f"the job kind {kind.name} is registered twice")
        self._kinds[kind.name] = kind

    def start(self) -> None:
        """Warm up the child processes, take up what the last service left, and begin to run jobs."""
        self._folder.mkdir(parents=True, exist_ok=True)
        bodies = {k.body.partition(":")[0] for k in self._kinds.values() if isinstance(k.body, str)}
        self._launcher = ProcessLauncher((*self._preload, *sorted(bodies)))
        self._launcher.warm_up()
        self._forget_old()
        for job in self._store.active():
            self._take_up(job)
        self._open = True
        self._dispatch()

    def close(self) -> None:
        """Stop: children are killed, their jobs queued again; inline bodies are told and waited for."""
        with self._lock:
            self._open = False
            runs = list(self._runs.values())
        for run, _ in runs:
            run.control.suspend()
        for run, thread in runs:
            thread.join(timeout=20)
            if thread.is_alive():
                _log.error("the job %s (%s) did not stop", run.job.job_id, run.job.kind)
        self._launcher.close()
        self._bell.ring_all()

    def end_streams(self) -> None:
        """Let those who wait and follow go, as the service is about to stop. Jobs go on until `close`."""
        self._streaming = False
        self._bell.ring_all()

    @property
    def closing(self) -> bool:
        """Tell whether the service is about to stop (or not started)."""
        return not (self._open and self._streaming)

    @property
    def healthy(self) -> bool:
        """Tell whether jobs can be started."""
        return self._open and self._launcher.alive

    # -- use -------------------------------------------------------------------------------------------------

    def submit(
        self,
        kind: str,
        *,
        workspace_id: str | None = None,
        params: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Queue a job and return it at once; with a known key (of `request_key`), return that key's job.

        Raises BusyError (`workspace-busy`) when the kind writes and another job writes to the workspace, or an
        edit does so for seconds; ConflictError (`idempotency-key-reused`) when the key came with another request;
        TooLargeError (`too-many-jobs`) when the queue is full; DiskFullError when the disk nearly is.
        """
        chosen = self._kinds[kind]
        given = dict(params or {})
        self._check_room(chosen)
        held = self._guards.hold(workspace_id) if chosen.writes and workspace_id else contextlib.nullcontext()
        with held:
            job, new = self._store.submit(
                job_id=new_id("job"),
                kind=kind,
                workspace_id=workspace_id,
                writes=chosen.writes,
                params=given,
                idempotency_key=idempotency_key,
            )
        if new:
            self._dispatch()
        return job

    def known(self, idempotency_key: str) -> Job | None:
        """Return the job that was submitted with the key, if there is one. Raises as `submit` does."""
        return self._store.known(idempotency_key)

    def get(self, job_id: str) -> Job:
        """Return a job. Raises NotFoundError (`unknown-job`)."""
        return self._store.get(job_id)

    async def get_async(self, job_id: str) -> Job:
        """Return a job, from a coroutine. Raises NotFoundError (`unknown-job`)."""
        return await asyncio.to_thread(self._store.get, job_id)

    async def has_news(self, job_id: str, *, after: int) -> bool:
        """Tell whether a job has events numbered above `after`."""
        return bool(await asyncio.to_thread(self._store.events, after=after, job_id=job_id, limit=1))

    def writer_of(self, workspace_id: str) -> Job | None:
        """Return the queued or running job that writes to the workspace, if there is one."""
        return self._store.writer_of(workspace_id)

    def page(
        self,
        *,
        workspace_id: str | None = None,
        states: Sequence[JobState] = (),
        kind: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> JobPage:
        """Return a page of jobs, newest first."""
        return self._store.page(
            workspace_id=workspace_id, states=states, kind=kind, limit=limit, cursor=cursor
        )

    def running(self, workspace_id: str) -> list[Job]:
        """Return the queued and running jobs of a workspace, oldest first."""
        return [job for job in self._store.active() if job.workspace_id == workspace_id]

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many jobs there are per (kind, state)."""
        return self._store.counts()

    def wait(self, job_id: str, seconds: float) -> Job:
        """Wait up to `seconds` for the end of a job, blocking this thread. Returns the job as it is then."""
        deadline = time.monotonic() + seconds
        with self._bell.in_thread(job_id) as news:
            while True:
                news.clear()
                job = self._store.get(job_id)
                left = deadline - time.monotonic()
                if job.ended or left <= 0 or self.closing:
                    return job
                news.wait(left)

    async def wait_async(self, job_id: str, seconds: float) -> Job:
        """Wait up to `seconds` for the end of a job without a thread. Returns the job as it is then."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        with self._bell.in_loop(job_id) as news:
            while True:
                news.clear()
                job = await asyncio.to_thread(self._store.get, job_id)
                left = deadline - loop.time()
                if job.ended or left <= 0 or self.closing:
                    return job
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), left)

    def cancel(self, job_id: str) -> Job:
        """Ask for the end of a job and return it; an ended job stays as it is. Raises NotFoundError."""
        job = self._store.request_cancel(job_id)
        with self._lock:
            entry = self._runs.get(job_id)
        if entry is not None:
            entry[0].control.cancel()
        return job

    @contextlib.contextmanager
    def edit_guard(self, workspace_id: str) -> Generator[None]:
        """Hold the workspace for a synchronous edit: no writing job can be submitted, other edits wait.

        Raises BusyError: at once when a writing job has the workspace (`job_id` names it), after five seconds
        when another edit has it.
        """
        with self._guards.hold(workspace_id):
            writer = self._store.writer_of(workspace_id)
            if writer is not None:
                raise busy_with(writer)
            yield

    async def events(
        self,
        *,
        after: int | None,
        job_id: str | None = None,
        workspace_id: str | None = None,
        beat: float = 15.0,
    ) -> AsyncGenerator[JobEvent | None]:
        """Yield the events numbered above `after` (None: from now on) and then each new one; None is a heartbeat.

        Ends after the last event of an ended job when `job_id` is given, and when the service stops.
        """
        with self._bell.in_loop(job_id) as news:
            seen = await asyncio.to_thread(self._store.last_event_id) if after is None else after
            while not self.closing:
                news.clear()
                fresh = await asyncio.to_thread(
                    self._store.events, after=seen, job_id=job_id, workspace_id=workspace_id
                )
                for event in fresh:
                    seen = event.event_id
                    yield event
                if fresh:
                    continue
                if job_id is not None and (await asyncio.to_thread(self._store.get, job_id)).ended:
                    return
                try:
                    await asyncio.wait_for(news.wait(), beat)
                except TimeoutError:
                    yield None

    def log_of(self, job_id: str) -> Path:
        """Return the path of a job's log, which may not exist yet. Raises NotFoundError."""
        return log_path(self._folder / self._store.get(job_id).job_id)

    def _check_room(self, kind: JobKind) -> None:
        if len(self._store.active()) >= self._max_active:
            raise TooLargeError(
                "too many jobs are waiting; try again when some have ended",
                code="too-many-jobs",
                limit="DDOC_MAX_ACTIVE_JOBS",
                value=self._max_active,
            )
        if kind.needs_space and shutil.disk_usage(self._folder).free < self._min_free_bytes:
            raise DiskFullError(
                "the disk is nearly full; free some space first",
                limit="DDOC_MIN_FREE_BYTES",
                value=self._min_free_bytes,
            )

    # -- running ---------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Start queued jobs, oldest first, while their kinds have free slots."""
        with self._lock:
            if not self._open:
                return
            taken: dict[str, int] = {}
            for run, _ in self._runs.values():
                taken[run.job.kind] = taken.get(run.job.kind, 0) + 1
            for job in self._store.active():
                kind = self._kinds.get(job.kind)
                if job.state != "queued" or kind is None or taken.get(job.kind, 0) >= kind.slots:
                    continue
                if job.job_id not in self._runs and self._begin(kind, job.job_id):
                    taken[job.kind] = taken.get(job.kind, 0) + 1

    def _begin(self, kind: JobKind, job_id: str) -> bool:
        job = self._store.claim(job_id)
        if job is None:
            return False
        tools = RunTools(store=self._store, launcher=self._launcher, grace=self._grace)
        run = Run(tools, kind, job, self._folder / job_id)
        if job.cancel_requested:
            run.control.cancel()
        thread = threading.Thread(target=self._execute, args=(run,), name=job_id, daemon=True)
        self._runs[job_id] = (run, thread)
        thread.start()
        return True

    def _execute(self, run: Run) -> None:
        try:
            run.execute()
        finally:
            with self._lock:
                del self._runs[run.job.job_id]
            self._dispatch()

    def _take_up(self, job: Job) -> None:
        """Queue a job again that was running when the service went away, unless it takes the service with it."""
        if job.kind not in self._kinds:
            _log.error("nothing knows how to run the job %s (%s)", job.job_id, job.kind)
            owned = job if job.state == "running" else self._store.claim(job.job_id)
            error = JobError(code="unknown-job-kind", detail="this service has no such kind of job")
            if owned is not None:
                self._store.end(owned, "failed", error=error)
            return
        if job.state == "queued":
            return
        if job.restarts + 1 >= MAX_RESTARTS:
            error = JobError(
                code="worker-crashed",
                detail=f"the service went away {MAX_RESTARTS} times while this job was running",
                kind="WorkerCrashedError",
            )
            self._store.end(job, "failed", error=error)
            return
        self._store.requeue(job, restarted=True)

    def _forget_old(self) -> None:
        for job_id in self._store.forget_before(now() - self._retention):
            shutil.rmtree(self._folder / job_id, ignore_errors=True)
