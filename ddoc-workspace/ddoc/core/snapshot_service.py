"""Snapshots of one workspace: create, list, restore, lineage, and what keeps them sound."""

import base64
import binascii
import json
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from ddoc.core.item_changes import ItemCounts, count_changes, count_items
from ddoc.core.lineage import lineage_of
from ddoc.core.snapshots import (
    Lineage,
    Restored,
    RestorePreview,
    Snapshot,
    SnapshotData,
    SnapshotPage,
    Uncommitted,
)
from ddoc.errors import DamagedError, InvalidInputError, NotFoundError
from ddoc.paths import Layout
from ddoc.progress import Progress, no_progress
from ddoc.snapshot import delete as deletion
from ddoc.snapshot import names, recover, versions
from ddoc.snapshot.catalog import Entry, SnapshotCatalog, sort_key
from ddoc.snapshot.create import SnapshotRequest, create, head_version, version_at
from ddoc.snapshot.disk import disk_problems
from ddoc.snapshot.gc import GRACE_SECONDS, GcReport, collect
from ddoc.snapshot.manifest import tree_of_manifest
from ddoc.snapshot.materialise import materialise
from ddoc.snapshot.plan import Effect, make_plan
from ddoc.snapshot.remote import Transfer, fetcher, pull, push
from ddoc.snapshot.restore import look_at, restore
from ddoc.snapshot.store import SnapshotStore, version_of
from ddoc.snapshot.tree import Tree
from ddoc.snapshot.verify import Mode, VerifyReport, verify

if TYPE_CHECKING:
    from ddoc.core.item_diff import ItemDiff, Side

AUTO_MESSAGE: Final = "Unsaved changes before restoring {name}"
WORKING: Final = "working"
_LIMIT: Final = 500
_MD5 = re.compile(r"[0-9a-f]{32}")


