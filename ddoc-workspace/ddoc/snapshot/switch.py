"""The visible part of a restore: copies of objects staged, then put over the old files."""

import contextlib
import errno
import functools
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ddoc.errors import ConflictError, DamagedError
from ddoc.paths import fsync_folder
from ddoc.progress import Progress
from ddoc.snapshot import file_worker
from ddoc.snapshot.disk import SIGNATURE, clock_of, flush_folders, settled, signature_of
from ddoc.snapshot.failpoints import failpoint
from ddoc.snapshot.manifest import KnownObjects, is_recent, verified
from ddoc.snapshot.plan import Checked, Plan
from ddoc.snapshot.store import SnapshotStore
from ddoc.snapshot.tree import HASH_BYTES
from ddoc.snapshot.workers import CHUNK, FileJob, can_reflink, run_files


class Staged:
    """The staged files of a plan, one per write in their order: where each is, and its signature.

    Those below a folder that data/ does not have yet are staged as that folder, which is renamed whole (`roots`, with
    a trailing slash); the others lie in a few folders by their number.
    """

    def __init__(self, store: SnapshotStore, plan: Plan) -> None:
        self._data, self._top = str(store.layout.data), f"{store.staging}/{_TOP}"
        self.plan = plan
        self.signatures = bytearray(len(plan.writes) * _WIDTH)
        self.verified: list[tuple[bytes, bytes]] = []
        self.roots = _absent_roots(self._data, plan)

    def make_folders(self) -> None:
        """Make the folders that files are staged in."""
        for path in self._below:
            Path(f"{self._top}/tree/{path}").mkdir(parents=True, exist_ok=True)
        for number in range(_SPREAD):
            Path(f"{self._top}/{number}").mkdir(parents=True, exist_ok=True)

    def wanted(self, known: KnownObjects, now_ns: int) -> Iterator[tuple[str, bytes]]:
        """Yield (where to stage it, the object and what is known of it) per write."""
        for position, (path, digest) in enumerate(self.plan.writes):
            facts = known.get(digest)
            yield self.place(position, path), digest + facts if is_recent(facts, now_ns) else digest

    def place(self, position: int, path: str) -> str:
        """Return where a write's file is staged."""
        if self.is_below_root(path):
            return f"{self._top}/tree/{path}"
        return f"{self._top}/{position // CHUNK % _SPREAD}/{position}"

    def place_of_root(self, root: str) -> str:
        """Return where a whole folder is staged."""
        return f"{self._top}/tree/{root.rstrip('/')}"

    def is_below_root(self, path: str) -> bool:
        """Return whether a write is part of a folder that is renamed whole."""
        return bool(self.roots) and self.folder_of(path) in self._below

    @functools.cached_property
    def _below(self) -> frozenset[str]:
        roots = tuple(self.roots)
        return frozenset(folder for folder in self.plan.writes.positions if folder.startswith(roots))

    @staticmethod
    def folder_of(path: str) -> str:
        """Return a path's folder with its trailing slash."""
        return path[: path.rfind("/") + 1]

    def signature(self, position: int) -> bytes:
        """Return the signature of a staged file."""
        return bytes(self.signatures[position * _WIDTH : (position + 1) * _WIDTH])


_TOP: Final = "new"
_SPREAD: Final = 8
_WIDTH: Final = SIGNATURE.size


def _absent_roots(data: str, plan: Plan) -> tuple[str, ...]:
    """Return the topmost folders that the plan writes into and data/ does not have.

    Not where the folder above hands its group to what is made in it: a renamed one would not have it.
    """
    roots: set[str] = set()
    for folder in plan.writes.positions:
        above = data if os.path.lexists(data) else os.path.dirname(data)  # noqa: PTH120 texts
        for cut in _slashes(folder):
            path = f"{data}/{folder[:cut]}"
            if not os.path.lexists(path):
                mode = Path(above).lstat().st_mode
                if stat.S_ISDIR(mode) and not mode & stat.S_ISGID:
                    roots.add(folder[: cut + 1])
                break
            above = path
    return tuple(sorted(roots))


