"""Create a snapshot: nothing is visible before the one commit point, everything is safe after it.

1. Lock; finish what a kill left. 2. Scan against the manifest. 3. Hash what changed and stage what the cache lacks, in
one pass. 4. Flush once, then rename into the cache and flush its folders; 5. the `.dir` objects with them. 6. Move
branch, tag and alias by one compare-and-swap. 7. Derived state: pointers, git's index, manifest.
"""

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from ddoc.errors import ConflictError, DamagedError
from ddoc.progress import Progress
from ddoc.snapshot import file_worker, names, pointers, versions
from ddoc.snapshot.disk import clock_of, sync_file_system
from ddoc.snapshot.failpoints import failpoint
from ddoc.snapshot.history import History, RefUpdate
from ddoc.snapshot.journal import Intent
from ddoc.snapshot.look import Look, look
from ddoc.snapshot.manifest import Known, ManifestState, tree_of_manifest, verified
from ddoc.snapshot.pointers import Output
from ddoc.snapshot.store import SnapshotStore, version_of
from ddoc.snapshot.tree import Tree, combined_hash, dir_bytes, dir_hash
from ddoc.snapshot.versions import Version

FORMAT: Final = 1
# Given the new tree and the one it came from (None: there is none, or it is damaged), the record's "data" and "changes".
Describe = Callable[[Tree, Tree | None], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """What a snapshot is to say of itself.

    `automatic` makes one that only keeps unsaved changes: a tag of its own, the working copy's history unmoved.
    """

    message: str
    describe: Describe
    alias: str | None = None
    edits: Sequence[Mapping[str, Any]] = ()
    allow_empty: bool = False
    automatic: bool = False


def head_version(store: SnapshotStore, history: History) -> Version | None:
    """Return the version that the working copy came from; None before the first snapshot."""
    commit = history.head
    if commit is None:
        return None
    return version_at(store, history, commit)


def version_at(store: SnapshotStore, history: History, commit: str) -> Version:
    """Return a commit's version."""
    files = history.files(commit)
    return Version(commit, files, tuple(store.outputs(history, files)))


def create(store: SnapshotStore, request: SnapshotRequest, progress: Progress) -> str:
    """Save the working copy and return the id of its snapshot. The caller holds the lock and has recovered.

    Raises ConflictError (`nothing-to-snapshot`, `alias-taken`, `data-changing`), DiskFullError and what a scan
    raises; then nothing has changed.
    """
    history = store.history()
    failpoint("create.locked")
    history.require_quiet()
    if request.alias is not None:
        names.require_free_alias(history, request.alias)
    base = head_version(store, history)
    now = look(
        store,
        control=store.control(base.files) if base else frozenset(),
        keep=True,
        progress=progress,
        scanned=lambda: failpoint("create.scanned"),
    )
    draft = _Draft(store, history, request, base, now)
    return draft.finish()


class _Draft:
    """A snapshot on its way from the look at the data to the commit."""

    def __init__(
        self,
        store: SnapshotStore,
        history: History,
        request: SnapshotRequest,
        base: Version | None,
        now: Look,
    ) -> None:
        self._store, self._history, self._request, self._base, self._now = store, history, request, base, now
        self._tree: Tree = tree_of_manifest(now.folders)
        self._listings: list[tuple[str, str]] = []
        self._published_at = 0

    def finish(self) -> str:
        """Do the steps from the `.dir` objects on."""
        outputs = self._outputs()
        if not self._request.allow_empty and self._is_unchanged(outputs):
            self._save_manifest(version_of(outputs))
            raise ConflictError("nothing has changed since the last snapshot", code="nothing-to-snapshot")
        snapshot_id, tag = names.next_id(self._history, automatic=self._request.automatic)
        commit = self._commit(snapshot_id, outputs)
        updates = self._updates(commit, tag)
        failpoint("create.staged")
        if not self._request.automatic:
            base = self._base.commit if self._base else None
            self._store.journal.write(Intent("create", commit, base, tuple(updates)))
            self._store.journal.publish(durable=False)
        failpoint("create.journaled")
        self._publish()
        self._make_visible(commit, updates, outputs)
        return snapshot_id

    def _outputs(self) -> list[Output]:
        """Return the outputs, and stage the `.dir` objects that the cache lacks."""
        folders = self._now.folders
        base = self._base
        if (
            base is not None
            and self._now.before.version == version_of(list(base.outputs))
            and self._is_same_content()
        ):
            return list(base.outputs)
        outputs: list[Output] = []
        for part in pointers.plan_parts(folders, limit=self._store.part_limit):
            if part and not part.endswith("/"):
                outputs.append(_file_output(folders, part))
                continue
            data = dir_bytes(self._tree, below=part)
            md5 = dir_hash(data)
            self._stage_dir(md5, data)
            size, files = pointers.size_below(folders, part)
            outputs.append(Output(part, md5, size, files))
        return outputs

    def _is_same_content(self) -> bool:
        before = self._now.before.folders
        now = self._now.folders
        return before.keys() == now.keys() and all(
            known.hashes == before[path].hashes and known.names == before[path].names
            for path, known in now.items()
        )

    def _stage_dir(self, md5: str, data: bytes) -> None:
        if self._store.object_size(md5) != len(data):
            path = str(self._store.staging / md5)
            file_worker.write_new(path, data, 0o444)
            self._listings.append((path, md5))

    def _is_unchanged(self, outputs: list[Output]) -> bool:
        if self._base is None or list(self._base.outputs) != outputs:
            return False
        return versions.code_entries(self._store.layout) == versions.code_of(self._base.files)

    def _commit(self, snapshot_id: str, outputs: list[Output]) -> str:
        request, base = self._request, self._base
        described = request.describe(self._tree, self._base_tree())
        record = {
            "format": FORMAT,
            "snapshot_id": snapshot_id,
            "message": request.message,
            "created_at": datetime.now(UTC).isoformat(),
            "automatic": request.automatic,
            **described,
        }
        record["data"] = {
            "hash": combined_hash((o.part, o.md5) for o in outputs),
            "files": sum(o.files for o in outputs),
            "bytes": sum(o.size for o in outputs),
            **described.get("data", {}),
        }
        files = versions.build_files(
            self._store.layout,
            self._history,
            base.files if base else {},
            outputs,
            _json(record),
            _json(list(request.edits)),
        )
        message = f"{request.message}\n\nSnapshot: {snapshot_id}\n"
        return self._history.write_commit(files, message=message, parents=[base.commit] if base else [])

    def _base_tree(self) -> Tree | None:
        if self._base is None:
            return {}
        if self._now.before.version == version_of(list(self._base.outputs)):
            return tree_of_manifest(self._now.before.folders)
        try:
            return self._store.tree(list(self._base.outputs))
        except DamagedError:
            return None

    def _updates(self, commit: str, tag: str) -> list[RefUpdate]:
        if self._request.automatic:
            return [RefUpdate(tag, None, commit)]
        history = self._history
        branch = history.branch
        tip = history.ref(branch)
        updates = [RefUpdate(branch, tip, commit), RefUpdate(tag, None, commit)]
        if self._request.alias is not None:
            updates.append(RefUpdate(names.alias_ref(self._request.alias), None, commit))
        return updates + history.keep_tip(leaving=tip, to=commit)

    def _publish(self) -> None:
        """Steps 4 and 5: flush everything that was written, git's objects too, then rename into the cache."""
        sync_file_system(self._store.layout.meta)
        failpoint("create.synced")
        objects = ((path, digest.hex()) for path, digest in self._now.staged)
        self._store.publish(
            itertools.chain(objects, self._listings), between=lambda: failpoint("create.publishing")
        )
        self._published_at = clock_of(self._store.staging)
        failpoint("create.published")

    def _make_visible(self, commit: str, updates: list[RefUpdate], outputs: list[Output]) -> None:
        if self._request.automatic:
            self._history.update_refs(updates)
            failpoint("create.committed")
            self._save_manifest(None)
            return
        with self._store.dvc_excluded():
            self._history.update_refs(updates)
            failpoint("create.committed")
            settle_pointers(self._store, self._history, self._base, commit)
        self._save_manifest(version_of(outputs))
        failpoint("create.manifest")
        self._store.journal.clear()

    def _save_manifest(self, version: str | None) -> None:
        now = self._now
        after = ManifestState(now.folders, version if version is not None else now.before.version)
        if version is None and not self._is_same_content():
            after = replace(after, version=None)
        if after != now.before or now.facts:
            seen = self._published_at
            objects = ((digest, verified(facts, seen)) for digest, facts in now.facts.items())
            self._store.manifest.save(now.before, after, objects=objects)


def settle_pointers(
    store: SnapshotStore, history: History, base: Version | None, commit: str, *, during: str = "create"
) -> None:
    """Bring pointers, HEAD and git's index to `commit`. Repeating it changes nothing. `during` names failpoints."""
    files = history.files(commit)
    versions.write_pointers(store.layout, history, files, store.outputs(history, files))
    versions.remove_pointers(store.layout, base.files if base else {}, files)
    failpoint(f"{during}.pointers")
    history.attach()
    history.update_index(files, owned=versions.OWNED)
    failpoint(f"{during}.index")


def _file_output(folders: Mapping[str, Known], part: str) -> Output:
    folder, _, name = part.rpartition("/")
    known = folders[folder + "/" if folder else ""]
    position = known.names.index(name)
    return Output(part, known.hash_at(position).hex(), known.size_at(position), 1)


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
