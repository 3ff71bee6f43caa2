"""Restore a snapshot: everything is checked and staged before anything is touched, and a kill rolls forward.

The steps are numbered as in docs/snapshots.md: save what is unsaved (1), precheck (2), stage, sync and journal, then
rename over the old and delete last (3), refs and derived state (4).
"""

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ddoc.errors import ConflictError, DamagedError
from ddoc.progress import Progress
from ddoc.snapshot import file_worker, names, versions
from ddoc.snapshot.create import SnapshotRequest, create, head_version, settle_pointers, version_at
from ddoc.snapshot.disk import (
    SIGNATURE,
    clock_of,
    fsync_folders,
    require_room,
    settled,
    signature_of,
    sync_file_system,
)
from ddoc.snapshot.failpoints import failpoint
from ddoc.snapshot.history import History, RefUpdate
from ddoc.snapshot.journal import Intent
from ddoc.snapshot.look import Look, look
from ddoc.snapshot.manifest import Known, ManifestState, tree_of_manifest
from ddoc.snapshot.store import SnapshotStore, version_of
from ddoc.snapshot.tree import Tree, count_files, diff_trees
from ddoc.snapshot.versions import Version
from ddoc.snapshot.workers import FileJob, can_reflink, run_files

# Fetches objects that the cache lacks, given their hashes; returns why it could not, if so.
Fetch = Callable[[Sequence[str]], str]
_FEW_FOLDERS: Final = 64


@dataclass(frozen=True, slots=True)
class Effect:
    """What a restore does to data/: files by what happens to them, and the bytes that it writes."""

    written: int
    removed: int
    unchanged: int
    bytes: int

    def to_json(self) -> dict[str, int]:
        """Return the fields as plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class RestoreOutcome:
    """What a restore did: the snapshot, the one made of unsaved changes (or None), and the effect on the files."""

    snapshot_id: str
    saved_as: str | None
    effect: Effect


@dataclass(frozen=True, slots=True)
class Plan:
    """The way from the files that are there to those of a version: (path, md5) to write, paths to delete."""

    target: Version
    tree: Tree
    writes: tuple[tuple[str, bytes], ...]
    deletes: tuple[str, ...]
    replaced: tuple[str, ...]

    @property
    def unchanged(self) -> int:
        """The number of files that stay."""
        return count_files(self.tree) - len(self.writes)


def make_plan(store: SnapshotStore, target: Version, present: Tree) -> Plan:
    """Compare what is there with a version. Raises DamagedError if the version's listing is missing or damaged."""
    tree = store.tree(list(target.outputs))
    changes = diff_trees(present, tree)
    return Plan(
        target,
        tree,
        tuple((c.path, c.new) for c in changes if c.new is not None),
        tuple(c.path for c in changes if c.new is None),
        tuple(c.path for c in changes if c.old is not None),
    )


def restore(
    store: SnapshotStore,
    name: str,
    *,
    discard_changes: bool,
    save: SnapshotRequest,
    fetch: Fetch | None,
    progress: Progress,
) -> RestoreOutcome:
    """Make the working copy that of snapshot `name` (id or alias). The caller holds the lock and has recovered.

    Unsaved changes become the automatic snapshot `save` first, unless they are to be discarded. Raises DamagedError
    (`missing-object`, `damaged-object`), DiskFullError, NotFoundError; then data/ is untouched.
    """
    history = store.history()
    failpoint("restore.locked")
    history.require_quiet()
    snapshot_id, commit = names.resolve(history, name)
    base = head_version(store, history)
    now = look_at(store, base, progress)
    target = version_at(store, history, commit)
    plan, size = plan_and_check(store, target, now, fetch=fetch)
    failpoint("restore.checked")
    staged = stage_objects(store, [digest for _, digest in plan.writes], progress)
    failpoint("restore.staged")
    saved_as = None
    if not discard_changes and is_unsaved(store, base, now):
        saved_as = create(store, save, progress)
        now = look_at(store, base, progress)
        _require_same(plan, make_plan(store, target, tree_of_manifest(now.folders)))
    failpoint("restore.saved")
    _apply(store, history, _Way(plan, staged, base, now, discard_changes))
    effect = Effect(len(plan.writes), len(plan.deletes), plan.unchanged, size)
    return RestoreOutcome(snapshot_id, saved_as, effect)