def stage_objects(store: SnapshotStore, checked: Checked, progress: Progress) -> Staged:
    """Stage one writable copy per write of the plan; what was not hashed of late is hashed on the way.

    Raises DamagedError (`missing-object`, `damaged-object`) naming the objects; nothing visible has changed then.
    """
    plan = checked.plan
    staged = Staged(store, plan)
    total = len(plan.writes)
    if not total:
        return staged
    staged.make_folders()
    bad: list[str] = []
    missing = False
    now = clock_of(store.staging)
    job = FileJob("fetch", store.cache, store.staging, can_reflink(store.staging))
    files = staged.wanted(checked.known, now)
    for start, outcomes in run_files(job, files, total, progress=progress, message="reading objects"):
        for position, (outcome, seen, signature, _) in enumerate(outcomes, start):
            if outcome != file_worker.OK:
                bad.append(seen.hex())
                missing = missing or outcome == file_worker.MISSING
                continue
            staged.signatures[position * _WIDTH : (position + 1) * _WIDTH] = signature
            if seen:
                staged.verified.append((seen[:HASH_BYTES], verified(seen[HASH_BYTES:], now)))
    if bad:
        raise DamagedError(
            f"{len(bad)} objects of the snapshot are missing or damaged; run verify with repair. Nothing was changed",
            code="missing-object" if missing else "damaged-object",
            objects=sorted(bad)[:20],
            count=len(bad),
        )
    return staged


def switch(store: SnapshotStore, staged: Staged) -> None:
    """Put staged files over the old ones, then delete; create before delete, except where a file must make way for
    a folder or a folder for a file.
    """
    plan, data = staged.plan, str(store.layout.data)
    deletes = _make_way(data, plan)
    touched = _place_folders(data, staged) | _place_files(data, staged)
    failpoint("restore.renamed")
    for position, path in enumerate(deletes):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{data}/{path}")  # noqa: PTH108 ten thousand times
        if position == 0:
            failpoint("restore.deleting")
    failpoint("restore.deleted")
    left = {Staged.folder_of(path) for path in deletes}
    flush_folders([Path(data, folder) for folder in touched | left], within=store.folder)
    _remove_empty(data, left)
    failpoint("restore.synced")


def _place_folders(data: str, staged: Staged) -> set[str]:
    """Rename whole folders into data/; returns the folders above them."""
    if not os.path.lexists(data):
        Path(data).mkdir()
        fsync_folder(Path(data).parent)
    for position, root in enumerate(staged.roots):
        try:
            Path(staged.place_of_root(root)).rename(f"{data}/{root.rstrip('/')}")
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            raise ConflictError(
                f"data/{root} was made during the restore, which will be finished by the next operation",
                code="data-changing",
            ) from error
        if position == 0:
            failpoint("restore.renaming")
    return {Staged.folder_of(root.rstrip("/")) for root in staged.roots}


def _place_files(data: str, staged: Staged) -> set[str]:
    """Rename single files over those in data/; returns their folders."""
    folders: set[str] = set()
    for position, (path, _) in enumerate(staged.plan.writes):
        if staged.is_below_root(path):
            continue
        is_first = not folders
        if (folder := Staged.folder_of(path)) not in folders:
            Path(data, folder).mkdir(parents=True, exist_ok=True)
            folders.add(folder)
        os.replace(staged.place(position, path), f"{data}/{path}")  # noqa: PTH105 ten thousand times
        if is_first:
            failpoint("restore.renaming")
    return folders


def _make_way(data: str, plan: Plan) -> list[str]:
    """Delete first what stands where a folder or file must be; returns the deletes that are left."""
    if not plan.deletes:
        return []
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


def signature_placed(data: str, path: str, staged: bytes, *, visible_at: int, looked_at: int) -> bytes:
    """Return the signature of a file renamed into data/; blank for one that is no longer as it was staged."""
    try:
        present = signature_of(os.lstat(f"{data}/{path}"))
    except FileNotFoundError:
        present = _NOWHERE
    # size, mtime and inode are those of the staged file; the rename has set ctime
    if present[:24] != staged[:24] or settled(staged, visible_at) != staged:
        return staged[:8] + bytes(24)
    return settled(present, looked_at)


_NOWHERE: Final = bytes(SIGNATURE.size)
