"""Trees of processes on Linux: who descends from whom, and how all of them are ended."""

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Make this process the parent of all its descendants that lose theirs (a child subreaper)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def children_by_parent() -> dict[int, list[int]]:
    """Return the ids of all processes but zombies, by their parent's id."""
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        state, parent = stat.rpartition(")")[2].split()[:2]
        if state not in {"Z", "X"}:
            found.setdefault(int(parent), []).append(int(entry.name))
    return found


def descendants(pid: int) -> list[int]:
    """Return the ids of all processes below `pid`, nearest first."""
    tree = children_by_parent()
    found: list[int] = []
    wave = tree.get(pid, [])
    while wave:
        found += wave
        wave = [child for parent in wave for child in tree.get(parent, [])]
    return found


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to processes; those that are gone do not matter."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def kill_tree(pid: int) -> None:
    """Kill `pid` and all below it.

    The root is stopped first and killed last: as it adopts orphans, nothing can leave the tree meanwhile.
    """
    send([pid], signal.SIGSTOP)
    deadline = time.monotonic() + 5
    while (below := descendants(pid)) and time.monotonic() < deadline:
        send(below, signal.SIGKILL)
        time.sleep(0.005)
    send([pid], signal.SIGKILL)


def _prctl(option: int, argument: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, argument, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