def look_at(store: SnapshotStore, base: Version | None, progress: Progress) -> Look:
    """Hash what changed in data/, staging nothing."""
    control = store.control(base.files) if base else frozenset[str]()
    return look(store, control=control, keep=False, progress=progress, scanned=lambda: None)


def plan_and_check(
    store: SnapshotStore, target: Version, now: Look, *, fetch: Fetch | None
) -> tuple[Plan, int]:
    """Return the plan to `target` and the bytes that it writes, its objects checked and fetched if need be."""
    listings = [o.md5 for o in target.outputs if o.is_folder and not store.object_path(o.md5).exists()]
    if listings and fetch is not None:
        fetch(listings)
    plan = make_plan(store, target, tree_of_manifest(now.folders))
    return plan, _check_objects(store, plan, fetch=fetch)


def _require_same(plan: Plan, later: Plan) -> None:
    if plan.writes != later.writes or plan.deletes != later.deletes:
        raise ConflictError(
            "files in data/ are being written right now; try again when that has ended", code="data-changing"
        )


def is_unsaved(store: SnapshotStore, base: Version | None, now: Look) -> bool:
    """Return whether data or code differ from the version that the working copy came from."""
    if base is None or versions.code_entries(store.layout) != versions.code_of(base.files):
        return True
    present = tree_of_manifest(now.folders)
    if now.before.version == version_of(list(base.outputs)):
        return bool(diff_trees(tree_of_manifest(now.before.folders), present))
    try:
        return bool(diff_trees(store.tree(list(base.outputs)), present))
    except DamagedError:
        return True


def _check_objects(store: SnapshotStore, plan: Plan, *, fetch: Fetch | None) -> int:
    """Check that every object to be written exists with its size, and that there is room; returns the bytes.

    Those missing are fetched, if there is a way to. Raises DamagedError naming up to 20 that still are.
    """
    wanted = {digest for _, digest in plan.writes}
    bad, total = _missing(store, wanted)
    why = ""
    if bad and fetch is not None:
        why = fetch(bad)
        bad, total = _missing(store, wanted)
    if bad:
        raise DamagedError(
            f"{len(bad)} objects of the snapshot are missing or truncated; pull them from the remote or run verify "
            "with repair. Nothing was changed",
            code="missing-object",
            objects=bad[:20],
            count=len(bad),
            remote=why,
        )
    require_room(store.folder, total)
    return total


def _missing(store: SnapshotStore, wanted: Iterable[bytes]) -> tuple[list[str], int]:
    hashes = list(wanted)
    known = store.manifest.sizes(hashes)
    bad: list[str] = []
    total = 0
    for digest in hashes:
        md5 = digest.hex()
        try:
            size = store.object_path(md5).stat().st_size
        except FileNotFoundError:
            bad.append(md5)
            continue
        total += size
        if known.get(digest, size) != size:
            bad.append(md5)
    return sorted(bad), total


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


@dataclass(frozen=True, slots=True)
class _Way:
    """All that the visible part needs."""

    plan: Plan
    staged: Sequence[Staged]
    base: Version | None
    now: Look
    discard: bool


def _apply(store: SnapshotStore, history: History, way: _Way) -> None:
    """Journal the restore, make it visible, drop the journal."""
    target = way.plan.target
    updates = _updates(history, target.commit)
    base = way.base
    intent = Intent("restore", target.commit, base.commit if base else None, tuple(updates), way.discard)
    store.journal.write(intent)
    sync_file_system(store.folder)
    with store.dvc_excluded():
        _require_untouched(store, way)
        store.journal.publish(durable=True)
        failpoint("restore.journaled")
        switch(store, way.plan, way.staged)
        if updates:
            history.update_refs(updates)
        failpoint("restore.committed")
        versions.write_others(store.layout, history, base.files if base else {}, target.files)
        settle_pointers(store, history, base, target.commit)
        history.update_index(target.files)
    _save_restored(store, way)
    failpoint("restore.manifest")
    store.journal.clear()


def _updates(history: History, commit: str) -> list[RefUpdate]:
    branch = history.branch
    tip = history.ref(branch)
    kept = history.keep_tip(leaving=history.head, to=commit)
    return ([] if tip == commit else [RefUpdate(branch, tip, commit)]) + kept


