"""git's lock files: taken so that a kill is told from a user at work, and cleared where only a kill can explain them."""

import contextlib
import os
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Final

from ddoc.errors import BusyError

_MARK: Final = "ddoc-lock"


@contextlib.contextmanager
def index_locked(git: Path, *, seconds: float) -> Generator[None]:
    """Hold `index.lock`, as git does, against every git command that writes the index.

    The lock is a hard link to a file of ours. One that a killed process of ours left is therefore known from a
    user's (`git commit -a` holds it while its editor is open), and is taken over: the caller holds the workspace, so
    no other process of ours is alive. Raises BusyError (`git-busy`) when a user's lasts longer than `seconds`.
    """
    lock, mark = git / "index.lock", git / _MARK
    if _is_same(lock, mark):
        lock.unlink()
    mark.unlink(missing_ok=True)
    mark.touch()
    deadline = time.monotonic() + seconds
    while True:
        try:
            os.link(mark, lock)
        except FileExistsError:
            if time.monotonic() > deadline:
                raise BusyError(
                    "another git process keeps .git/index.lock; end it, or remove the file if there is none",
                    code="git-busy",
                ) from None
            time.sleep(0.02)
        else:
            break
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        mark.unlink(missing_ok=True)


def _is_same(a: Path, b: Path) -> bool:
    try:
        return a.samefile(b)
    except FileNotFoundError:
        return False


def clear_stale(git: Path, refs: Iterable[str], *, seconds: float) -> None:
    """Remove the locks on `refs` and HEAD that stay as they are for `seconds`, or are older than this boot.

    Only for a recovery: a journal says that a git of ours was moving these refs when everything was killed. A live
    git holds such a lock for milliseconds.
    """
    locks = [git / "HEAD.lock", *(git / f"{ref}.lock" for ref in refs)]
    seen = {lock: state for lock in locks if (state := state_of(lock)) is not None}
    booted = _boot_time()
    deadline = time.monotonic() + seconds
    while seen and time.monotonic() < deadline and any(state[1] > booted for state in seen.values()):
        time.sleep(0.1)
        seen = {lock: state for lock, state in seen.items() if state_of(lock) == state}
    for lock in seen:
        lock.unlink(missing_ok=True)


def state_of(file: Path) -> tuple[int, float] | None:
    """Return what changes when git writes `file` anew (inode and time), or None where it is not."""
    try:
        facts = file.stat()
    except FileNotFoundError:
        return None
    return facts.st_ino, facts.st_mtime


def _boot_time() -> float:
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
