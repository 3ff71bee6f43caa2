"""The service's side of child processes: starting them through the zygote, and ending them."""

import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from app.jobs.child import MESSAGE_BYTES, ChildOrder

_log = logging.getLogger(__name__)


class ChildProcess:
    """A started body.

    `progress` is the reading end of its pipe. `wake` is an eventfd that is readable when there is news (the end
    of the process, or a `nudge`). `status` is the exit status (negative = signal) once `ended` is set; it is None
    when the zygote was lost, and the child with it.
    """

    def __init__(self, zygote: "ZygoteClient", ticket: int, *, progress: int, control: int) -> None:
        self._zygote = zygote
        self._ticket = ticket
        self._control = control
        self.progress = progress
        self.wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._closing = threading.Lock()
        self.ended = threading.Event()
        self.status: int | None = None

    def cancel(self) -> None:
        """Ask the body to stop at its next progress report."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._control, b"c")

    def terminate(self) -> None:
        """Send TERM to the body's process."""
        self._zygote.send({"do": "terminate", "ticket": self._ticket})

    def kill(self) -> None:
        """Kill the body's process and all below it."""
        self._zygote.send({"do": "kill", "ticket": self._ticket})

    def nudge(self) -> None:
        """Make `wake` readable."""
        os.eventfd_write(self.wake, 1)

    def end_with(self, status: int | None) -> None:
        """Record the end of the process (called by the zygote's reader)."""
        with self._closing:  # the watcher may close `wake` as soon as it sees `ended`
            self.status = status
            self.ended.set()
            self.nudge()

    def close(self) -> None:
        """Release the pipes; only after the end."""
        with self._closing:
            for descriptor in (self.progress, self._control, self.wake):
                os.close(descriptor)


class ZygoteClient:
    """One running zygote."""

    def __init__(self, preload: Sequence[str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.jobs.zygote", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            )
        self._socket = ours
        self._lock = threading.Lock()
        self._children: dict[int, ChildProcess] = {}
        self._next = 0
        self._lost = False
        self.send({"pythonpath": os.environ.get("PYTHONPATH"), "preload": list(preload)})
        self._reader = threading.Thread(target=self._read, name="zygote-reader", daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Tell whether the zygote can start children."""
        return not self._lost and self._process.poll() is None

    def start(self, order: ChildOrder) -> ChildProcess:
        """Start a child. If the zygote is lost meanwhile, the child ends at once with status None."""
        progress, progress_writer = os.pipe()
        control_reader, control = os.pipe()
        try:
            with self._lock:
                self._next += 1
                child = ChildProcess(self, self._next, progress=progress, control=control)
                self._children[self._next] = child
                message = {"do": "start", "ticket": self._next, "order": asdict(order)}
            self.send(message, [progress_writer, control_reader])
        finally:
            os.close(progress_writer)
            os.close(control_reader)
        return child

    def send(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Send a message; a lost zygote is noticed by the reader."""
        try:
            socket.send_fds(self._socket, [json.dumps(message).encode()], descriptors)
        except (BrokenPipeError, ConnectionResetError):
            self._lose()

    def close(self) -> None:
        """End the zygote and with it all children, and wait for it."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            _log.error("the zygote did not end; killing it")
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=10)
        self._socket.close()

    def _read(self) -> None:
        while True:
            try:
                message = self._socket.recv(MESSAGE_BYTES)
            except ConnectionResetError:
                break
            if not message:
                break
            news: dict[str, Any] = json.loads(message)
            if news["event"] == "ended":
                with self._lock:
                    child = self._children.pop(news["ticket"])
                child.end_with(news["status"])
        self._lose()

    def _lose(self) -> None:
        with self._lock:
            self._lost = True
            children, self._children = list(self._children.values()), {}
        for child in children:
            child.end_with(None)


class ProcessLauncher:
    """Starts children; a zygote that died is replaced at the next start."""

    def __init__(self, preload: Sequence[str]) -> None:
        self._preload = tuple(preload)
        self._lock = threading.Lock()
        self._zygote: ZygoteClient | None = None

    @property
    def alive(self) -> bool:
        """Tell whether a zygote is running."""
        return self._zygote is not None and self._zygote.alive

    def warm_up(self) -> None:
        """Start the zygote ahead of the first job."""
        self._current()

    def start(self, order: ChildOrder) -> ChildProcess:
        """Start a child process for a body."""
        return self._current().start(order)

    def close(self) -> None:
        """End all children and the zygote."""
        with self._lock:
            zygote, self._zygote = self._zygote, None
        if zygote is not None:
            zygote.close()

    def _current(self) -> ZygoteClient:
        with self._lock:
            if self._zygote is not None and not self._zygote.alive:
                _log.warning("the zygote died; starting another")
                self._zygote.close()
                self._zygote = None
            if self._zygote is None:
                self._zygote = ZygoteClient(self._preload)
            return self._zygote
