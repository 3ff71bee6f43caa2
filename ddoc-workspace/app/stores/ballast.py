"""A file that holds some space of the disk, so that there is some left to give when the disk is full."""

import errno
import os
import shutil
from pathlib import Path

SIZE = 64 << 20


class Ballast:
    """64 MiB of the disk, taken while the service runs, when there is plenty, and dropped when there is no room.

    The write that found none still fails; repeated, it has room, so jobs can be cancelled and things deleted.
    """

    def __init__(self, path: Path, *, size: int = SIZE) -> None:
        self._path = path
        self._size = size

    def take(self) -> None:
        """Take the space, unless it is held or less than four times as much is free."""
        if self._path.exists() or shutil.disk_usage(self._path.parent).free < 4 * self._size:
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size)
        except OSError as error:
            self._path.unlink()
            if error.errno not in {errno.ENOSPC, errno.EOPNOTSUPP, errno.EINVAL}:
                raise
        finally:
            os.close(descriptor)

    def drop(self) -> None:
        """Give the space back, if it is held."""
        self._path.unlink(missing_ok=True)
