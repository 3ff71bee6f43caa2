"""Verify that every object of every reachable snapshot is there and whole, and repair what can be."""

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ddoc.errors import InvalidInputError
from ddoc.hashing import md5_bytes
from ddoc.progress import Progress
from ddoc.snapshot import file_worker
from ddoc.snapshot.create import head_version
from ddoc.snapshot.disk import clock_of, sync_file_system
from ddoc.snapshot.look import look
from ddoc.snapshot.manifest import Verified, size_of, verified
from ddoc.snapshot.plan import Fetch
from ddoc.snapshot.reach import Reach, reach
from ddoc.snapshot.store import SnapshotStore
from ddoc.snapshot.workers import FileJob, run_files

Mode = Literal["quick", "full"]
_NOTED_AT_ONCE: Final = 10_000
_MOST_PATHS: Final = 5


@dataclass(frozen=True, slots=True)
class BadObject:
    """An object that is missing, truncated or has other bytes than its name says; whose it is and where."""

    md5: str
    problem: Literal["missing", "truncated", "damaged"]
    snapshots: tuple[str, ...]
    paths: tuple[str, ...]
    repaired: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification found: the number of objects checked, their bytes (full only), and the bad ones."""

    mode: Mode
    part: int
    of: int
    checked: int
    bytes: int
    bad: tuple[BadObject, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is bad, or all that was is repaired."""
        return all(found.repaired for found in self.bad)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain data, with `is_sound`."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {**fields, "bad": [found.to_json() for found in self.bad], "is_sound": self.is_sound}


@dataclass(slots=True)
class _Findings:
    bad: dict[str, Literal["missing", "truncated", "damaged"]] = field(
        default_factory=dict[str, Literal["missing", "truncated", "damaged"]]
    )
    checked: int = 0
    bytes: int = 0


def verify(
    store: SnapshotStore,
    *,
    mode: Mode,
    part: int = 1,
    of: int = 1,
    repair: bool = False,
    fetch: Fetch | None = None,
    progress: Progress,
) -> VerifyReport:
    """Check the objects; with `repair`, heal them from data/ where its bytes fit, else by `fetch` from the remote.

    "quick" looks at existence and size, "full" reads and hashes slice `part` of `of` (by hash, so that `of` runs
    cover everything). `.dir` objects are always read. With `repair` the caller holds the lock.
    """
    if not 1 <= part <= of:
        raise InvalidInputError("a slice is one of 1 to `of`", code="invalid-slice", pointer="/slice")
    history = store.history()
    needed = reach(store, history)
    findings = _Findings()
    _check_listings(store, needed, findings)
    chosen = [d for d in sorted(needed.files) if int.from_bytes(d[:4]) % of == part - 1]
    if mode == "quick":
        _check_sizes(store, chosen, findings)
    else:
        _check_bytes(store, chosen, findings, progress)
    repaired = _repair(store, needed, findings, fetch, progress) if repair and findings.bad else set[str]()
    return VerifyReport(
        mode, part, of, findings.checked, findings.bytes, _describe(store, needed, findings, repaired)
    )


def _check_listings(store: SnapshotStore, needed: Reach, findings: _Findings) -> None:
    for listing in needed.listings:
        findings.checked += 1
        if listing in needed.lost:
            findings.bad[listing] = "damaged" if store.object_path(listing).exists() else "missing"


def _check_sizes(store: SnapshotStore, digests: list[bytes], findings: _Findings) -> None:
    known = store.manifest.objects(digests)
    for digest, facts in known.items():
        md5 = digest.hex()
        findings.checked += 1
        size = store.object_size(md5)
        if size is None:
            findings.bad[md5] = "missing"
            continue
        findings.bytes += size
        if facts and size_of(facts) != size:
            findings.bad[md5] = "truncated"


class _Whole:
    """Objects found whole, on their way to the manifest; none where the folder cannot be written."""

    def __init__(self, store: SnapshotStore) -> None:
        self._store = store
        self._found: list[tuple[bytes, bytes]] = []
        self._began: int | None = None
        with contextlib.suppress(OSError):
            self._began = clock_of(store.folder)

    def add(self, digest: bytes, signature: bytes) -> None:
        if self._began is not None:
            self._found.append((digest, verified(signature[: Verified.size - 8], self._began)))
        if len(self._found) >= _NOTED_AT_ONCE:
            self.note()

    def note(self) -> None:
        self._store.manifest.note_objects(self._found)
        self._found.clear()


