"""Bodies of the job kinds that the tests of jobs use; run in real child processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from app.jobs import JobContext, Params
from ddoc.errors import InvalidInputError


def echo(ctx: JobContext, given: Params) -> dict[str, Any]:
    """Give back what was given."""
    ctx.progress(1, 1, unit="echoes", message="done")
    print("hello from the body")
    return dict(given)


def niceness(ctx: JobContext, given: Params) -> dict[str, Any]:
    """Tell how far this process stands back, alone and as a session (None: the kernel groups none)."""
    group = Path("/proc/self/autogroup")
    return {"own": os.nice(0), "session": int(group.read_text().split()[-1]) if group.exists() else None}


def steps(ctx: JobContext, given: Params) -> dict[str, Any]:
    """Take `n` steps of `seconds` each; write down which process took which."""
    trace = Path(given["trace"])
    done = len(trace.read_text().split("\n")) - 1 if trace.exists() else 0
    for step in range(done, given["n"]):
        time.sleep(given["seconds"])
        with trace.open("a") as file:
            file.write(f"{os.getpid()} {step}\n")
        ctx.progress(step + 1, given["n"], unit="steps")
    return {"steps": given["n"]}


def stubborn(ctx: JobContext, given: Params) -> None:
    """Ignore TERM and every cancel, with a child that has left the session and ignores TERM too."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    code = "import os, signal, time; os.setsid(); signal.signal(15, signal.SIG_IGN); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", code])
    Path(given["pids"]).write_text(f"{os.getpid()} {child.pid}")
    while True:
        time.sleep(60)


def crash(ctx: JobContext, given: Params) -> dict[str, Any]:
    """Die by a signal, `times` times; then work."""
    trace = Path(given["trace"])
    with trace.open("a") as file:
        file.write("x")
    if len(trace.read_text()) <= given["times"]:
        os.kill(os.getpid(), signal.SIGSEGV)
    return {"attempt": ctx.attempt}


def refuse(ctx: JobContext, given: Params) -> None:
    """Raise an error of the domain."""
    raise InvalidInputError("this zip holds no image", code="no-images", pointer="/file", name="a.zip")


def stumble(ctx: JobContext, given: Params) -> None:
    """Raise what nobody expects, with a path in it."""
    raise RuntimeError("/secret/path is broken")


def leave_orphans(ctx: JobContext, given: Params) -> dict[str, Any]:
    """End while a grandchild, whose parent is gone already, still runs."""
    code = "import os, time\nif os.fork(): os._exit(0)\nos.setsid()\nopen(%r, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    subprocess.run([sys.executable, "-c", code % given["pids"]], check=True)
    while not Path(given["pids"]).exists() or not Path(given["pids"]).read_text():
        time.sleep(0.01)
    return {}


def hold(ctx: JobContext, given: Params) -> dict[str, Any]:
    """Hold the workspace until a file appears."""
    while not Path(given["until"]).exists():
        ctx.control.wait(0.02)
    return {}


def finish_in_spite(ctx: JobContext, given: Params) -> dict[str, Any]:
    """Complete the work although it was cancelled meanwhile."""
    Path(given["started"]).touch()
    time.sleep(given["seconds"])
    return {"complete": True}