class SnapshotService:
    """The snapshots of the workspace at `root`. Cheap to make; holds no connection; safe in several processes."""

    def __init__(self, root: Path, *, store: SnapshotStore | None = None) -> None:
        self._layout = Layout(root.absolute())
        self._store = store or SnapshotStore(self._layout)

    # reading

    def get(self, name: str) -> Snapshot:
        """Return a snapshot by id or alias. Raises NotFoundError (`unknown-snapshot`, `deleted-snapshot`)."""
        history = self._store.history()
        snapshot_id, _ = names.resolve(history, name)
        catalog = SnapshotCatalog(history)
        return _snapshot(catalog, catalog.entry(snapshot_id))

    def head(self) -> str | None:
        """Return the id of the snapshot that the working copy came from."""
        return SnapshotCatalog(self._store.history()).head

    def list_snapshots(self, *, limit: int = 100, cursor: str | None = None) -> SnapshotPage:
        """Return a page of snapshots, newest first. Raises InvalidInputError for a cursor that is not ours."""
        catalog = SnapshotCatalog(self._store.history())
        entries = catalog.newest_first()
        if cursor is not None:
            after = _from_cursor(cursor)
            entries = [entry for entry in entries if list(sort_key(entry)) < after]
        page = entries[: max(1, min(limit, _LIMIT))]
        more = len(entries) > len(page)
        return SnapshotPage(
            snapshots=tuple(_snapshot(catalog, entry) for entry in page),
            head=catalog.head,
            next_cursor=_to_cursor(page[-1]) if more else None,
            total=len(catalog),
        )

    def status(self) -> Uncommitted:
        """Return what differs between the working copy and the snapshot that it came from."""
        history = self._store.history()
        base = head_version(self._store, history)
        with disk_problems():
            now = look_at(self._store, base, no_progress)
        present = tree_of_manifest(now.folders)
        if base is None:
            counts, code = self._count({}, present), True
        else:
            same = now.before.version == version_of(list(base.outputs))
            old = tree_of_manifest(now.before.folders) if same else self._store.tree(list(base.outputs))
            counts = self._count(old, present)
            code = versions.code_entries(self._layout) != versions.code_of(base.files)
        return _uncommitted(counts, code=code)

    def preview_restore(self, name: str) -> RestorePreview:
        """Return what restoring a snapshot would do; nothing is changed."""
        history = self._store.history()
        snapshot_id, commit = names.resolve(history, name)
        target = version_at(self._store, history, commit)
        now = look_at(self._store, head_version(self._store, history), no_progress)
        present = tree_of_manifest(now.folders)
        plan = make_plan(self._store, target, present)
        sizes = {digest: self._store.object_size(digest.hex()) for _, digest in plan.writes}
        missing = tuple(sorted(digest.hex() for digest, size in sizes.items() if size is None))
        size = sum(sizes[digest] or 0 for _, digest in plan.writes)
        return RestorePreview(
            snapshot_id=snapshot_id,
            files=Effect(len(plan.writes), len(plan.deletes), plan.unchanged, size),
            items=self._count(present, plan.tree).to_json(),
            unsaved=self.status(),
            missing=missing[:20],
        )

    def diff(self, a: str, b: str) -> "ItemDiff":
        """Compare two versions item by item; either may be "working", the files as they are now.

        Raises NotFoundError, DamagedError if a version's listing is lost.
        """
        from ddoc.core.item_diff import ItemDiff

        return ItemDiff(self._side(a), self._side(b))

    def get_lineage_graph(
        self, extra_nodes: Iterable[Mapping[str, Any]] = (), extra_edges: Iterable[Mapping[str, Any]] = ()
    ) -> Lineage:
        """Return where every snapshot came from, joined with datasets, drift reports, samples, exports and runs."""
        return lineage_of(SnapshotCatalog(self._store.history()), extra_nodes, extra_edges)

    def read_edits(self, name: str) -> list[Mapping[str, Any]]:
        """Return the edits that led to a snapshot from its parent."""
        history = self._store.history()
        snapshot_id, _ = names.resolve(history, name)
        catalog = SnapshotCatalog(history)
        return catalog.edits(catalog.entry(snapshot_id))

    def object_path(self, content_hash: str) -> Path:
        """Return the file that holds the bytes of that md5, read-only. Raises NotFoundError, `unknown-content`."""
        if not _MD5.fullmatch(content_hash) or not (path := self._store.object_path(content_hash)).is_file():
            raise NotFoundError("no snapshot holds this content", code="unknown-content")
        return path

    def materialise(
        self, name: str, target: Path, *, link: bool = False, progress: Progress = no_progress
    ) -> int:
        """Lay out a snapshot's data, read-only, at `target`, which must not exist; returns the number of files.

        With `link`, files are hard links to the history's objects where possible: for readers only. Raises
        NotFoundError, ConflictError (`target-exists`), DamagedError (`missing-object`).
        """
        with disk_problems():
            return materialise(self._store, name, target, link=link, progress=progress)

    def check_alias(self, alias: str) -> None:
        """Raise InvalidInputError (`invalid-alias`) or ConflictError (`alias-taken`) unless it can be given."""
        names.require_free_alias(self._store.history(), alias)

    # writing

    def create_snapshot(
        self,
        message: str,
        *,
        alias: str | None = None,
        allow_empty: bool = False,
        statistics: Mapping[str, Any] | None = None,
        edits: Sequence[Mapping[str, Any]] | None = None,
        request_id: str | None = None,
        progress: Progress = no_progress,
    ) -> Snapshot:
        """Save the working copy as a new snapshot.

        `statistics` are what only the index knows (`annotations`, `classes` by name); `edits` the steps since the
        parent. A `request_id` that a snapshot already has gives that one back: work repeated after a kill.

        Raises ConflictError (`nothing-to-snapshot`, `alias-taken`, `data-changing`), InvalidInputError
        (`link-in-data`, `reserved-name`, `invalid-alias`), DiskFullError, BusyError; then nothing has changed.
        """
        request = SnapshotRequest(
            message=message,
            describe=self._describer(statistics or {}, request_id),
            alias=alias,
            edits=edits or (),
            allow_empty=allow_empty,
        )
        with self._writing(progress):
            found = self._made_by(request_id)
            return self.get(found or create(self._store, request, progress))

    def restore_snapshot(
        self, name: str, *, discard_changes: bool = False, progress: Progress = no_progress
    ) -> Restored:
        """Make the working copy that of a snapshot. Unsaved changes become an automatic snapshot first.

        Raises NotFoundError, DamagedError (`missing-object`, `damaged-object`), DiskFullError, ConflictError
        (`data-changing`), BusyError; then data/ is untouched.
        """
        with self._writing(progress):
            done = restore(
                self._store,
                name,
                discard_changes=discard_changes,
                save=self._automatic(AUTO_MESSAGE.format(name=name)),
                fetch=fetcher(self._store),
                progress=progress,
            )
        return Restored(done.snapshot_id, done.saved_as, done.effect)

    def set_alias(self, name: str, alias: str | None) -> Snapshot:
        """Give a snapshot an alias in place of the one it has, or take that away.

        Raises NotFoundError, InvalidInputError (`invalid-alias`), ConflictError (`alias-taken`).
        """
        with self._writing(no_progress):
            return self.get(deletion.set_alias(self._store, name, alias))

    def delete(self, name: str) -> None:
        """Delete a snapshot; its children keep their place in the lineage and its data is freed by the next gc.

        Raises NotFoundError, ConflictError (`snapshot-in-use`) for the one that the working copy came from.
        """
        with self._writing(no_progress):
            deletion.delete(self._store, name)

    def verify(
        self,
        *,
        mode: Mode = "quick",
        part: int = 1,
        of: int = 1,
        repair: bool = False,
        progress: Progress = no_progress,
    ) -> VerifyReport:
        """Check every object of every snapshot: its existence and size, or with mode "full" all bytes of slice
        `part` of `of`. `repair` heals from data/ where its bytes fit, else from the default remote.
        """
        fetch = fetcher(self._store) if repair else None
        if not repair:
            with disk_problems():
                return verify(self._store, mode=mode, part=part, of=of, progress=progress)
        with self._writing(progress):
            return verify(
                self._store, mode=mode, part=part, of=of, repair=True, fetch=fetch, progress=progress
            )

    def gc(self, *, grace_seconds: float = GRACE_SECONDS, progress: Progress = no_progress) -> GcReport:
        """Free the objects that no snapshot needs and that are older than the grace.

        Raises DamagedError if a snapshot's listing is lost; then nothing is freed.
        """
        with self._writing(progress):
            return collect(self._store, grace_seconds=grace_seconds, progress=progress)

    def push(self, remote: str | None = None, *, progress: Progress = no_progress) -> Transfer:
        """Copy all snapshots' data to a DVC remote: a configured name, a URL or path; None is the default one.

        Raises UnavailableError (`no-remote`, `remote-failed`).
        """
        progress(0, None, unit="files", message="pushing")
        return push(self._store, remote)

    def pull(self, remote: str | None = None, *, progress: Progress = no_progress) -> Transfer:
        """Fetch all snapshots' data that the cache lacks from a DVC remote; data/ is not touched."""
        progress(0, None, unit="files", message="pulling")
        return pull(self._store, remote)

    def recover(self, progress: Progress = no_progress) -> bool:
        """Finish what a kill or a power loss cut off; returns whether there was anything."""
        if not self._store.journal.is_pending:
            return False
        with disk_problems(), self._store.writing():
            return recover.recover(self._store, save=self._recovered(), progress=progress)

    # inside

    @contextmanager
    def _writing(self, progress: Progress) -> Generator[None]:
        with disk_problems(), self._store.writing():
            recover.recover(self._store, save=self._recovered(), progress=progress)
            yield

    def _automatic(self, message: str) -> SnapshotRequest:
        return SnapshotRequest(message, self._describer({}, None), allow_empty=True, automatic=True)

    def _recovered(self) -> SnapshotRequest:
        return self._automatic("Changes made after an interrupted restore")

    def _made_by(self, request_id: str | None) -> str | None:
        if request_id is None:
            return None
        catalog = SnapshotCatalog(self._store.history())
        made = (
            e.snapshot_id for e in catalog.newest_first() if catalog.record(e).get("request_id") == request_id
        )
        return next(made, None)

    def _describer(self, statistics: Mapping[str, Any], request_id: str | None) -> Any:
        def describe(tree: Tree, base: Tree | None) -> Mapping[str, Any]:
            items, splits = count_items(tree)
            counts = ItemCounts() if base is None else self._count(base, tree)
            annotations = statistics.get("annotations")
            data = {
                "items": items,
                "splits": splits,
                "annotations": annotations,
                "classes": dict(statistics.get("classes", {})),
            }
            return {
                "data": data,
                "changes": counts.to_json(),
                "changes_known": base is not None,
                "request_id": request_id,
            }

        return describe

    def _count(self, old: Tree, new: Tree) -> ItemCounts:
        return count_changes(old, new, classify=self._is_classification())

    def _is_classification(self) -> bool:
        try:
            found = yaml.safe_load((self._layout.data / "dataset.yaml").read_text("utf-8"))
        except (OSError, ValueError, yaml.YAMLError):
            return False
        return isinstance(found, dict) and found.get("task") == "classify"

    def _side(self, name: str) -> "Side":
        # with it come NumPy and Pillow, which only a diff needs
        from ddoc.core.item_diff import Side

        if name == WORKING:
            history = self._store.history()
            with disk_problems():
                now = look_at(self._store, head_version(self._store, history), no_progress)
            data = self._layout.data
            return Side(name, tree_of_manifest(now.folders), lambda path, _: data / path)
        history = self._store.history()
        snapshot_id, commit = names.resolve(history, name)
        tree = self._store.tree(list(version_at(self._store, history, commit).outputs))
        return Side(snapshot_id, tree, lambda _, digest: self._store.object_path(digest.hex()))


