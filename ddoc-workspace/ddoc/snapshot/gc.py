"""Free the objects that no snapshot needs."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ddoc.errors import DamagedError
from ddoc.progress import Progress
from ddoc.snapshot.failpoints import failpoint
from ddoc.snapshot.reach import reach
from ddoc.snapshot.store import SnapshotStore

GRACE_SECONDS: Final = 2 * 3600


@dataclass(frozen=True, slots=True)
class GcReport:
    """What was freed: objects and bytes; `kept` are needed, `young` are not needed but under two hours old."""

    removed: int
    bytes: int
    kept: int
    young: int

    def to_json(self) -> dict[str, int]:
        """Return the fields as plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


def collect(store: SnapshotStore, *, grace_seconds: float = GRACE_SECONDS, progress: Progress) -> GcReport:
    """Mark over all refs, the journal and the working copy's pointers; sweep what is unmarked and old enough.

    The caller holds the lock; DVC's is held here. Raises DamagedError (`missing-object`) without removing anything
    if a listing cannot be read: then nobody knows what it needs.
    """
    failpoint("gc.locked")
    with store.dvc_excluded():
        needed = reach(store, store.history())
        if needed.lost:
            raise DamagedError(
                f"{len(needed.lost)} listings are missing or damaged; pull or repair before freeing space",
                code="missing-object",
                objects=list(needed.lost[:20]),
            )
        marked = {digest.hex() for digest in needed.files} | needed.listings
        failpoint("gc.marked")
        return _sweep(store, marked, time.time() - grace_seconds, progress)


def _sweep(store: SnapshotStore, marked: set[str], before: float, progress: Progress) -> GcReport:
    removed = freed = kept = young = 0
    gone: list[bytes] = []
    for done, (name, path) in enumerate(_objects(store)):
        if name in marked:
            kept += 1
            continue
        facts = path.stat(follow_symlinks=False)
        if max(facts.st_mtime, facts.st_ctime) > before:
            young += 1
            continue
        os.unlink(path)  # noqa: PTH108 ten thousand times
        removed += 1
        freed += facts.st_size
        if len(name) == 32:
            gone.append(bytes.fromhex(name))
        if removed == 1:
            failpoint("gc.sweeping")
        if done % 1000 == 0:
            progress(done, None, unit="objects", message="freeing space")
    store.manifest.forget_objects(gone)
    failpoint("gc.swept")
    return GcReport(removed, freed, kept, young)


def _objects(store: SnapshotStore) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Yield (name, entry) of every file of the cache; temporary files of DVC have names that are never marked."""
    if not store.cache.is_dir():
        return
    with os.scandir(store.cache) as folders:
        prefixes = sorted((e.name, e.path) for e in folders if e.is_dir(follow_symlinks=False))
    for prefix, folder in prefixes:
        with os.scandir(folder) as entries:
            for entry in list(entries):
                if entry.is_file(follow_symlinks=False):
                    yield prefix + entry.name, entry
