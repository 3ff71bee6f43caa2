"""The job kinds of the tests, and a program that serves them: `python -m tests.jobs.demo_kinds`."""

from pathlib import Path
from typing import Any

from app.jobs import JobContext, JobKind, Params
from ddoc.errors import ConflictError

BODIES = "tests.jobs.demo_bodies:"


def supervise(ctx: JobContext, given: Params) -> dict[str, Any]:
    """Watch for a file, inline in the service; every call leaves a mark."""
    with Path(given["trace"]).open("a") as file:
        file.write("called\n")
    while not Path(given["until"]).exists():
        ctx.control.wait(0.02)
    ctx.progress(1, 1)
    return {"attempt": ctx.attempt}


def prepare(ctx: JobContext, params: Params) -> dict[str, Any]:
    """Write a file for the body and hand over its name."""
    (ctx.folder / "given.txt").write_text("prepared")
    return {**params, "prepared": (ctx.folder / "given.txt").read_text()}


def finish(ctx: JobContext, params: Params, output: Any) -> dict[str, Any]:
    """Add to the body's output."""
    ctx.progress(1, 1, unit="rows", message="loading")
    return {"output": output, "finished": True}


def finish_badly(ctx: JobContext, params: Params, output: Any) -> None:
    """Refuse the output."""
    raise ConflictError("this name was taken meanwhile", code="name-taken")


def clean(ctx: JobContext, params: Params) -> None:
    """Leave a mark where `cleaned` says."""
    Path(params["cleaned"]).touch()


KINDS = (
    JobKind("echo", BODIES + "echo", slots=4),
    JobKind("niceness", BODIES + "niceness"),
    JobKind("steps", BODIES + "steps", slots=2),
    JobKind("steps-writing", BODIES + "steps", writes=True, slots=2),
    JobKind("stubborn", BODIES + "stubborn", slots=2),
    JobKind("crash", BODIES + "crash"),
    JobKind("refuse", BODIES + "refuse"),
    JobKind("stumble", BODIES + "stumble"),
    JobKind("missing-body", "tests.jobs.demo_bodies:nowhere"),
    JobKind("leave-orphans", BODIES + "leave_orphans"),
    JobKind("hold", BODIES + "hold", writes=True, slots=2),
    JobKind("hold-other", BODIES + "hold", writes=True, slots=2),
    JobKind("read", BODIES + "hold", slots=2),
    JobKind("late", BODIES + "finish_in_spite"),
    JobKind("three-parts", BODIES + "echo", prepare=prepare, finish=finish),
    JobKind("bad-finish", BODIES + "echo", finish=finish_badly, cleanup=clean),
    JobKind("hold-cleaning", BODIES + "hold", cleanup=clean),
    JobKind("supervise", supervise, slots=2),
)