def _uncommitted(counts: ItemCounts, *, code: bool) -> Uncommitted:
    return Uncommitted(
        added=counts.added,
        removed=counts.removed,
        modified=counts.modified + counts.relabelled,
        other=counts.other,
        code=code,
    )


def _snapshot(catalog: SnapshotCatalog, entry: Entry) -> Snapshot:
    record = catalog.record(entry)
    try:
        data = SnapshotData(**record["data"])
        return Snapshot(
            snapshot_id=entry.snapshot_id,
            alias=entry.alias,
            message=record["message"],
            created_at=record["created_at"],
            parents=catalog.parents(entry),
            git_rev=entry.commit,
            data=data,
            changes=record["changes"],
            is_head=entry.snapshot_id == catalog.head,
            is_auto=record["automatic"],
        )
    except (KeyError, TypeError) as error:
        raise DamagedError(
            f"snapshot {entry.snapshot_id} was not written by ddoc", code="foreign-snapshot"
        ) from error


def _to_cursor(entry: Entry) -> str:
    return base64.urlsafe_b64encode(json.dumps(sort_key(entry)).encode()).decode()


def _from_cursor(cursor: str) -> list[Any]:
    try:
        time, numbered, number, snapshot_id = json.loads(base64.urlsafe_b64decode(cursor))
        return [int(time), bool(numbered), int(number), str(snapshot_id)]
    except (ValueError, TypeError, binascii.Error) as error:
        raise InvalidInputError("the cursor is not one that a page gave", code="invalid-cursor") from error
