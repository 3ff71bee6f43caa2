"""Waking those who wait for jobs, in threads and on event loops."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Generator


class Bell:
    """Calls its listeners with the id of a job that has news. Listeners must return at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[int, Callable[[str], None]] = {}
        self._next = 0

    def ring(self, job_id: str) -> None:
        """Tell all listeners that the job has news."""
        with self._lock:
            listeners = list(self._listeners.values())
        for listener in listeners:
            listener(job_id)

    @contextlib.contextmanager
    def listening(self, listener: Callable[[str], None]) -> Generator[None]:
        """Call `listener` at each ring inside the block."""
        with self._lock:
            key = self._next
            self._next += 1
            self._listeners[key] = listener
        try:
            yield
        finally:
            with self._lock:
                del self._listeners[key]

    @contextlib.contextmanager
    def in_thread(self, job_id: str) -> Generator[threading.Event]:
        """Yield an event that is set by each ring for `job_id`."""
        event = threading.Event()
        with self.listening(lambda rung: event.set() if rung in (job_id, "") else None):
            yield event

    @contextlib.contextmanager
    def in_loop(self, job_id: str | None) -> Generator[asyncio.Event]:
        """Yield an event of the running loop that is set by each ring for `job_id`, or for any job."""
        loop = asyncio.get_running_loop()
        event = asyncio.Event()

        def wake(rung: str) -> None:
            if (job_id is None or rung in (job_id, "")) and not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

        with self.listening(wake):
            yield event

    def ring_all(self) -> None:
        """Wake everyone, for the end of the service."""
        self.ring("")
