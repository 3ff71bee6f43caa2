"""The limits on what an archive may hold. Exceeding one is an error that names it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on an archive: members, bytes of one file, bytes in all, expansion, depth of folders, bytes of a path.

    `free_bytes` must stay free on the disk.
    """

    members: int = 500_000
    file_bytes: int = 2 << 30
    total_bytes: int = 100 << 30
    ratio: int = 200
    depth: int = 32
    path_bytes: int = 4096
    free_bytes: int = 256 << 20


DEFAULT_LIMITS = Limits()
