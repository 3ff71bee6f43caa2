"""One run of a job, from claim to end, in a thread of its own."""

import json
import logging
import os
import selectors
import shutil
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.jobs.child import ChildOrder, describe
from app.jobs.kinds import (
    Body,
    JobContext,
    JobKind,
    JobSuspendedError,
    WorkerCrashedError,
    log_path,
)
from app.jobs.processes import ChildProcess, ProcessLauncher
from app.stores.job_records import Job, JobError, JobProgress
from app.stores.job_store import JobStore
from ddoc.errors import CancelledError, DdocError
from ddoc.paths import write_atomic

_log = logging.getLogger(__name__)
MAX_CRASHES = 3
PROGRESS_INTERVAL = 0.2


class CrashedError(Exception):
    """The body's process died by itself."""


class BodyFailedError(Exception):
    """Carries the error of a body, as its process described it."""

    def __init__(self, error: JobError) -> None:
        super().__init__(error.detail)
        self.error = error


class RunControl:
    """The flags of a run, set from other threads; inline parts see them through `check` and `wait`."""

    def __init__(self) -> None:
        self._news = threading.Event()
        self._child: ChildProcess | None = None
        self._lock = threading.Lock()
        self.cancelled = False
        self.suspended = False

    def cancel(self) -> None:
        """Ask for the end of the run."""
        self.cancelled = True
        self._spread()

    def suspend(self) -> None:
        """Ask for the run to be left for the next start of the service."""
        self.suspended = True
        self._spread()

    def check(self) -> None:
        """Raise CancelledError or JobSuspendedError when asked to."""
        if self.cancelled:
            raise CancelledError("the job was cancelled")
        if self.suspended:
            raise JobSuspendedError

    def wait(self, seconds: float) -> None:
        """Sleep, but raise as soon as there is reason to."""
        self._news.wait(seconds)
        self.check()

    def attach(self, child: ChildProcess | None) -> None:
        """Let news also wake the watcher of `child`."""
        with self._lock:
            self._child = child

    def _spread(self) -> None:
        self._news.set()
        with self._lock:
            if self._child is not None:
                self._child.nudge()


class InlineProgress:
    """Progress of the parts that run in the service."""

    def __init__(self, meter: "ProgressMeter", control: RunControl) -> None:
        self._meter = meter
        self._control = control
        self._sent_at = 0.0

    def __call__(self, done: int, total: int | None, *, unit: str = "items", message: str = "") -> None:
        """Record progress, at most five times a second and always the last."""
        self._control.check()
        now = time.monotonic()
        if now - self._sent_at >= PROGRESS_INTERVAL or done == total:
            self._sent_at = now
            self._meter.record(JobProgress(done=done, total=total, unit=unit, message=message))


class ProgressMeter:
    """Adds rate and time left, measured since the first report of the same unit, and stores the result."""

    def __init__(self, store: JobStore, job: Job) -> None:
        self._store = store
        self._job = job
        self._start: tuple[str, float, int] | None = None

    def record(self, progress: JobProgress) -> None:
        """Store progress."""
        now = time.monotonic()
        if self._start is None or self._start[0] != progress.unit or progress.done < self._start[2]:
            self._start = (progress.unit, now, progress.done)
        _, since, done_then = self._start
        rate = eta = None
        if now - since > 0.5 and progress.done > done_then:
            rate = (progress.done - done_then) / (now - since)
            if progress.total is not None:
                eta = max(0.0, (progress.total - progress.done) / rate)
        self._store.progress(self._job, replace(progress, rate=rate, eta=eta))


@dataclass(frozen=True, slots=True)
class RunTools:
    """What a run works with. `grace`: seconds from cancel to TERM, and from TERM to KILL."""

    store: JobStore
    launcher: ProcessLauncher
    grace: float


