"""Delete a snapshot, and change its alias: refs only, moved in one transaction."""

from ddoc.errors import ConflictError
from ddoc.snapshot import names
from ddoc.snapshot.catalog import SnapshotCatalog
from ddoc.snapshot.failpoints import failpoint
from ddoc.snapshot.history import RefUpdate
from ddoc.snapshot.store import SnapshotStore


def delete(store: SnapshotStore, name: str) -> str:
    """Remove a snapshot's id and alias, leaving a tombstone, and return its id. The caller holds the lock.

    Its children keep their place (their parents are then its parents); its data is freed by the next gc. Raises
    NotFoundError, ConflictError (`snapshot-in-use`) for the one that the working copy came from.
    """
    failpoint("delete.locked")
    history = store.history()
    snapshot_id, commit = names.resolve(history, name)
    catalog = SnapshotCatalog(history)
    if snapshot_id == catalog.head or commit == history.head:
        raise ConflictError(
            f"the working copy came from {snapshot_id}; restore another snapshot before deleting it",
            code="snapshot-in-use",
        )
    alias = catalog.entry(snapshot_id).alias
    note = f"Deleted; its alias was {alias}." if alias else "Deleted."
    tombstone = history.write_tombstone(commit, name=snapshot_id, note=note)
    tag = names.tag_of(snapshot_id)
    assert tag is not None
    updates = [
        RefUpdate(tag, history.ref(tag), None),
        RefUpdate(names.deleted_ref(snapshot_id), None, tombstone),
    ]
    if alias is not None:
        ref = names.alias_ref(alias)
        updates.append(RefUpdate(ref, history.ref(ref), None))
    failpoint("delete.marked")
    history.update_refs(updates)
    failpoint("delete.committed")
    return snapshot_id


def set_alias(store: SnapshotStore, name: str, alias: str | None) -> str:
    """Give a snapshot an alias in place of the one it has, or take that away; returns its id.

    Raises NotFoundError, InvalidInputError (`invalid-alias`), ConflictError (`alias-taken`).
    """
    history = store.history()
    snapshot_id, commit = names.resolve(history, name)
    old = SnapshotCatalog(history).entry(snapshot_id).alias
    if old == alias:
        return snapshot_id
    updates: list[RefUpdate] = []
    if alias is not None:
        names.require_free_alias(history, alias, but=old)
        updates.append(RefUpdate(names.alias_ref(alias), None, commit))
    if old is not None:
        ref = names.alias_ref(old)
        updates.append(RefUpdate(ref, history.ref(ref), None))
    history.update_refs(updates)
    return snapshot_id
