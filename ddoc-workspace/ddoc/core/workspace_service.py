"""Workspaces as folders: made from a root whose data they copy, checked on request."""

import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ddoc.core.item_changes import is_image, split_and_name
from ddoc.core.label_counts import count_labels
from ddoc.core.snapshot_service import SnapshotService
from ddoc.dataset.info import read_info
from ddoc.dataset.labels import label_paths
from ddoc.errors import ConflictError, DdocError, InvalidInputError, NotFoundError
from ddoc.ids import item_id_of, new_id
from ddoc.paths import Layout, clone_or_copy, write_atomic
from ddoc.progress import Progress, no_progress
from ddoc.snapshot.create import head_version
from ddoc.snapshot.disk import disk_problems, require_room
from ddoc.snapshot.history import History
from ddoc.snapshot.repository import make_repository
from ddoc.snapshot.scan import scan_files, total_bytes
from ddoc.snapshot.store import SnapshotStore

WORKSPACE_FILE: Final = "workspace.json"
FIRST_MESSAGE: Final = "Created"
_CARRIED: Final = ("analysis", "vectors")


@dataclass(frozen=True, slots=True)
class WorkspaceInfo:
    """A workspace as made: its root, name, origin and first snapshot."""

    root: Path
    name: str
    origin: Mapping[str, Any]
    created_at: str
    snapshot_id: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a workspace and what it found."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    """All checks of a workspace."""

    checks: tuple[Check, ...]

    @property
    def is_valid(self) -> bool:
        """Whether every check passed."""
        return all(check.ok for check in self.checks)


class WorkspaceService:
    """Makes and checks workspaces."""

    def init_workspace(
        self,
        root: Path,
        *,
        source: Path,
        name: str,
        origin: Mapping[str, Any] | None = None,
        item_ids: Collection[str] | None = None,
        statistics: Mapping[str, Any] | None = None,
        progress: Progress = no_progress,
    ) -> WorkspaceInfo:
        """Make the workspace at `root` from the root `source`, whose data is cloned where the disk can, else copied.

        With `item_ids`, only those items are taken. Analyses and vectors come along: they are keyed by content. All
        is done in a folder beside `root` and renamed, so a kill leaves nothing that looks like a workspace; the first
        snapshot is `v1`. `statistics` as in `create_snapshot`; without them the labels are counted.

        Raises ConflictError (`workspace-exists`), NotFoundError without data in `source`, DiskFullError.
        """
        if root.exists():
            raise ConflictError("a workspace with this id exists", code="workspace-exists")
        if not Layout(source).data.is_dir():
            raise NotFoundError("the source has no data", code="unknown-source")
        staging = root.parent / f".{root.name}.{new_id('new')}"
        created = datetime.now(UTC).isoformat()
        with disk_problems():
            _clear_leftovers(root)
            try:
                snapshot_id = self._fill(
                    staging, source, name, origin or {}, created, item_ids, statistics, progress
                )
                staging.rename(root)
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)
                raise
        return WorkspaceInfo(root, name, dict(origin or {}), created, snapshot_id)

    def _fill(
        self,
        root: Path,
        source: Path,
        name: str,
        origin: Mapping[str, Any],
        created: str,
        item_ids: Collection[str] | None,
        statistics: Mapping[str, Any] | None,
        progress: Progress,
    ) -> str:
        layout, old = Layout(root), Layout(source)
        layout.meta.mkdir(parents=True)
        layout.trainers.mkdir(parents=True)
        _copy_data(old.data, layout.data, item_ids, progress)
        for part in _CARRIED:
            if (old.meta / part).is_dir():
                shutil.copytree(old.meta / part, layout.meta / part, copy_function=_clone)
        make_repository(root)
        about = {"name": name, "created_at": created, "origin": dict(origin)}
        write_atomic(root / WORKSPACE_FILE, (json.dumps(about, ensure_ascii=False, indent=1) + "\n").encode())
        known = count_labels(layout.data) if statistics is None else statistics
        made = SnapshotService(root).create_snapshot(
            FIRST_MESSAGE, allow_empty=True, statistics=known, progress=progress
        )
        return made.snapshot_id

    def verify_workspace(self, root: Path) -> Verification:
        """Check that a workspace is whole: folders, git, DVC, history, data. Reads little; see fsck for everything."""
        checks = [_check("folder", lambda: _folder(root))]
        if checks[0].ok:
            checks += [
                _check("git", lambda: _git(root)),
                _check("dvc", lambda: _dvc(root)),
                _check("history", lambda: _history(root)),
                _check("data", lambda: _data(root)),
                _check("pending", lambda: _pending(root)),
            ]
        return Verification(tuple(checks))


def _clear_leftovers(root: Path) -> None:
    """Remove what killed attempts at the same workspace left beside it."""
    for left in root.parent.glob(f".{root.name}.new-*"):
        shutil.rmtree(left, ignore_errors=True)


def _copy_data(source: Path, target: Path, item_ids: Collection[str] | None, progress: Progress) -> None:
    found = scan_files(source)
    paths = [folder + name for folder, scanned in found.items() for name in scanned.names]
    if item_ids is not None:
        paths = list(_chosen(source, paths, set(item_ids)))
    else:
        require_room(target.parent, total_bytes(found))
    target.mkdir()
    for folder in {path.rpartition("/")[0] for path in paths}:
        (target / folder).mkdir(parents=True, exist_ok=True)
    for done, path in enumerate(paths):
        clone_or_copy(source / path, target / path)
        if done % 500 == 0:
            progress(done, len(paths), unit="files", message="copying data")
    progress(len(paths), len(paths), unit="files", message="copying data")


def _chosen(data: Path, paths: list[str], item_ids: set[str]) -> Iterator[str]:
    """Yield the files of the items named and those of no item. Raises InvalidInputError if an item is unknown."""
    classify = read_info(data).task == "classify"
    present = set(paths)
    left = set(item_ids)
    for path in paths:
        if not path.startswith(("images/", "labels/")):
            yield path
        elif is_image(path):
            item_id = item_id_of(split_and_name(path, classify=classify)[1])
            if item_id in item_ids:
                left.discard(item_id)
                yield from (p for p in (path, *label_paths(path)) if p in present)
    if left:
        raise InvalidInputError(
            f"{len(left)} items are not in the source", code="unknown-item", items=sorted(left)[:20]
        )


def _clone(source: str, target: str) -> None:
    clone_or_copy(Path(source), Path(target))


def _check(name: str, run: "Any") -> Check:
    try:
        return Check(name, True, run())
    except DdocError as error:
        return Check(name, False, error.detail)


def _folder(root: Path) -> str:
    layout = Layout(root)
    if not layout.data.is_dir():
        raise NotFoundError("data/ is missing", code="no-data")
    if not os.access(root, os.W_OK):
        raise ConflictError("the folder cannot be written", code="read-only")
    return "data/ is there and the folder can be written"


def _git(root: Path) -> str:
    history = History(root)
    if history.is_detached:
        raise ConflictError("HEAD is detached; the next snapshot puts it back on main", code="detached")
    history.require_quiet()
    return f"on {history.branch.removeprefix('refs/heads/')}"


def _dvc(root: Path) -> str:
    if not (root / ".dvc" / "config").is_file():
        raise NotFoundError(".dvc/config is missing", code="no-dvc")
    ignore = root / ".dvcignore"
    lines = ignore.read_text("utf-8", "replace").splitlines() if ignore.exists() else []
    if any(line.strip() and not line.startswith("#") for line in lines):
        raise ConflictError(".dvcignore hides files from DVC; remove its patterns", code="dvcignore-in-use")
    return "a DVC repository"


def _history(root: Path) -> str:
    store = SnapshotStore(Layout(root))
    version = head_version(store, store.history())
    if version is None:
        raise NotFoundError("there is no snapshot yet", code="no-snapshot")
    store.tree(list(version.outputs))
    return f"came from {SnapshotService(root).head()}"


def _data(root: Path) -> str:
    data = Layout(root).data
    info = read_info(data)
    return f"{info.task}, {len(info.classes)} classes"


def _pending(root: Path) -> str:
    if SnapshotStore(Layout(root)).journal.is_pending:
        raise ConflictError("an operation was cut off; opening the workspace finishes it", code="pending")
    return "nothing is half done"
