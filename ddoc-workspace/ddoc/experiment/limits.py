"""What a trainer may use. Each limit is a setting; the run stores what was in force."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ddoc.errors import InvalidInputError

_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one run.

    wall_seconds
        Time of the whole run, then it is stopped like by hand.
    cpu_seconds
        Processor time of one process.
    memory_bytes
        Private resident memory of all processes together; also the data segment of each one.
    file_bytes
        Size of any one file.
    log_bytes
        Size of the log; beyond it only the end of the output is kept.
    processes
        Processes at one time.
    open_files
        Descriptors of one process.
    grace_seconds
        Time between SIGTERM and SIGKILL.
    """

    wall_seconds: float = 24 * 3600.0
    cpu_seconds: int = 7 * 24 * 3600
    memory_bytes: int = 0
    file_bytes: int = 20 * _GIB
    log_bytes: int = 32 << 20
    processes: int = 256
    open_files: int = 4096
    grace_seconds: float = 10.0

    def overridden(self, values: Mapping[str, Any]) -> "Limits":
        """Return a copy with `values` put in. Raises InvalidInputError for unknown names and values below 0."""
        known = {field.name: field for field in fields(self)}
        for name, value in values.items():
            pointer = f"/limits/{name}"
            if name not in known:
                raise InvalidInputError(
                    f"there is no limit '{name}'; there are {', '.join(known)}",
                    code="unknown-limit",
                    pointer=pointer,
                )
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise InvalidInputError(
                    f"limit '{name}' must be a number from 0", code="bad-limit", pointer=pointer
                )
        whole = {
            n: float(v) if n.endswith("_seconds") and n != "cpu_seconds" else int(v)
            for n, v in values.items()
        }
        return replace(self, **whole)

    def resolved(self) -> "Limits":
        """Return a copy in which a `memory_bytes` of 0 is three quarters of the machine's memory."""
        if self.memory_bytes:
            return self
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return replace(self, memory_bytes=machine * 3 // 4)

    def to_spec(self) -> dict[str, Any]:
        """Return what the shim reads: the limits it keeps itself, and `rlimits` for the kernel.

        The address space is not limited: large reservations that are never touched are normal. The kernel counts
        processes per user, and not at all for root, so there NPROC only stops the worst; the shim counts the tree.
        """
        resolved = self.resolved()
        rlimits = {
            "DATA": resolved.memory_bytes,
            "FSIZE": resolved.file_bytes,
            "NOFILE": resolved.open_files,
            "CORE": 0,
            "CPU": resolved.cpu_seconds,
        }
        return {**asdict(resolved), "rlimits": rlimits}