class Run:
    """A claimed job being worked on."""

    def __init__(self, tools: RunTools, kind: JobKind, job: Job, folder: Path) -> None:
        self._tools = tools
        self._kind = kind
        self.job = job
        self._folder = folder
        self.control = RunControl()
        self._meter = ProgressMeter(tools.store, job)
        self._context = JobContext(
            job_id=job.job_id,
            workspace_id=job.workspace_id,
            folder=folder,
            attempt=job.attempt,
            progress=InlineProgress(self._meter, self.control),
            control=self.control,
        )
        # For what comes after the body: a cancel is too late then, and must not break the bookkeeping.
        calm = RunControl()
        self._afterwards = replace(self._context, progress=InlineProgress(self._meter, calm), control=calm)

    def execute(self) -> None:
        """Work on the job and record how it ended. Never raises."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            result = self._work()
            json.dumps(result, allow_nan=False)
        except JobSuspendedError:
            self._tools.store.requeue(self.job)
        except CancelledError:
            self._end_badly(None)
        except CrashedError as crash:
            self._crashed(crash)
        except BodyFailedError as failure:
            self._end_badly(failure.error)
        except Exception as error:  # noqa: BLE001 - whatever a job raises is its outcome
            if not isinstance(error, DdocError):
                _log.exception("the job %s (%s) failed in the service", self.job.job_id, self.job.kind)
                self._context.log("the job failed in the service; the service's log has the traceback")
            self._end_badly(JobError(**describe(error)))
        else:
            self._tools.store.end(self.job, "succeeded", result=result)
            self._sweep()

    def _work(self) -> Any:
        params = self.job.params
        outcome_path = self._folder / "outcome.json"
        if isinstance(self._kind.body, str):
            # A success from before a restart stands: the body is not run a second time. A failure may have been
            # the restart's own doing.
            if "output" not in _read_outcome(outcome_path):
                outcome_path.unlink(missing_ok=True)
                given = self._kind.prepare(self._context, params) if self._kind.prepare else params
                write_atomic(self._folder / "input.json", json.dumps(dict(given)).encode())
                self.control.check()
                self._run_child(self._kind.body)
            output = _output_of(_read_outcome(outcome_path))
        else:
            output = self._run_inline(self._kind.body)
        return self._kind.finish(self._afterwards, params, output) if self._kind.finish else output

    def _run_inline(self, body: Body) -> Any:
        given = self._kind.prepare(self._context, self.job.params) if self._kind.prepare else self.job.params
        return body(self._context, given)

    def _run_child(self, body: str) -> None:
        child = self._tools.launcher.start(
            ChildOrder(
                job_id=self.job.job_id,
                workspace_id=self.job.workspace_id,
                folder=str(self._folder),
                attempt=self.job.attempt,
                body=body,
            )
        )
        self.control.attach(child)
        try:
            _ChildWatch(child, self.control, self._meter, grace=self._tools.grace).watch()
        finally:
            self.control.attach(None)
            child.close()
        outcome = _read_outcome(self._folder / "outcome.json")
        if (
            "output" not in outcome
        ):  # work that was completed counts, also when a cancel came just before its end
            self.control.check()
        if not outcome:
            raise CrashedError(_end_in_words(child.status))

    def _crashed(self, crash: CrashedError) -> None:
        crashes = self.job.crashes + 1
        _log.warning("the process of the job %s %s (%d of %d)", self.job.job_id, crash, crashes, MAX_CRASHES)
        self._context.log(f"the job's process {crash} ({crashes} of {MAX_CRASHES})")
        if crashes < MAX_CRASHES:
            self._tools.store.requeue(self.job, crashed=True)
            return
        error = WorkerCrashedError(
            f"the job's process died three times (the last time it {crash}); its log may say why"
        )
        self._end_badly(JobError(**describe(error)))

    def _end_badly(self, error: JobError | None) -> None:
        """End as failed, or as cancelled without an error, after the kind cleaned up."""
        if self._kind.cleanup is not None:
            try:
                self._kind.cleanup(self._afterwards, self.job.params)
            except Exception:  # noqa: BLE001 - the job's own error must not be lost over it
                _log.exception("cleaning up after the job %s failed", self.job.job_id)
                self._context.log("cleaning up failed; the service's log has the traceback")
        if error is None or self.control.cancelled:
            self._tools.store.end(self.job, "cancelled")
        else:
            self._tools.store.end(self.job, "failed", error=error)
        self._sweep()

    def _sweep(self) -> None:
        """Empty the job's folder but for the log."""
        for path in self._folder.iterdir():
            if path == log_path(self._folder):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


class _ChildWatch:
    """Follows a child to its end: reads progress, and ends it step by step when the run is cancelled."""

    def __init__(
        self, child: ChildProcess, control: RunControl, meter: ProgressMeter, *, grace: float
    ) -> None:
        self._child = child
        self._control = control
        self._meter = meter
        self._rest = b""
        # What is still to be done to end the child, each with the seconds after the step before it.
        self._steps = [(0.0, child.cancel), (grace, child.terminate), (grace, child.kill)]
        self._next_step_at: float | None = None

    def watch(self) -> None:
        """Return after the child has ended."""
        os.set_blocking(self._child.progress, False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.progress, selectors.EVENT_READ)
            selector.register(self._child.wake, selectors.EVENT_READ)
            while not self._child.ended.is_set():
                timeout = self._escalate()
                for key, _ in selector.select(timeout):
                    if key.fd == self._child.wake:
                        os.eventfd_read(self._child.wake)
                    elif not self._read():
                        selector.unregister(self._child.progress)
        self._read()

    def _escalate(self) -> float | None:
        """Take the steps that are due. Returns the seconds until the next one."""
        if self._control.suspended and self._steps:
            self._steps = []
            self._child.kill()
        if not self._control.cancelled:
            return None
        now = time.monotonic()
        if self._next_step_at is None:
            self._next_step_at = now
        while self._steps and now >= self._next_step_at:
            _, step = self._steps.pop(0)
            step()
            self._next_step_at = now + (self._steps[0][0] if self._steps else 0)
        return max(0.0, self._next_step_at - now) if self._steps else None

    def _read(self) -> bool:
        """Take in the newest progress. Returns False at the end of the pipe."""
        alive = True
        while True:
            try:
                block = os.read(self._child.progress, 65536)
            except BlockingIOError:
                break
            if not block:
                alive = False
                break
            self._rest += block
        *lines, self._rest = self._rest.split(b"\n")
        if lines:
            self._meter.record(JobProgress(**json.loads(lines[-1])))
        return alive


def _read_outcome(path: Path) -> dict[str, Any]:
    return json.loads(path.read_bytes()) if path.exists() else {}


def _output_of(outcome: dict[str, Any]) -> Any:
    if "error" in outcome:
        raise BodyFailedError(JobError(**outcome["error"]))
    return outcome["output"]


def _end_in_words(status: int | None) -> str:
    if status is None:
        return "was lost"
    return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
