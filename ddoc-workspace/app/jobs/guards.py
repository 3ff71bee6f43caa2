"""Who may change a workspace: one writing job, or edits one after the other, never both."""

import contextlib
import threading
import time
from collections.abc import Generator

from ddoc.errors import BusyError


class EditGuards:
    """The synchronous edits under way. They live in this process only, as the service has its root to itself."""

    def __init__(self, *, patience: float = 5.0) -> None:
        self._patience = patience
        self._changed = threading.Condition()
        self._held: set[str] = set()

    @contextlib.contextmanager
    def hold(self, workspace_id: str) -> Generator[None]:
        """Hold the workspace inside the block. Waits for another edit; raises BusyError after some seconds."""
        deadline = time.monotonic() + self._patience
        with self._changed:
            while workspace_id in self._held:
                if not self._changed.wait(deadline - time.monotonic()) and workspace_id in self._held:
                    raise BusyError("another edit of this workspace is under way; try again")
            self._held.add(workspace_id)
        try:
            yield
        finally:
            with self._changed:
                self._held.discard(workspace_id)
                self._changed.notify_all()