def _require_untouched(store: SnapshotStore, way: _Way) -> None:
    """Raise ConflictError if a file to be replaced or deleted was written since it was looked at."""
    data = str(store.layout.data)
    at: dict[str, dict[str, int]] = {}
    for path in way.plan.replaced:
        cut = path.rfind("/") + 1
        folder, name = path[:cut], path[cut:]
        known = way.now.folders[folder]
        if folder not in at:
            at[folder] = {n: i for i, n in enumerate(known.names)}
        there = at[folder][name] * SIGNATURE.size
        seen = known.signatures[there : there + SIGNATURE.size]
        present = signature_of(os.lstat(f"{data}/{path}"))
        # a blanked signature has the size alone to compare
        if present != seen and (seen[8:] != _BLANK or present[:8] != seen[:8]):
            raise ConflictError(f"data/{path} is being written right now; try again", code="data-changing")


_BLANK: Final = bytes(SIGNATURE.size - 8)


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
    if len(touched) > _FEW_FOLDERS:
        sync_file_system(store.folder)
    else:
        fsync_folders([Path(data, folder) for folder in touched])
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


def _save_restored(store: SnapshotStore, way: _Way) -> None:
    """Write the manifest of the restored files: those placed with new signatures, the others as they were."""
    placed = _signatures_placed(store, way)
    folders: dict[str, Known] = {}
    for path, folder in way.plan.tree.items():
        known = way.now.folders.get(path)
        if known is not None and known.names == folder.names and known.hashes == folder.hashes:
            folders[path] = known
            continue
        there = {} if known is None else {n: i for i, n in enumerate(known.names)}
        signatures = bytearray()
        for name in folder.names:
            new = placed.get(path + name)
            if new is None and known is not None:
                position = there[name] * SIGNATURE.size
                new = known.signatures[position : position + SIGNATURE.size]
            assert new is not None
            signatures += new
        folders[path] = Known(folder.names, bytes(signatures), folder.hashes)
    version = version_of(list(way.plan.target.outputs))
    store.manifest.save(way.now.before, ManifestState(folders, version))


def _signatures_placed(store: SnapshotStore, way: _Way) -> dict[str, bytes]:
    """Return the signatures of the files placed; blank for one that is no longer as it was staged."""
    data = str(store.layout.data)
    looked_at = clock_of(store.folder)
    placed: dict[str, bytes] = {}
    for (path, _), new in zip(way.plan.writes, way.staged, strict=True):
        size, mtime, inode, _ = SIGNATURE.unpack(new.signature)
        blank = SIGNATURE.pack(size, 0, 0, 0)
        try:
            present = signature_of(os.lstat(f"{data}/{path}"))
        except FileNotFoundError:
            present = blank
        same = SIGNATURE.unpack(present)[:3] == (size, mtime, inode)
        placed[path] = settled(present, looked_at) if same else blank
    return placed


def roll_forward(store: SnapshotStore, intent: Intent, *, save: SnapshotRequest, progress: Progress) -> None:
    """Finish a restore that was cut off: the same steps again, from whatever is there."""
    history = store.history()
    base = version_at(store, history, intent.base) if intent.base else None
    target = version_at(store, history, intent.commit)
    control = store.control(target.files) | (store.control(base.files) if base else frozenset())
    now = look(store, control=control, keep=False, progress=progress, scanned=lambda: None)
    plan, _ = plan_and_check(store, target, now, fetch=None)
    if not intent.discard and _holds_unsaved(store, plan, now):
        create(store, save, progress)
        now = look(store, control=control, keep=False, progress=progress, scanned=lambda: None)
        plan, _ = plan_and_check(store, target, now, fetch=None)
    staged = stage_objects(store, [digest for _, digest in plan.writes], progress)
    _apply(store, history, _Way(plan, staged, base, now, intent.discard))


def _holds_unsaved(store: SnapshotStore, plan: Plan, now: Look) -> bool:
    """Return whether a file to be replaced or deleted has content that no snapshot has: edited after the kill."""
    doomed = {*plan.replaced}
    return any(
        folder + name in doomed and not store.object_path(known.hash_at(position).hex()).exists()
        for folder, known in now.folders.items()
        for position, name in enumerate(known.names)
    )
