"""Moves a trainer's output from its pipe to the log, up to a cap."""

import os
import time
from collections import deque
from pathlib import Path

_BLOCK = 1 << 16
_TAIL = 1 << 16
_DROPPED_PER_SECOND = 32 << 20


class LogPump:
    """Keeps the first `cap` bytes as they come; beyond that only the last 64 KiB, added at the end.

    A pipe and not the log file itself is the trainer's output, because a file cannot be capped without killing
    its writer. Beyond the cap the trainer is slowed to 32 MiB of output a second, so that endless output cannot
    take a processor.
    """

    def __init__(self, descriptor: int, path: Path, cap: int) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self._target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._cap = cap
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._window = (time.monotonic(), 0)
        self.written = 0
        self.received = 0

    def note(self, text: str) -> None:
        """Write a line of the runner's own."""
        os.write(self._target, f"[ddoc] {text}\n".encode())

    def pump(self) -> bool:
        """Move what is there, at most 1 MiB. Returns False at the end of the output."""
        for _ in range(16):
            if self.is_throttled():
                return True
            try:
                block = os.read(self.descriptor, _BLOCK)
            except BlockingIOError:
                return True
            if not block:
                return False
            self._take(block)
        return True

    def _take(self, block: bytes) -> None:
        self.received += len(block)
        room = self._cap - self.written
        if room > 0:
            os.write(self._target, block[:room])
            self.written += min(room, len(block))
            if self.written == self._cap:
                self.note(f"the log is full ({self._cap} bytes); of what follows only the end is kept")
            block = block[room:]
        if block:
            self._tail.append(block)
            self._tail_size += len(block)
            while self._tail_size - len(self._tail[0]) >= _TAIL:
                self._tail_size -= len(self._tail.popleft())

    def is_throttled(self) -> bool:
        """Tell whether the output is read slower than it comes, because the log is full."""
        if self.received <= self._cap:
            return False
        began, at_start = self._window
        now = time.monotonic()
        if now - began >= 0.1:
            self._window = (now, self.received)
            return False
        return self.received - at_start > _DROPPED_PER_SECOND // 10

    def close(self) -> None:
        """Take what is left in the pipe, add the kept end and flush the log to the disk."""
        deadline = time.monotonic() + 1
        self._window = (0.0, self.received)
        while time.monotonic() < deadline:
            try:
                block = os.read(self.descriptor, _BLOCK)
            except BlockingIOError:
                break
            if not block:
                break
            self._take(block)
        if self._tail:
            end = b"".join(self._tail)[-_TAIL:]
            self.note(f"{self.received - self.written - len(end)} bytes were dropped here")
            os.write(self._target, end)
        os.fsync(self._target)
        os.close(self._target)
        os.close(self.descriptor)
