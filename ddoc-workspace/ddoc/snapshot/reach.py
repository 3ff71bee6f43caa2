"""Which objects are needed, and by what: the common ground of verify, gc and fsck."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ddoc.errors import DamagedError
from ddoc.snapshot import names, pointers
from ddoc.snapshot.history import DELETED, History
from ddoc.snapshot.pointers import Output
from ddoc.snapshot.store import SnapshotStore
from ddoc.snapshot.tree import files_of


@dataclass(frozen=True, slots=True)
class Reach:
    """The objects that are needed.

    `listings` are the `.dir` objects and `files` the others, each with the outputs' hashes that need it only through
    `owners`: the snapshot ids (or commits of a user, 16 digits) by output. `lost` are listings that cannot be read.
    """

    listings: frozenset[str]
    files: frozenset[bytes]
    owners: Mapping[str, tuple[str, ...]]
    lost: tuple[str, ...]

    def owners_of(self, store: SnapshotStore, md5: str) -> tuple[str, ...]:
        """Return what needs an object."""
        direct = self.owners.get(md5)
        if direct is not None:
            return direct
        digest = bytes.fromhex(md5.removesuffix(".dir"))
        found: dict[str, None] = {}
        for listing in self.listings:
            if listing not in self.lost and any(d == digest for _, d in _entries(store, listing)):
                found.update(dict.fromkeys(self.owners[listing]))
        return tuple(found)

    def paths_of(self, store: SnapshotStore, digests: set[bytes], *, most: int) -> dict[bytes, list[str]]:
        """Return up to `most` paths below data/ where each of the objects belongs, in any version."""
        found: dict[bytes, list[str]] = {digest: [] for digest in digests}
        for listing in sorted(self.listings):
            if listing in self.lost:
                continue
            for path, digest in _entries(store, listing):
                known = found.get(digest)
                if known is not None and path not in known and len(known) < most:
                    known.append(path)
        return found


def _entries(store: SnapshotStore, listing: str) -> Iterator[tuple[str, bytes]]:
    return files_of(store.tree([Output("", listing, 0, 0)]))


def reach(store: SnapshotStore, history: History) -> Reach:
    """Return the objects of every commit that any ref reaches, but for deleted snapshots; of the journal's and of the
    working copy's own pointers.
    """
    owners: dict[str, dict[str, None]] = {}
    for owner, outputs in _versions(store, history):
        for output in outputs:
            owners.setdefault(output.md5, {})[owner] = None
    listings = {md5 for md5 in owners if md5.endswith(".dir")}
    files = {bytes.fromhex(md5) for md5 in owners if not md5.endswith(".dir")}
    lost: list[str] = []
    for listing in listings:
        try:
            files.update(digest for _, digest in _entries(store, listing))
        except DamagedError:
            lost.append(listing)
    fixed = {md5: tuple(found) for md5, found in owners.items()}
    return Reach(frozenset(listings), frozenset(files), fixed, tuple(sorted(lost)))


def _versions(store: SnapshotStore, history: History) -> Iterator[tuple[str, list[Output]]]:
    refs = history.refs()
    named = {oid: found for ref, oid in refs.items() if (found := names.id_of(ref))}
    gone = {history.peel(oid) for ref, oid in refs.items() if ref.startswith(DELETED)}
    tips = {tip for ref, oid in refs.items() if not ref.startswith(DELETED) and (tip := history.peel(oid))}
    intent = store.journal.read()
    extra = {history.head, *((intent.commit, intent.base) if intent else ())} - {None}
    for commit in history.ancestry({*tips, *(c for c in extra if c)}):
        if commit not in gone or commit in extra:
            yield named.get(commit, commit[:16]), store.outputs(history, history.files(commit))
    yield "working", _working_outputs(store)


def _working_outputs(store: SnapshotStore) -> list[Output]:
    """Return the outputs of pointers in the working copy: a user may have run `dvc add` and not yet committed."""
    found: list[Output] = []
    root = store.layout.root
    for path in [root / "data.dvc", *store.layout.data.glob("**/*.dvc")]:
        if path.is_file():
            shown = path.relative_to(root).as_posix()
            try:
                found.append(pointers.parse(shown, path.read_bytes()))
            except DamagedError:
                continue
    return found
