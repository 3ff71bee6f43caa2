"""The process that job bodies are forked from: the libraries are imported already, so a child starts in ms.

It is a program of its own (`python -m app.jobs.zygote FD`) and has one thread, so forking is safe. It talks to
the service over a socket of JSON messages. When the service goes away, whatever the way, the socket ends, and it
kills all its children with all their descendants; when a child ends, it ends what that child left behind.
"""

import contextlib
import gc
import importlib
import json
import logging
import os
import select
import signal
import socket
import sys
import time
from typing import Any

from app.jobs.child import MESSAGE_BYTES, ChildOrder, run_child
from app.jobs.processtree import adopt_orphans, children_by_parent, kill_tree, send

LEFTOVER_GRACE = 1.0
LEFTOVER_LIMIT = 6.0


class Zygote:
    """Forks children on demand and reports their ends."""

    def __init__(self, service: socket.socket) -> None:
        self._service = service
        self._tickets: dict[int, int] = {}  # pid -> ticket of the service
        self._wakeup, wakeup_writer = os.pipe()
        os.set_blocking(wakeup_writer, False)
        os.set_blocking(self._wakeup, False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(wakeup_writer, warn_on_full_buffer=False)
        self._wakeup_writer = wakeup_writer

    def serve(self) -> None:
        """Serve until the service is gone."""
        while True:
            ready, _, _ = select.select([self._service, self._wakeup], [], [])
            if self._wakeup in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wakeup, 4096)
                self._reap()
            if self._service in ready and not self._receive():
                break
        for pid in list(self._tickets):
            kill_tree(pid)

    def _receive(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._service, MESSAGE_BYTES, 2)
        if not message:
            return False
        order: dict[str, Any] = json.loads(message)
        if order["do"] == "start":
            self._start(order["ticket"], ChildOrder(**order["order"]), descriptors)
            return True
        pid = next((pid for pid, ticket in self._tickets.items() if ticket == order["ticket"]), None)
        if pid is not None and order["do"] == "terminate":
            send([pid], signal.SIGTERM)
        elif pid is not None:
            kill_tree(pid)
        return True

    def _start(self, ticket: int, order: ChildOrder, descriptors: list[int]) -> None:
        progress_fd, control_fd = descriptors
        pid = os.fork()
        if pid == 0:
            self._service.close()
            os.close(self._wakeup)
            os.close(self._wakeup_writer)
            run_child(order, progress_fd=progress_fd, control_fd=control_fd)
        self._tickets[pid] = ticket
        os.close(progress_fd)
        os.close(control_fd)
        self._tell({"pid": pid, "ticket": ticket, "event": "started"})

    def _reap(self) -> None:
        ended: list[tuple[int, int]] = []
        while (found := _wait_any()) is not None:
            pid, status = found
            ticket = self._tickets.pop(pid, None)
            if ticket is not None:
                ended.append((ticket, status))
        if ended:
            self._end_leftovers()
        for ticket, status in ended:
            self._tell({"ticket": ticket, "event": "ended", "status": os.waitstatus_to_exitcode(status)})

    def _end_leftovers(self) -> None:
        """End the orphans of ended children. Children that live adopt their own, so these are all that is left.

        Terminated first: loky's resource tracker outlives its pool by a moment to remove semaphores.
        """
        began = time.monotonic()
        terminated: set[int] = set()
        while leftovers := set(children_by_parent().get(os.getpid(), [])) - self._tickets.keys():
            if time.monotonic() - began > LEFTOVER_LIMIT:
                logging.getLogger(__name__).error("processes %s cannot be ended", sorted(leftovers))
                return
            if time.monotonic() - began > LEFTOVER_GRACE:
                for pid in leftovers:
                    kill_tree(pid)
            send(leftovers - terminated, signal.SIGTERM)
            terminated |= leftovers
            time.sleep(0.005)

    def _tell(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(
            BrokenPipeError, ConnectionResetError
        ):  # the loop sees the end of the socket
            self._service.send(json.dumps(message).encode())


def _wait_any() -> tuple[int, int] | None:
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return None if pid == 0 else (pid, status)


def main() -> None:
    """Import what bodies need, then serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    adopt_orphans()
    service = socket.socket(fileno=int(sys.argv[1]))
    settings = json.loads(service.recv(MESSAGE_BYTES))
    # What bodies start (git, trainers) must see the environment of the service, not the path made for us.
    os.environ.pop("PYTHONPATH", None)
    if settings["pythonpath"] is not None:
        os.environ["PYTHONPATH"] = settings["pythonpath"]
    for module in settings["preload"]:
        try:
            importlib.import_module(module)
        except Exception:
            # The body's own process will raise the same, where it becomes the job's error.
            logging.getLogger(__name__).exception("cannot import %s ahead of time", module)
    gc.collect()
    gc.freeze()
    Zygote(service).serve()


if __name__ == "__main__":
    main()
