"""Kinds of jobs: what a job does, and what its parts are given."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ddoc.errors import DdocError
from ddoc.progress import Progress

Params = Mapping[str, Any]


class JobSuspendedError(Exception):
    """The service is stopping: an inline body lets this pass, and is called again at the next start."""


class Control(Protocol):
    """What the surroundings of a job tell it."""

    def check(self) -> None:
        """Raise CancelledError when the job is cancelled, JobSuspendedError when the service is stopping."""
        ...

    def wait(self, seconds: float) -> None:
        """Sleep, but raise as `check` does as soon as there is reason to."""
        ...


@dataclass(frozen=True, slots=True)
class JobContext:
    """What every part of a job is given.

    `folder` is the job's own scratch folder (same file system as the workspaces), kept over restarts and emptied
    but for the log when the job ends. `progress` and `control` raise CancelledError when the job is cancelled.
    """

    job_id: str
    workspace_id: str | None
    folder: Path
    attempt: int
    progress: Progress
    control: Control

    def log(self, message: str) -> None:
        """Append a line to the job's log."""
        with self.log_path.open("a", encoding="utf-8") as file:
            file.write(message + os.linesep)

    @property
    def log_path(self) -> Path:
        """The job's log; standard output and error of the child process go there too."""
        return log_path(self.folder)


Body = Callable[[JobContext, Params], Any]


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job, in up to four parts, each idempotent: after a kill -9 of the service they run again.

    - `prepare(ctx, params)` runs in the service and returns the body's input (JSON; large things as files in
      `ctx.folder`). Without it the body gets `params`.
    - `body` is either `"module:function"`, called as `function(ctx, input)` in a child process that can be killed,
      or a callable that is called inline in the service, in a thread of its own: only to supervise something
      that has processes of its own. What it returns must be JSON.
    - `finish(ctx, params, output)` runs in the service and returns `job.result` (JSON). Without it the result is
      the body's output. A cancel that comes after the body is too late and changes nothing.
    - `cleanup(ctx, params)` runs in the service when the job failed or was cancelled after it started.

    `writes`: the job holds its workspace alone among writers. `slots`: how many of the kind run at once.
    `needs_space`: it is refused when the disk has less than DDOC_MIN_FREE_BYTES left.
    """

    name: str
    body: str | Body
    prepare: Callable[[JobContext, Params], Params] | None = None
    finish: Callable[[JobContext, Params, Any], Any] | None = None
    cleanup: Callable[[JobContext, Params], None] | None = None
    writes: bool = False
    slots: int = 1
    needs_space: bool = True


class WorkerCrashedError(DdocError):
    """The process of a job died by itself three times."""

    code = "worker-crashed"


class InternalError(DdocError):
    """The job raised something that nobody expected; the job's log holds the traceback."""

    code = "internal-error"


def log_path(folder: Path) -> Path:
    """Return the log of the job whose folder is given."""
    return folder / "log.txt"
