"""Look at the working copy: hash what changed since the manifest, and stage what the cache lacks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ddoc.errors import ConflictError
from ddoc.progress import Progress
from ddoc.snapshot import file_worker
from ddoc.snapshot.disk import SIGNATURE, clock_of, require_room, settled
from ddoc.snapshot.manifest import Known, ManifestState
from ddoc.snapshot.scan import Scan, scan_files
from ddoc.snapshot.store import SnapshotStore
from ddoc.snapshot.tree import HASH_BYTES
from ddoc.snapshot.workers import FileJob, can_reflink, run_files

_ATTEMPTS: Final = 3
_WIDTH: Final = SIGNATURE.size


@dataclass(frozen=True, slots=True)
class Look:
    """What is in data/ now.

    `before` is the manifest as loaded, `folders` what it is to become. `staged` are staged files and the
    objects (md5) that they will be, `facts` those objects' size, mtime and inode. `hashed` counts the files read.
    """

    before: ManifestState
    folders: Mapping[str, Known]
    staged: Sequence[tuple[str, bytes]]
    facts: Mapping[bytes, bytes]
    hashed: int

    @property
    def is_known(self) -> bool:
        """Whether every file is as the manifest says."""
        return self.folders == self.before.folders


@dataclass(slots=True)
class _Draft:
    """A folder being filled in."""

    names: tuple[str, ...]
    signatures: bytearray
    hashes: bytearray

    def put(self, position: int, digest: bytes, signature: bytes) -> None:
        self.hashes[position * HASH_BYTES : (position + 1) * HASH_BYTES] = digest
        self.signatures[position * _WIDTH : (position + 1) * _WIDTH] = signature


@dataclass(slots=True)
class _Search:
    """The scanned folders against the known ones."""

    known: dict[str, Known] = field(default_factory=dict[str, Known])
    drafts: dict[str, _Draft] = field(default_factory=dict[str, _Draft])
    unknown: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    def bytes_unknown(self) -> int:
        """Return the size of the files that must be read."""
        return sum(
            SIGNATURE.unpack_from(self.drafts[folder].signatures, position * _WIDTH)[0]
            for folder, position in self.unknown
        )

    def result(self) -> dict[str, Known]:
        """Return all folders as known."""
        done = {p: Known(d.names, bytes(d.signatures), bytes(d.hashes)) for p, d in self.drafts.items()}
        return self.known | done


def look(
    store: SnapshotStore,
    *,
    control: frozenset[str],
    keep: bool,
    progress: Progress,
    scanned: Callable[[], None],
) -> Look:
    """Scan data/ and hash what is not known; with `keep`, also stage what the cache lacks, in the same pass.

    Raises ConflictError (`data-changing`) if files are still being written after three tries, InvalidInputError for
    links and reserved names. `scanned` is called after each scan.
    """
    before = store.manifest.load()
    state, staged, facts, hashed = before, list[tuple[str, bytes]](), dict[bytes, bytes](), 0
    for _ in range(_ATTEMPTS):
        looked_at = clock_of(store.staging if keep else store.folder)
        search = _compare(scan_files(store.layout.data, control=control), state.folders)
        scanned()
        if keep and search.unknown:
            require_room(store.staging, search.bytes_unknown())
        unsettled = _hash_unknown(
            store, search, looked_at, keep=keep, staged=staged, facts=facts, progress=progress
        )
        hashed += len(search.unknown)
        folders = search.result()
        if not unsettled:
            return Look(before, folders, staged, facts, hashed)
        state = ManifestState(folders, None)
    raise ConflictError(
        "files in data/ are being written right now; try again when that has ended", code="data-changing"
    )


def _compare(scan: Scan, folders: Mapping[str, Known]) -> _Search:
    """Look up every scanned file. A folder without any change costs two comparisons of bytes."""
    search = _Search()
    for path, folder in scan.items():
        known = folders.get(path)
        if known is not None and known.signatures == folder.signatures and known.names == folder.names:
            search.known[path] = known
            continue
        hashes, missing = _look_up(folder.names, folder.signatures, known)
        search.drafts[path] = _Draft(folder.names, bytearray(folder.signatures), hashes)
        search.unknown.extend((path, position) for position in missing)
    return search


def _look_up(names: tuple[str, ...], signatures: bytes, known: Known | None) -> tuple[bytearray, list[int]]:
    hashes = bytearray(len(names) * HASH_BYTES)
    if known is None:
        return hashes, list(range(len(names)))
    if known.names == names:
        old = known.signatures
        changed = [
            position
            for position, start in enumerate(range(0, len(old), _WIDTH))
            if old[start : start + _WIDTH] != signatures[start : start + _WIDTH]
        ]
        return bytearray(known.hashes), changed
    at = {name: position for position, name in enumerate(known.names)}
    missing: list[int] = []
    for position, name in enumerate(names):
        there = at.get(name, -1)
        old = known.signatures[there * _WIDTH : there * _WIDTH + _WIDTH]
        if there >= 0 and old == signatures[position * _WIDTH : position * _WIDTH + _WIDTH]:
            hashes[position * HASH_BYTES : (position + 1) * HASH_BYTES] = known.hash_at(there)
        else:
            missing.append(position)
    return hashes, missing


def _hash_unknown(
    store: SnapshotStore,
    search: _Search,
    looked_at: int,
    *,
    keep: bool,
    staged: list[tuple[str, bytes]],
    facts: dict[bytes, bytes],
    progress: Progress,
) -> bool:
    """Fill in the unknown files; returns whether some changed or vanished meanwhile."""
    unknown, unsettled = search.unknown, False
    job = FileJob("hash", store.cache)
    if keep and unknown:
        job = FileJob("store", store.cache, store.staging, can_reflink(store.staging))
    files = _absolute(str(store.layout.data), search)
    for start, outcomes in run_files(
        job, files, len(unknown), progress=progress, message="reading changed files"
    ):
        for offset, (outcome, digest, signature, name) in enumerate(outcomes):
            folder, position = unknown[start + offset]
            if outcome != file_worker.OK:
                unsettled = True
                search.drafts[folder].put(position, bytes(HASH_BYTES), bytes(_WIDTH))
                continue
            search.drafts[folder].put(position, digest, settled(signature[:_WIDTH], looked_at))
            if name:
                staged.append((name, digest))
                facts[digest] = signature[_WIDTH:]
    return unsettled


def _absolute(top: str, search: _Search) -> Iterator[tuple[str, bytes]]:
    for folder, position in search.unknown:
        yield f"{top}/{folder}{search.drafts[folder].names[position]}", b""
