"""Restore a snapshot: everything is checked and staged before anything is touched, and a kill rolls forward.

1. Check that every object is there. 2. Stage the new files; an object that was not hashed within the last week, or was
touched since, is hashed on the way. 3. Save unsaved changes. 4. Flush, put the journal into force, rename over the old
files, delete last. 5. Refs, pointers, git's index, manifest.
"""

import bisect
import os
from dataclasses import dataclass
from typing import Final

from ddoc.errors import ConflictError, DamagedError
from ddoc.progress import Progress
from ddoc.snapshot import names, versions
from ddoc.snapshot.create import SnapshotRequest, create, head_version, settle_pointers, version_at
from ddoc.snapshot.disk import SIGNATURE, clock_of, settled, signature_of, sync_file_system
from ddoc.snapshot.failpoints import failpoint
from ddoc.snapshot.history import History, RefUpdate
from ddoc.snapshot.journal import Intent
from ddoc.snapshot.look import Look, look
from ddoc.snapshot.manifest import Known, ManifestState, tree_of_manifest
from ddoc.snapshot.plan import Effect, Fetch, Plan, make_plan, plan_and_check
from ddoc.snapshot.store import SnapshotStore, version_of
from ddoc.snapshot.switch import Staged, signature_placed, stage_objects, switch
from ddoc.snapshot.tree import diff_trees
from ddoc.snapshot.versions import Version


@dataclass(frozen=True, slots=True)
class RestoreOutcome:
    """What a restore did: the snapshot, the one made of unsaved changes (or None), and the effect on the files."""

    snapshot_id: str
    saved_as: str | None
    effect: Effect


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
    checked = plan_and_check(store, target, now, fetch=fetch)
    plan, size = checked.plan, checked.size
    failpoint("restore.checked")
    staged = stage_objects(store, checked, progress)
    del checked
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


@dataclass(frozen=True, slots=True)
class _Way:
    """All that the visible part needs."""

    plan: Plan
    staged: Staged
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
        visible_at = clock_of(store.folder)
        store.journal.publish(durable=True)
        failpoint("restore.journaled")
        switch(store, way.staged)
        if updates:
            history.update_refs(updates)
        failpoint("restore.committed")
        versions.write_others(store.layout, history, base.files if base else {}, target.files)
        settle_pointers(store, history, base, target.commit, during="restore")
        history.update_index(target.files)
    _save_restored(store, way, visible_at)
    failpoint("restore.manifest")
    store.journal.clear()


def _updates(history: History, commit: str) -> list[RefUpdate]:
    branch = history.branch
    tip = history.ref(branch)
    kept = history.keep_tip(leaving=history.head, to=commit)
    return ([] if tip == commit else [RefUpdate(branch, tip, commit)]) + kept


def _require_untouched(store: SnapshotStore, way: _Way) -> None:
    """Raise ConflictError if a file to be replaced or deleted was written since it was looked at, or a folder made
    where one is to be put.
    """
    data = str(store.layout.data)
    for root in way.staged.roots:
        if os.path.lexists(f"{data}/{root.rstrip('/')}"):
            raise ConflictError(f"data/{root} has just been made; try again", code="data-changing")
    for path in way.plan.replaced:
        cut = path.rfind("/") + 1
        known = way.now.folders[path[:cut]]
        there = known.position_of(path[cut:]) * SIGNATURE.size
        seen = known.signatures[there : there + SIGNATURE.size]
        present = signature_of(os.lstat(f"{data}/{path}"))
        # a blanked signature has the size alone to compare
        if present != seen and (seen[8:] != _BLANK or present[:8] != seen[:8]):
            raise ConflictError(f"data/{path} is being written right now; try again", code="data-changing")


_BLANK: Final = bytes(SIGNATURE.size - 8)


def _save_restored(store: SnapshotStore, way: _Way, visible_at: int) -> None:
    """Write the manifest of the restored files: those placed with new signatures, the others as they were."""
    placed = _signatures_placed(store, way, visible_at)
    folders: dict[str, Known] = {}
    for path, folder in way.plan.tree.items():
        known = way.now.folders.get(path)
        if path in placed:
            folders[path] = Known(folder.names, bytes(placed[path]), folder.hashes)
        elif known is not None and known.names == folder.names and known.hashes == folder.hashes:
            folders[path] = known
        else:
            folders[path] = Known(folder.names, bytes(_signatures_kept(known, folder.names)), folder.hashes)
    version = version_of(list(way.plan.target.outputs))
    after = ManifestState(folders, version)
    store.manifest.save(way.now.before, after, objects=way.staged.verified)


def _signatures_placed(store: SnapshotStore, way: _Way, visible_at: int) -> dict[str, bytearray]:
    """Return the signatures of all files of the folders that the restore has put files into."""
    data, plan, staged = str(store.layout.data), way.plan, way.staged
    looked_at = clock_of(store.folder)
    placed: dict[str, bytearray] = {}
    for position, (path, _) in enumerate(plan.writes):
        cut = path.rfind("/") + 1
        folder, names = path[:cut], plan.tree[path[:cut]].names
        if folder not in placed:
            placed[folder] = _signatures_kept(way.now.folders.get(folder), names)
        new = staged.signature(position)
        if staged.is_below_root(path):
            seen = settled(new, visible_at)
        else:
            seen = signature_placed(data, path, new, visible_at=visible_at, looked_at=looked_at)
        start = bisect.bisect_left(names, path[cut:]) * SIGNATURE.size
        placed[folder][start : start + SIGNATURE.size] = seen
    return placed


def _signatures_kept(known: Known | None, names: tuple[str, ...]) -> bytearray:
    """Return the signatures of the files that were there before, blank for the others."""
    if known is not None and known.names == names:
        return bytearray(known.signatures)
    at = {} if known is None else {name: position for position, name in enumerate(known.names)}
    signatures = bytearray(len(names) * SIGNATURE.size)
    for position, name in enumerate(names):
        if known is not None and name in at:
            old = at[name] * SIGNATURE.size
            start = position * SIGNATURE.size
            signatures[start : start + SIGNATURE.size] = known.signatures[old : old + SIGNATURE.size]
    return signatures


def roll_forward(store: SnapshotStore, intent: Intent, *, save: SnapshotRequest, progress: Progress) -> None:
    """Finish a restore that was cut off: the same steps again, from whatever is there."""
    history = store.history()
    base = version_at(store, history, intent.base) if intent.base else None
    target = version_at(store, history, intent.commit)
    control = store.control(target.files) | (store.control(base.files) if base else frozenset())
    now = look(store, control=control, keep=False, progress=progress, scanned=lambda: None)
    checked = plan_and_check(store, target, now, fetch=None)
    if not intent.discard and _holds_unsaved(store, checked.plan, now):
        create(store, save, progress)
        now = look(store, control=control, keep=False, progress=progress, scanned=lambda: None)
        checked = plan_and_check(store, target, now, fetch=None)
    staged = stage_objects(store, checked, progress)
    _apply(store, history, _Way(checked.plan, staged, base, now, intent.discard))


def _holds_unsaved(store: SnapshotStore, plan: Plan, now: Look) -> bool:
    """Return whether a file to be replaced or deleted has content that no snapshot has: edited after the kill."""
    doomed = {*plan.replaced}
    return any(
        folder + name in doomed and not store.object_path(known.hash_at(position).hex()).exists()
        for folder, known in now.folders.items()
        for position, name in enumerate(known.names)
    )
