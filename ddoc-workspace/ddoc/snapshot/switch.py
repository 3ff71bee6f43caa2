"""The visible part of a restore: objects staged and hashed, then put over the old files."""

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ddoc.errors import DamagedError
from ddoc.progress import Progress
from ddoc.snapshot import file_worker
from ddoc.snapshot.disk import SIGNATURE, clock_of, flush_folders, settled, signature_of
from ddoc.snapshot.failpoints import failpoint
from ddoc.snapshot.plan import Plan
from ddoc.snapshot.store import SnapshotStore
from ddoc.snapshot.workers import FileJob, can_reflink, run_files


@dataclass(frozen=True, slots=True)
class Staged:
    """A staged file and its signature."""

    path: str
    signature: bytes


def stage_objects(store: SnapshotStore, hashes: Sequence[bytes], progress: Progress) -> list[Staged]:
    """Stage one writable copy per hash, in their order, each hashed on the way.

    Raises DamagedError (`missing-object`, `damaged-object`) naming the objects; nothing visible has changed then.
    """
    if not hashes:
        return []
    staged = [_NOT_STAGED] * len(hashes)
    bad: list[str] = []
    missing = False
    job = FileJob("fetch", store.cache, store.staging, can_reflink(store.staging))
    files = (("", digest) for digest in hashes)
    for start, outcomes in run_files(job, files, len(hashes), progress=progress, message="reading objects"):
        for offset, (outcome, digest, signature, name) in enumerate(outcomes):
            staged[start + offset] = Staged(name, signature)
            if outcome != file_worker.OK:
                bad.append(digest.hex())
                missing = missing or outcome == file_worker.MISSING
    if bad:
        raise DamagedError(
            f"{len(bad)} objects of the snapshot are missing or damaged; run verify with repair. Nothing was changed",
            code="missing-object" if missing else "damaged-object",
            objects=sorted(bad)[:20],
            count=len(bad),
        )
    return staged


_NOT_STAGED: Final = Staged("", b"")


def switch(store: SnapshotStore, plan: Plan, staged: Sequence[Staged]) -> None:
    """Put staged files over the old ones, then delete; create before delete, except where a file must make way for
    a folder or a folder for a file.
    """
    data = str(store.layout.data)
    deletes = _make_way(data, plan)
    folders = {path[: path.rfind("/") + 1] for path, _ in plan.writes}
    for folder in folders:
        Path(data, folder).mkdir(parents=True, exist_ok=True)
    for position, ((path, _), new) in enumerate(zip(plan.writes, staged, strict=True)):
        os.replace(new.path, f"{data}/{path}")  # noqa: PTH105 ten thousand times
        if position == 0:
            failpoint("restore.renaming")
    failpoint("restore.renamed")
    for position, path in enumerate(deletes):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{data}/{path}")  # noqa: PTH108 ten thousand times
        if position == 0:
            failpoint("restore.deleting")
    failpoint("restore.deleted")
    left = {path[: path.rfind("/") + 1] for path in deletes}
    touched = folders | left
    flush_folders([Path(data, folder) for folder in touched], within=store.folder)
    _remove_empty(data, left)
    failpoint("restore.synced")


def _make_way(data: str, plan: Plan) -> list[str]:
    """Delete first what stands where a folder or file must be; returns the deletes that are left."""
    files = {path for path, _ in plan.writes}
    folders = {path[:cut] for path in files for cut in _slashes(path)}
    first = [p for p in plan.deletes if p in folders or any(p[:cut] in files for cut in _slashes(p))]
    for path in first:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{data}/{path}")  # noqa: PTH108 as above
    _remove_empty(data, {path[: path.rfind("/") + 1] for path in first})
    gone = set(first)
    return [path for path in plan.deletes if path not in gone]


def _slashes(path: str) -> Iterator[int]:
    cut = path.find("/")
    while cut >= 0:
        yield cut
        cut = path.find("/", cut + 1)


def _remove_empty(data: str, folders: Iterable[str]) -> None:
    """Remove folders that deletes have emptied, upwards; data/ itself stays."""
    for folder in sorted(folders, key=len, reverse=True):
        path = folder.rstrip("/")
        while path:
            try:
                Path(f"{data}/{path}").rmdir()
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR):
                    raise
                break
            path = path.rpartition("/")[0]


def signatures_placed(
    store: SnapshotStore, plan: Plan, staged: Sequence[Staged]
) -> dict[str, dict[str, bytes]]:
    """Return the signatures of the files placed, by folder and name; blank for one that is no longer as it was staged."""
    data = str(store.layout.data)
    looked_at = clock_of(store.folder)
    placed: dict[str, dict[str, bytes]] = {}
    for (path, _), new in zip(plan.writes, staged, strict=True):
        cut = path.rfind("/") + 1
        try:
            present = signature_of(os.lstat(f"{data}/{path}"))
        except FileNotFoundError:
            present = _NOWHERE
        # size, mtime and inode are those of the staged file; the rename has set ctime
        same = present[:24] == new.signature[:24]
        seen = settled(present, looked_at) if same else new.signature[:8] + bytes(24)
        placed.setdefault(path[:cut], {})[path[cut:]] = seen
    return placed


_NOWHERE: Final = bytes(SIGNATURE.size)
