"""Processes as /proc shows them: who they are, what descends from them, and how to end a whole tree."""

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process told apart from any other that gets its pid later: pid, start time in clock ticks, boot id."""

    pid: int
    start_time: int
    boot_id: str

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity | None":
        """Return the identity of the living process `pid`, or None when there is none (a zombie counts as none)."""
        started = start_time(pid)
        return None if started is None else cls(pid, started, boot_id())

    def is_alive(self) -> bool:
        """Tell whether this very process still runs."""
        return self.boot_id == boot_id() and start_time(self.pid) == self.start_time

    def signal(self, number: int) -> bool:
        """Send a signal to this very process. Returns False when it is gone."""
        if not self.is_alive():
            return False
        return send(self.pid, number)


def boot_id() -> str:
    """Return the id of this boot of the machine; pids mean nothing across boots."""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def start_time(pid: int) -> int | None:
    """Return the start time of `pid` in clock ticks since boot; None when it is gone or a zombie."""
    fields = _stat(pid)
    return None if fields is None or fields[0] in {"Z", "X"} else int(fields[19])


def _stat(pid: int) -> list[str] | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # the command name may hold spaces and brackets: what counts begins after its last closing bracket
    return text[text.rindex(")") + 2 :].split()


def descendants(pid: int) -> list[int]:
    """Return the pids below `pid`, zombies included, parents before children."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for child in _children(waiting.pop()):
            found.append(child)
            waiting.append(child)
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - a third of iterdir's time, and polled often
    except OSError:
        return children
    for thread in threads:
        try:
            descriptor = os.open(f"/proc/{pid}/task/{thread}/children", os.O_RDONLY)
        except OSError:
            continue
        try:
            while block := os.read(descriptor, 65536):
                children.extend(int(child) for child in block.split())
        finally:
            os.close(descriptor)
    return children


def send(pid: int, number: int) -> bool:
    """Send a signal. Returns False when the process is gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def private_memory(pids: Iterable[int]) -> int:
    """Return the private resident bytes of the processes together (resident less shared pages)."""
    total = 0
    for pid in pids:
        try:
            fields = (_PROC / str(pid) / "statm").read_text().split()
        except OSError:
            continue
        total += max(0, int(fields[1]) - int(fields[2])) * _PAGE
    return total


def reap() -> dict[int, int]:
    """Collect the exit statuses of all ended children of this process, as {pid: wait status}."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def kill_listed(pids: Iterable[int]) -> int:
    """Freeze, then kill the processes. Frozen first, so that none of them can fork while the others are killed."""
    listed = list(pids)
    for pid in listed:
        send(pid, signal.SIGSTOP)
    return sum(send(pid, signal.SIGKILL) for pid in listed)


def kill_descendants(*, patience: float) -> tuple[int, dict[int, int]]:
    """Kill until this process (a subreaper) has no descendant left, or `patience` seconds are over.

    Returns (how many kills were sent, the wait statuses of the reaped).
    """
    deadline = time.monotonic() + patience
    killed = 0
    statuses: dict[int, int] = {}
    while True:
        statuses.update(reap())
        below = descendants(os.getpid())
        if not below or time.monotonic() > deadline:
            return killed, statuses
        killed += kill_listed(below)
        statuses.update(reap())
        time.sleep(0.005)


def marked(marker: str) -> list[int]:
    """Return the processes that carry the run's marker: in their environment, or as working folder or open file.

    `marker` is a path (the run's folder). A process that scrubbed its environment still works in, or writes to,
    the run's folder. This process and its ancestors are never listed.
    """
    found: list[int] = []
    ours = _ancestry(os.getpid())
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and int(entry.name) not in ours and _carries(entry, marker):
            found.append(int(entry.name))
    return found


def _ancestry(pid: int) -> set[int]:
    line: set[int] = set()
    while pid > 0 and pid not in line:
        line.add(pid)
        fields = _stat(pid)
        pid = int(fields[1]) if fields else 0
    return line


def _carries(process: Path, marker: str) -> bool:
    try:
        if f"DDOC_RUN_FOLDER={marker}\0".encode() in (process / "environ").read_bytes():
            return True
        links = [process / "cwd", *(process / "fd").iterdir()]
    except OSError:
        return False
    return any(_points_into(link, marker) for link in links)


def _points_into(link: Path, folder: str) -> bool:
    try:
        target = os.readlink(link)  # noqa: PTH115 - pipes and sockets are no paths
    except OSError:
        return False
    return target == folder or target.startswith(folder + "/")
