"""What runs in a job's own process: the body, its progress, its outcome."""

import errno
import fcntl
import importlib
import json
import logging
import os
import select
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from app.jobs.kinds import Body, InternalError, JobContext, log_path
from app.jobs.processtree import adopt_orphans, die_with_parent
from ddoc.errors import CancelledError, DdocError, DiskFullError
from ddoc.paths import write_atomic
from ddoc.priority import stand_back

NICE = 10
PROGRESS_INTERVAL = 0.2
MESSAGE_BYTES = 1 << 16
EXIT_CANCELLED = 75
EXIT_ALONE = 76


@dataclass(frozen=True, slots=True)
class ChildOrder:
    """What a child is to do. `input.json` and later `outcome.json` lie in `folder`."""

    job_id: str
    workspace_id: str | None
    folder: str
    attempt: int
    body: str


class PipeControl:
    """Cancel, as one byte in a pipe: read at every check, so no thread is needed.

    The end of the pipe means that the service died: then this process has nobody to work for.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def check(self) -> None:
        """Raise CancelledError when the byte is there."""
        self._poll(0)

    def wait(self, seconds: float) -> None:
        """Sleep; raise CancelledError as soon as the byte is there."""
        self._poll(seconds)

    def _poll(self, seconds: float) -> None:
        if select.select([self._descriptor], [], [], seconds)[0]:
            if not os.read(self._descriptor, 1):
                os._exit(EXIT_ALONE)
            raise CancelledError("the job was cancelled")


class PipeProgress:
    """Writes progress as JSON lines, at most five a second and always the last."""

    def __init__(self, descriptor: int, control: PipeControl) -> None:
        self._descriptor = descriptor
        self._control = control
        self._sent_at = 0.0
        self._message = ""

    def __call__(self, done: int, total: int | None, *, unit: str = "items", message: str = "") -> None:
        """Report progress. Raises CancelledError when the job is cancelled."""
        self._control.check()
        now = time.monotonic()
        if now - self._sent_at < PROGRESS_INTERVAL and done != total and message == self._message:
            return
        self._sent_at, self._message = now, message
        line = json.dumps({"done": done, "total": total, "unit": unit, "message": message})
        os.write(self._descriptor, line.encode() + b"\n")


def run_child(order: ChildOrder, *, progress_fd: int, control_fd: int) -> NoReturn:
    """Be the process of a job: set up, run the body, leave the outcome in a file, exit."""
    folder = Path(order.folder)
    status = 1
    try:
        _settle(log_path(folder))
        _wait_for_predecessor(folder)
        control = PipeControl(control_fd)
        context = JobContext(
            job_id=order.job_id,
            workspace_id=order.workspace_id,
            folder=folder,
            attempt=order.attempt,
            progress=PipeProgress(progress_fd, control),
            control=control,
        )
        outcome = outcome_of(order.body, context)
        write_atomic(folder / "outcome.json", json.dumps(outcome).encode(), durable=True)
        status = 0
    except CancelledError:
        status = EXIT_CANCELLED  # no outcome: whether the job is over, the service knows
    except BaseException:  # noqa: BLE001 - the last frame of the process: there is nobody to raise to
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def outcome_of(body: str, context: JobContext) -> dict[str, Any]:
    """Run the body and return `{"output"}` or `{"error"}`. A traceback goes to the log.

    Raises CancelledError when the body was cancelled.
    """
    try:
        function = load_body(body)
        given = json.loads((context.folder / "input.json").read_bytes())
        output = function(context, given)
        json.dumps(output, allow_nan=False)
    except CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - every error of a body is the job's outcome
        if not isinstance(error, DdocError):
            traceback.print_exc()
        return {"error": describe(error)}
    return {"output": output}


def load_body(name: str) -> Body:
    """Return the function that `module:function` names."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def describe(error: BaseException) -> dict[str, Any]:
    """Return an error as `{code, detail, kind, context}`. What is not ours says nothing of its inside."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        error = DiskFullError("the disk is full; free some space and repeat the job")
    elif isinstance(error, MemoryError):
        error = InternalError("the job ran out of memory", code="out-of-memory")
    elif not isinstance(error, DdocError):
        error = InternalError("the job failed for a reason that nobody expected; its log says where")
    return {
        "code": error.error_code,
        "detail": error.detail,
        "kind": type(error).__name__,
        "context": _plain(dict(error.context)),
    }


def _plain(context: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(context, default=str))


def _settle(log: Path) -> None:
    """Become a session of its own whose output goes to the job's log."""
    os.setsid()
    stand_back(NICE)
    die_with_parent()
    adopt_orphans()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _raise_cancelled)
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True)


def _wait_for_predecessor(folder: Path) -> None:
    """Wait until no process of an earlier run of this job lives, after a kill -9 of the service.

    The lock is never released: it goes with the last process that has inherited the descriptor.
    """
    descriptor = os.open(folder / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _raise_cancelled(_number: int, _frame: FrameType | None) -> None:
    raise CancelledError("the job was cancelled")
