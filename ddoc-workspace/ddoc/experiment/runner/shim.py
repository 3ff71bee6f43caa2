"""The detached shim of one run: starts the trainer, watches it, ends its whole tree, records how it ended.

    python -m ddoc.experiment.runner.shim RUN_FOLDER

It outlives the service. It runs at most once per run folder: a lock and `shim.json` see to that. Its states are
files in `control/` (see `RunFolder`); SIGTERM or the file `stop` asks it to stop the run.
"""

import fcntl
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

from ddoc.experiment.runner import isolation, processes
from ddoc.experiment.runner.folder import RunFolder, read_json, write_json
from ddoc.experiment.runner.launch import start_trainer
from ddoc.experiment.runner.log_pump import LogPump

_POLL = 0.05
_HEARTBEAT = 1.0
_KILL_PATIENCE = 5.0


class Shim:
    """Owns one trainer from start to exit file."""

    def __init__(self, folder: RunFolder, spec: dict[str, Any]) -> None:
        self._folder = folder
        self._spec = spec
        self._limits: dict[str, Any] = spec["limits"]
        self._stop_asked = False
        self._reason = "exited"
        self._started = time.time()
        self._peak_memory = 0
        self._killed = 0
        self._trainer = -1
        self._status: int | None = None
        self._next_beat = 0.0

    def run(self) -> None:
        """Start the trainer, follow it to its end, leave no process, write the exit file."""
        signal.signal(signal.SIGTERM, self._ask_stop)
        isolation.become_subreaper()
        isolation.forbid_new_privileges()
        reader, writer = os.pipe2(os.O_CLOEXEC)
        log = LogPump(reader, self._folder.log, int(self._limits["log_bytes"]))
        try:
            self._trainer = start_trainer(self._folder, self._spec, output=writer)
        except OSError as error:
            log.note(f"the trainer could not be started: {error}")
            self._reason = "start-failed"
        os.close(writer)
        if self._trainer > 0:
            self._follow(log)
        killed, statuses = processes.kill_descendants(patience=_KILL_PATIENCE)
        self._killed += killed
        self._status = statuses.get(self._trainer, self._status)
        log.close()
        self._write_exit(log)

    def _ask_stop(self, number: int, frame: object) -> None:
        self._stop_asked = True

    def _follow(self, log: LogPump) -> None:
        poller = select.poll()
        poller.register(log.descriptor, select.POLLIN)
        is_open = True
        while self._status is None:
            # a full log is read at its own pace, not whenever there is more
            if is_open and not log.is_throttled():
                poller.poll(_POLL * 1000)
            else:
                time.sleep(_POLL)
            is_open = is_open and log.pump()
            self._collect()
            if self._status is None and (reason := self._reason_to_end()):
                self._reason = reason
                log.note(_EXPLAIN[reason])
                self._end(log)

    def _collect(self) -> None:
        self._status = processes.reap().get(self._trainer, self._status)

    def _reason_to_end(self) -> str | None:
        below = processes.descendants(os.getpid())
        if len(below) > int(self._limits["processes"]):
            return "process-limit"
        now = time.monotonic()
        if now >= self._next_beat:
            self._next_beat = now + _HEARTBEAT
            self._beat(below)
            if self._peak_memory > int(self._limits["memory_bytes"]):
                return "memory-limit"
            if time.time() - self._started > float(self._limits["wall_seconds"]):
                return "time-limit"
        if self._stop_asked or self._folder.stop.exists():
            return "stopped"
        return None

    def _beat(self, below: list[int]) -> None:
        memory = processes.private_memory(below)
        self._peak_memory = max(self._peak_memory, memory)
        tree = [[pid, started] for pid in below if (started := processes.start_time(pid)) is not None]
        write_json(self._folder.heartbeat, {"time": time.time(), "memory": memory, "processes": tree})

    def _end(self, log: LogPump) -> None:
        """TERM the tree and give it the grace period to write a checkpoint; a limit that was broken gives none."""
        if self._reason in {"stopped", "time-limit"}:
            for pid in processes.descendants(os.getpid()):
                processes.send(pid, signal.SIGTERM)
            deadline = time.monotonic() + float(self._limits["grace_seconds"])
            while time.monotonic() < deadline and processes.descendants(os.getpid()):
                log.pump()
                self._collect()
                time.sleep(_POLL)
        killed, statuses = processes.kill_descendants(patience=_KILL_PATIENCE)
        self._killed += killed
        self._status = statuses.get(self._trainer, self._status)
        if self._status is None:
            self._status = signal.SIGKILL

    def _write_exit(self, log: LogPump) -> None:
        status = self._status
        write_json(
            self._folder.exit,
            {
                "reason": self._reason,
                "code": os.waitstatus_to_exitcode(status) if status is not None else None,
                "started_at": self._started,
                "ended_at": time.time(),
                "killed": self._killed,
                "left": len(processes.descendants(os.getpid())),
                "peak_memory": self._peak_memory,
                "log_bytes": log.received,
            },
            durable=True,
        )


_EXPLAIN = {
    "stopped": "stop was asked for: the trainer gets SIGTERM and time to save its state",
    "time-limit": "the run took longer than its limit `wall_seconds`: the trainer gets SIGTERM",
    "process-limit": "the trainer started more processes than its limit `processes`: all are killed",
    "memory-limit": "the trainer used more memory than its limit `memory_bytes`: all its processes are killed",
}


def main(arguments: list[str]) -> int:
    """Detach, take the run's lock, run. Returns 0 for the starter at once; the shim itself lives on."""
    folder = RunFolder(Path(arguments[0]))
    if os.fork() > 0:
        return 0
    os.setsid()
    lock = os.open(folder.control / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 0
    spec = read_json(folder.spec)
    identity = processes.ProcessIdentity.of(os.getpid())
    if spec is None or identity is None or folder.shim.exists():
        return 0
    write_json(
        folder.shim,
        {"pid": identity.pid, "start_time": identity.start_time, "boot_id": identity.boot_id},
        durable=True,
    )
    Shim(folder, spec).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
