"""The manifest: what was known of every file of `data/` when last looked at, so that only what changed is read.

SQLite, one row per folder with packed columns: a million files load in under a second, only folders that changed
are written, and there is no other form for small workspaces. It is derived: a missing, foreign or broken manifest
reads as empty, and everything is hashed again.
"""

import bisect
import contextlib
import os
import sqlite3
import struct
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ddoc.snapshot.disk import SIGNATURE
from ddoc.snapshot.tree import HASH_BYTES, Folder

_FORMAT: Final = "2"
_SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE folders (path BLOB PRIMARY KEY, names BLOB NOT NULL, signatures BLOB NOT NULL, hashes BLOB NOT NULL,
    checksum INTEGER NOT NULL);
CREATE TABLE objects (md5 BLOB PRIMARY KEY, facts BLOB NOT NULL) WITHOUT ROWID;
"""
_NOTE: Final = "INSERT OR REPLACE INTO objects VALUES (?, ?)"
# Facts of an object: size, mtime and inode as of when its bytes were hashed, and that time, by the file system's clock.
Verified: Final = struct.Struct("<qqqq")
_TIME: Final = struct.Struct("<q")
TRUSTED_NS: Final = 7 * 24 * 3600 * 1_000_000_000
_BATCH: Final = 500
# Above a third of all rows, reading them all is quicker than looking each up.
_SHARE: Final = 3


@dataclass(frozen=True, slots=True)
class Known:
    """One folder of the manifest: names, their signatures (32 bytes each) and hashes (16 bytes each)."""

    names: tuple[str, ...]
    signatures: bytes
    hashes: bytes

    def position_of(self, name: str) -> int:
        """Return the position of a file that is there."""
        return bisect.bisect_left(self.names, name)

    def hash_at(self, position: int) -> bytes:
        """Return the md5 of the file at `position`."""
        return self.hashes[position * HASH_BYTES : (position + 1) * HASH_BYTES]

    def size_at(self, position: int) -> int:
        """Return the bytes of the file at `position`."""
        return int(SIGNATURE.unpack_from(self.signatures, position * SIGNATURE.size)[0])


class KnownObjects:
    """What was seen of some objects when their bytes were last hashed, packed: see `Verified`.

    It says what an object was; whether it still is that, its own stat tells.
    """

    def __init__(self, hashes: Iterable[bytes]) -> None:
        self.hashes = sorted(set(hashes))
        self._facts = bytearray(len(self.hashes) * Verified.size)

    def fill(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Take the facts of those objects that are among `rows`, which are sorted by md5."""
        hashes, facts, width = self.hashes, self._facts, Verified.size
        position, end = 0, len(hashes)
        for digest, row in rows:
            while position < end and hashes[position] < digest:
                position += 1
            if position < end and hashes[position] == digest:
                facts[position * width : (position + 1) * width] = row

    def get(self, digest: bytes) -> bytes:
        """Return the facts of one of the objects; empty if none are known."""
        start = bisect.bisect_left(self.hashes, digest) * Verified.size
        found = bytes(self._facts[start : start + Verified.size])
        return found if any(found) else b""

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield each object with its facts, as `get` gives them, sorted by md5."""
        for position, digest in enumerate(self.hashes):
            found = bytes(self._facts[position * Verified.size : (position + 1) * Verified.size])
            yield digest, found if any(found) else b""


@dataclass(frozen=True, slots=True)
class ManifestState:
    """The folders that the manifest knows, and `version`, the outputs that its hashes add up to (or None)."""

    folders: Mapping[str, Known]
    version: str | None


EMPTY: Final = ManifestState({}, None)


class Manifest:
    """Opens, reads and writes one manifest file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> ManifestState:
        """Return what is known; nothing if the file is missing or unreadable."""
        try:
            with self._open_existing() as connection:
                rows = connection.execute("SELECT * FROM folders").fetchall()
                version = _meta(connection, "version")
        except (sqlite3.Error, FileNotFoundError):
            return EMPTY
        if any(_checksum(*row[:4]) != row[4] for row in rows):
            return EMPTY
        return ManifestState({os.fsdecode(p): Known(_split(n), s, h) for p, n, s, h, _ in rows}, version)

    def save(
        self, before: ManifestState, after: ManifestState, *, objects: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        """Write the folders of `after` that differ from `before`, and what was seen of objects (md5, facts)."""
        changed = [
            _row(path, known) for path, known in after.folders.items() if before.folders.get(path) != known
        ]
        gone = [(os.fsencode(path),) for path in before.folders.keys() - after.folders.keys()]
        with self._open_or_create() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO folders VALUES (?, ?, ?, ?, ?)", changed)
            connection.executemany("DELETE FROM folders WHERE path = ?", gone)
            connection.executemany(_NOTE, objects)
            if after.version is None:
                connection.execute("DELETE FROM meta WHERE key = 'version'")
            else:
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('version', ?)", (after.version,))

    def objects(self, hashes: Iterable[bytes]) -> "KnownObjects":
        """Return what was seen of the objects `hashes` when their bytes were last hashed."""
        known = KnownObjects(hashes)
        with contextlib.suppress(sqlite3.Error, FileNotFoundError), self._open_existing() as connection:
            (count,) = connection.execute("SELECT count(*) FROM objects").fetchone()
            if len(known.hashes) * _SHARE > count:
                known.fill(connection.execute("SELECT md5, facts FROM objects ORDER BY md5"))
            else:
                known.fill(_select_objects(connection, known.hashes))
        return known

    def note_objects(self, objects: Iterable[tuple[bytes, bytes]]) -> None:
        """Remember what was seen of objects (md5, facts), if there is a manifest that can be written."""
        with (
            contextlib.suppress(sqlite3.Error, FileNotFoundError),
            self._open_existing() as connection,
            connection,
        ):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_NOTE, objects)

    def forget_objects(self, hashes: Iterable[bytes]) -> None:
        """Drop what is known of objects that are gone."""
        with contextlib.suppress(FileNotFoundError), self._open_existing() as connection, connection:
            connection.executemany("DELETE FROM objects WHERE md5 = ?", ((h,) for h in hashes))

    @contextlib.contextmanager
    def _open_existing(self) -> Generator[sqlite3.Connection]:
        if not self._path.exists():
            raise FileNotFoundError(self._path)
        with contextlib.closing(_connect(self._path)) as connection:
            if _meta(connection, "format") != _FORMAT:
                raise sqlite3.DatabaseError("another version's manifest")
            yield connection

    @contextlib.contextmanager
    def _open_or_create(self) -> Generator[sqlite3.Connection]:
        try:
            with self._open_existing() as connection:
                connection.execute("SELECT count(*) FROM folders").fetchone()
        except (sqlite3.Error, FileNotFoundError):
            self._create()
        with self._open_existing() as connection:
            yield connection

    def _create(self) -> None:
        for suffix in ("", "-journal", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(_connect(self._path)) as connection:
            connection.executescript(_SCHEMA)
            connection.execute("INSERT INTO meta VALUES ('format', ?)", (_FORMAT,))


def verified(facts: bytes, at_ns: int) -> bytes:
    """Return the facts (size, mtime, inode) of an object as a row: its bytes were hashed before `at_ns`."""
    return facts + _TIME.pack(at_ns)


def size_of(known: bytes) -> int:
    """Return the bytes of a verified object."""
    return int.from_bytes(known[:8], "little")


def is_recent(known: bytes, now_ns: int) -> bool:
    """Return whether an object was hashed within the last week; later its bytes may have rotted on the disk."""
    return 0 <= now_ns - int.from_bytes(known[24:], "little") < TRUSTED_NS


def _row(path: str, known: Known) -> tuple[bytes, bytes, bytes, bytes, int]:
    fields = (os.fsencode(path), _join(known.names), known.signatures, known.hashes)
    return (*fields, _checksum(*fields))


def _checksum(*fields: bytes) -> int:
    value = 0
    for field in fields:
        value = zlib.crc32(field, value)
    return value


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    # Not flushed: what power loss breaks is noticed by the checksums and hashed again.
    connection.execute("PRAGMA synchronous=OFF")
    return connection


def _meta(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def _select_objects(connection: sqlite3.Connection, hashes: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for start in range(0, len(hashes), _BATCH):
        batch = hashes[start : start + _BATCH]
        marks = ",".join("?" * len(batch))
        query = f"SELECT md5, facts FROM objects WHERE md5 IN ({marks}) ORDER BY md5"  # noqa: S608 marks only
        yield from connection.execute(query, batch)


def _split(names: bytes) -> tuple[str, ...]:
    return tuple(os.fsdecode(names).split("\0")) if names else ()


def _join(names: tuple[str, ...]) -> bytes:
    return os.fsencode("\0".join(names))


def tree_of_manifest(folders: Mapping[str, Known]) -> dict[str, Folder]:
    """Return the folders as a tree, their signatures left out."""
    return {path: Folder(known.names, known.hashes) for path, known in folders.items()}
