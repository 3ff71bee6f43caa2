"""Is a root whole? Files against index, manifest, cache, git and catalog: for people, and the oracle of crash tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ddoc.core.fsck_catalog import CatalogPlaces, check_catalog, check_listing
from ddoc.core.item_changes import is_image
from ddoc.dataset.index import Index
from ddoc.dataset.info import read_info
from ddoc.dataset.journal import Journal
from ddoc.dataset.labels import label_paths
from ddoc.errors import DdocError
from ddoc.hashing import md5_file
from ddoc.paths import Layout
from ddoc.progress import Progress, no_progress
from ddoc.snapshot.catalog import SnapshotCatalog
from ddoc.snapshot.create import head_version
from ddoc.snapshot.disk import SIGNATURE
from ddoc.snapshot.scan import scan_files
from ddoc.snapshot.store import SnapshotStore
from ddoc.snapshot.verify import verify
from ddoc.snapshot.versions import read_record

Severity = Literal["error", "warning"]
Area = Literal["files", "edits", "index", "manifest", "cache", "git", "snapshots", "catalog"]
# Yields (code, severity, subject, detail).
Found = Iterator[tuple[str, Severity, str, str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. An "error" means loss or contradiction, a "warning" something to tidy."""

    area: Area
    code: str
    severity: Severity
    subject: str
    detail: str

    def to_json(self) -> dict[str, str]:
        """Return the fields as plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


def fsck(
    root: Path,
    *,
    full: bool = True,
    index: Index | None = None,
    catalog: CatalogPlaces | None = None,
    progress: Progress = no_progress,
) -> list[Finding]:
    """Check a root (a dataset or a workspace) and return what is wrong; an empty list means that all is well.

    `full` reads every byte of data and history, else sizes are looked at. `index` is the root's open Index, if the
    caller has one: only one process may open it, so without it the index is not compared. `catalog` is where the
    service that the root belongs to keeps its catalog. Nothing is changed, and other writers wait meanwhile. Raises
    BusyError if one does not end.
    """
    layout = Layout(root.absolute())
    found = list(_collect("files", _files(layout)))
    found += _collect("edits", _edits(layout))
    if index is not None:
        found += _collect("index", _index(layout, index))
    if catalog is not None:
        found += _collect("catalog", check_listing(catalog, layout.root))
    if not (root / ".git").exists():
        return found
    store = SnapshotStore(layout)
    with store.locked():
        found += _collect("snapshots", _pending(store))
        found += _collect("git", _git(store))
        found += _collect("snapshots", _records(store))
        found += _collect("cache", _cache(store, full=full, progress=progress))
        if full:
            found += _collect("manifest", _manifest(store))
    return found


def roots_of(places: CatalogPlaces) -> list[Path]:
    """Return the workspaces and datasets that lie below the folder of all workspaces."""
    return [
        root
        for folder in (places.workspaces, places.datasets)
        for root in (sorted(folder.iterdir()) if folder.is_dir() else ())
        if not root.name.startswith(".") and (root / "data").is_dir()
    ]


def fsck_catalog(places: CatalogPlaces) -> list[Finding]:
    """Check a service's catalog against all that lies below the folder of all workspaces."""
    return list(_collect("catalog", check_catalog(places)))


def _collect(area: Area, check: Found) -> Iterator[Finding]:
    """Turn what a check yields into findings; a check that cannot go on is one more."""
    try:
        for code, severity, subject, detail in check:
            yield Finding(area, code, severity, subject, detail)
    except DdocError as error:
        yield Finding(area, error.error_code, "error", str(error.context.get("path", "")), error.detail)


def _files(layout: Layout) -> Found:
    read_info(layout.data)
    scan = scan_files(layout.data)
    paths = {folder + name for folder, found in scan.items() for name in found.names}
    labelled = {label for path in paths if is_image(path) for label in label_paths(path)}
    for path in sorted(paths):
        name = path.rpartition("/")[2]
        if name.startswith(".") and name.endswith(".tmp"):
            yield (
                "leftover",
                "warning",
                path,
                "a temporary file that a killed process left; it can be removed",
            )
        elif path.startswith("labels/") and path not in labelled:
            yield "label-without-image", "warning", path, "no image belongs to this label file"


