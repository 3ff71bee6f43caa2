"""A snapshot's data as a read-only folder, for exports and runs."""

import os
import shutil
from pathlib import Path

from ddoc.errors import ConflictError, DamagedError
from ddoc.paths import clone_or_copy, link_or_copy
from ddoc.progress import Progress
from ddoc.snapshot import names
from ddoc.snapshot.create import version_at
from ddoc.snapshot.manifest import size_of
from ddoc.snapshot.store import SnapshotStore
from ddoc.snapshot.tree import files_of

_STEP = 1000


def materialise(store: SnapshotStore, name: str, target: Path, *, link: bool, progress: Progress) -> int:
    """Lay out the data of a snapshot at `target`, which must not exist; returns the number of files.

    Files are read-only. With `link` they are hard links to the cache where the disk allows: only for readers, since
    writing into one (as root) would damage the history. Whole or not at all.

    Raises NotFoundError, ConflictError (`target-exists`), DamagedError (`missing-object`).
    """
    history = store.history()
    _, commit = names.resolve(history, name)
    files = list(files_of(store.tree(list(version_at(store, history, commit).outputs))))
    if target.exists():
        raise ConflictError("the target exists", code="target-exists")
    _require_objects(store, [digest for _, digest in files])
    staging = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        for folder in {path.rpartition("/")[0] for path, _ in files}:
            (staging / folder).mkdir(parents=True, exist_ok=True)
        put = link_or_copy if link else clone_or_copy
        for done, (path, digest) in enumerate(files):
            place = staging / path
            put(store.object_path(digest.hex()), place)
            if place.stat().st_mode & 0o222:
                place.chmod(0o444)
            if done % _STEP == 0:
                progress(done, len(files), unit="files", message="laying out the snapshot")
        staging.rename(target)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return len(files)


def _require_objects(store: SnapshotStore, digests: list[bytes]) -> None:
    known = store.manifest.objects(digests)
    bad: list[str] = []
    for digest, facts in known.items():
        size = store.object_size(digest.hex())
        if size is None or (facts and size_of(facts) != size):
            bad.append(digest.hex())
    if bad:
        raise DamagedError(
            f"{len(bad)} objects of the snapshot are missing or truncated; pull or repair them",
            code="missing-object",
            objects=bad[:20],
            count=len(bad),
        )