def _check_bytes(store: SnapshotStore, digests: list[bytes], findings: _Findings, progress: Progress) -> None:
    files = ((str(store.object_path(digest.hex())), digest) for digest in digests)
    job = FileJob("hash", store.cache)
    whole = _Whole(store)
    for start, outcomes in run_files(job, files, len(digests), progress=progress, message="hashing objects"):
        for offset, (outcome, found, signature, _) in enumerate(outcomes):
            md5 = digests[start + offset].hex()
            findings.checked += 1
            if outcome == file_worker.GONE:
                findings.bad[md5] = "missing"
                continue
            if signature:
                findings.bytes += int.from_bytes(signature[:8], "little")
            if outcome != file_worker.OK or found.hex() != md5:
                findings.bad[md5] = "damaged"
            else:
                whole.add(found, signature)
    whole.note()


def _repair(
    store: SnapshotStore, needed: Reach, findings: _Findings, fetch: Fetch | None, progress: Progress
) -> set[str]:
    """Heal what can be healed; a bad object leaves the cache for quarantine before it is replaced."""
    from_data = _heal_from_data(store, findings.bad, progress)
    left = [md5 for md5 in findings.bad if md5 not in from_data]
    if not left or fetch is None:
        return from_data
    _quarantine(store, left)
    fetch(left)
    sync_file_system(store.cache)
    return from_data | {md5 for md5 in left if _is_whole(store, md5)}


def _heal_from_data(store: SnapshotStore, bad: Iterable[str], progress: Progress) -> set[str]:
    """Put the bytes of files in data/ whose hash is that of a bad object in its place."""
    wanted = {bytes.fromhex(md5) for md5 in bad if not md5.endswith(".dir")}
    history = store.history()
    base = head_version(store, history)
    control = store.control(base.files) if base else frozenset[str]()
    now = look(store, control=control, keep=False, progress=progress, scanned=lambda: None)
    stage = file_worker.Stage(str(store.staging), reflink=False)
    staged: dict[str, str] = {}
    healed: set[str] = set()
    for folder, known in now.folders.items():
        for position, name in enumerate(known.names):
            digest = known.hash_at(position)
            if digest not in wanted or digest.hex() in healed:
                continue
            data = (store.layout.data / folder / name).read_bytes()
            if md5_bytes(data) == digest.hex():
                path = stage.next_name()
                file_worker.write_new(path, data, 0o444)
                staged[path] = digest.hex()
                healed.add(digest.hex())
    if staged:
        sync_file_system(store.staging)
        _quarantine(store, [md5 for md5 in healed if store.object_path(md5).exists()])
        store.publish(staged.items(), between=lambda: None)
    return healed


def _quarantine(store: SnapshotStore, hashes: Iterable[str]) -> None:
    """Move bad objects aside: DVC trusts what is in the cache and would not fetch them again."""
    folder = store.folder / "damaged"
    folder.mkdir(parents=True, exist_ok=True)
    for md5 in hashes:
        path = store.object_path(md5)
        if path.exists():
            path.replace(folder / f"{md5}-{clock_of(folder)}")


def _is_whole(store: SnapshotStore, md5: str) -> bool:
    outcome, digest, _, _ = file_worker.hash_file(os.fspath(store.object_path(md5)))
    return outcome == file_worker.OK and digest.hex() == md5.removesuffix(".dir")


def _describe(
    store: SnapshotStore, needed: Reach, findings: _Findings, repaired: set[str]
) -> tuple[BadObject, ...]:
    digests = {bytes.fromhex(md5) for md5 in findings.bad if not md5.endswith(".dir")}
    paths = needed.paths_of(store, digests, most=_MOST_PATHS) if digests else {}
    found: list[BadObject] = []
    for md5, problem in sorted(findings.bad.items()):
        owners = needed.owners_of(store, md5)
        where = paths.get(bytes.fromhex(md5), []) if not md5.endswith(".dir") else []
        found.append(BadObject(md5, problem, owners, tuple(where), md5 in repaired))
    return tuple(found)
