"""Long work stands back for people: its processes get what the service leaves of the processor."""

import contextlib
import os
from pathlib import Path


def stand_back(nice: int) -> None:
    """Add to this process' niceness, and to that of its session.

    Where Linux groups processes by session (autogroup), niceness counts within a session only, so the session needs
    one of its own. Call it after `setsid`.
    """
    os.nice(nice)
    with contextlib.suppress(OSError):  # no autogroup in this kernel
        Path("/proc/self/autogroup").write_text(f"{nice}\n", "ascii")