def _edits(layout: Layout) -> Found:
    for record in Journal(layout).unfinished():
        yield "edit-unfinished", "error", record.edit_id, "an edit was cut off; opening the root finishes it"


def _index(layout: Layout, index: Index) -> Found:
    """Compare the index with the files: every image once, with the hash of its bytes."""
    known = index.items_table().select(["path", "content_hash"]).to_pydict()
    indexed = dict(zip(known["path"], known["content_hash"], strict=True))
    scan = scan_files(layout.data / "images")
    there = {f"images/{folder}{name}" for folder, found in scan.items() for name in found.names}
    images = {path for path in there if is_image(path)}
    for path in sorted(images - indexed.keys()):
        yield "not-indexed", "error", path, "the index does not know this image; refresh it"
    for path in sorted(indexed.keys() - images):
        yield "not-there", "error", path, "the index names an image that is gone; refresh it"
    for path in sorted(images & indexed.keys()):
        if md5_file(layout.data / path) != indexed[path]:
            yield (
                "index-outdated",
                "error",
                path,
                "the index has another hash than the image's bytes; refresh it",
            )


def _pending(store: SnapshotStore) -> Found:
    if store.journal.is_pending:
        yield (
            "snapshot-unfinished",
            "error",
            "journal",
            "an operation was cut off; opening the root finishes it",
        )
    if store.staging.is_dir() and any(store.staging.iterdir()):
        yield (
            "leftover",
            "warning",
            "staging",
            "staged files of a killed operation; the next one removes them",
        )


def _git(store: SnapshotStore) -> Found:
    history = store.history()
    if history.is_detached:
        yield (
            "head-detached",
            "warning",
            "HEAD",
            "HEAD is detached; the next snapshot puts it back on its branch",
        )
    if problems := history.problems():
        yield "git-damaged", "error", ".git", problems
    base = head_version(store, history)
    if base is None:
        yield "no-snapshot", "error", "HEAD", "the workspace has no snapshot"
        return
    for output in base.outputs:
        pointer = store.layout.root / output.pointer
        if not pointer.is_file():
            yield (
                "pointer-missing",
                "error",
                output.pointer,
                "the pointer file is gone; restore the head snapshot",
            )
        elif pointer.read_bytes() != history.blob(base.files[output.pointer].oid):
            yield "pointer-differs", "warning", output.pointer, "the pointer is not that of the head snapshot"


def _records(store: SnapshotStore) -> Found:
    history = store.history()
    for entry in SnapshotCatalog(history).newest_first():
        record = read_record(history, entry.commit)
        if record.get("snapshot_id") != entry.snapshot_id:
            yield (
                "foreign-snapshot",
                "error",
                entry.snapshot_id,
                "its tag names a commit that is not this snapshot",
            )


def _cache(store: SnapshotStore, *, full: bool, progress: Progress) -> Found:
    report = verify(store, mode="full" if full else "quick", progress=progress)
    for bad in report.bad:
        owners = ", ".join(bad.snapshots)
        yield f"object-{bad.problem}", "error", bad.md5, f"needed by {owners}; repair it or pull it again"


def _manifest(store: SnapshotStore) -> Found:
    """Re-hash every file whose stat the manifest knows: what it says would be believed by the next snapshot."""
    history = store.history()
    base = head_version(store, history)
    scan = scan_files(store.layout.data, control=store.control(base.files) if base else frozenset())
    for folder, known in store.manifest.load().folders.items():
        there = scan.get(folder)
        signatures = dict(_split(there.names, there.signatures)) if there is not None else {}
        for position, (name, signature) in enumerate(_split(known.names, known.signatures)):
            path = store.layout.data / folder / name
            if signatures.get(name) == signature and md5_file(path) != known.hash_at(position).hex():
                yield (
                    "manifest-wrong",
                    "error",
                    folder + name,
                    "changed without a trace in its times; touch the file",
                )


def _split(names: tuple[str, ...], signatures: bytes) -> Iterator[tuple[str, bytes]]:
    for position, name in enumerate(names):
        yield name, signatures[position * SIGNATURE.size : (position + 1) * SIGNATURE.size]
