"""Recovery: what a kill or a power loss left half done is rolled forward, or was never visible."""

from ddoc.progress import Progress
from ddoc.snapshot import restore
from ddoc.snapshot.create import SnapshotRequest, settle_pointers, version_at
from ddoc.snapshot.history import RefUpdate
from ddoc.snapshot.journal import Intent
from ddoc.snapshot.store import SnapshotStore


def recover(store: SnapshotStore, *, save: SnapshotRequest, progress: Progress) -> bool:
    """Finish what the journal says, if there is one; returns whether there was. The caller holds the lock.

    Files that were edited between the kill and now become the automatic snapshot `save` first.
    """
    intent = store.journal.read()
    if intent is None:
        store.journal.clear()
        return False
    store.history().clear_stale_locks(update.name for update in intent.refs)
    if intent.kind == "create":
        _finish_create(store, intent)
    else:
        restore.roll_forward(store, intent, save=save, progress=progress)
    store.journal.clear()
    return True


def _finish_create(store: SnapshotStore, intent: Intent) -> None:
    """If git had begun to move the refs, move them all; else the snapshot was never made."""
    history = store.history()
    moved = [history.ref(update.name) == update.new for update in intent.refs]
    if not any(moved):
        return
    base = version_at(store, history, intent.base) if intent.base else None
    with store.dvc_excluded():
        left = [
            RefUpdate(update.name, history.ref(update.name), update.new)
            for update, done in zip(intent.refs, moved, strict=True)
            if not done
        ]
        if left:
            history.update_refs(left)
        settle_pointers(store, history, base, intent.commit)
