"""Failpoints: named places of the protocol at which a test can kill the process or let the disk fail.

`DDOC_FAILPOINT="create.published=kill"` (or `enospc`, `eio`) arms one. Unarmed, a failpoint is one look-up in the
environment; none stands inside a loop over files.
"""

import errno
import os
import signal
from typing import Final

_VARIABLE: Final = "DDOC_FAILPOINT"

CREATE: Final = (
    "create.locked",
    "create.scanned",
    "create.staged",
    "create.synced",
    "create.publishing",
    "create.published",
    "create.journaled",
    "create.committed",
    "create.pointers",
    "create.index",
    "create.manifest",
)
RESTORE: Final = (
    "restore.locked",
    "restore.saved",
    "restore.checked",
    "restore.staged",
    "restore.journaled",
    "restore.renaming",
    "restore.renamed",
    "restore.deleting",
    "restore.deleted",
    "restore.synced",
    "restore.committed",
    "restore.pointers",
    "restore.index",
    "restore.manifest",
)
DELETE: Final = ("delete.locked", "delete.marked", "delete.committed")
GC: Final = ("gc.locked", "gc.marked", "gc.sweeping", "gc.swept")


def failpoint(name: str) -> None:
    """Fail here if the environment says so: kill this process, or raise the OSError of a full or broken disk."""
    armed = os.environ.get(_VARIABLE)
    if armed is None:
        return
    wanted, _, action = armed.partition("=")
    if wanted != name:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    number = {"enospc": errno.ENOSPC, "eio": errno.EIO}[action]
    raise OSError(number, os.strerror(number))
