"""A version's files as data: folders with sorted names and hashes, and DVC's `.dir` form of them."""

import bisect
import hashlib
import json
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ddoc.errors import DamagedError
from ddoc.hashing import md5_bytes

HASH_BYTES: Final = 16
_escape = json.encoder.encode_basestring_ascii


@dataclass(frozen=True, slots=True)
class Folder:
    """The files directly in one folder: `names` sorted by code point, `hashes` their md5, 16 bytes each."""

    names: tuple[str, ...]
    hashes: bytes

    def hash_at(self, position: int) -> bytes:
        """Return the md5 of the file at `position`."""
        return self.hashes[position * HASH_BYTES : (position + 1) * HASH_BYTES]

    def get(self, name: str) -> bytes | None:
        """Return the md5 of the file `name`, or None."""
        position = bisect.bisect_left(self.names, name)
        return self.hash_at(position) if position < len(self.names) and self.names[position] == name else None

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Yield (name, md5)."""
        for position, name in enumerate(self.names):
            yield name, self.hash_at(position)


# Folders by their path below data/: "" for data/ itself, else with a trailing slash ("images/train/").
Tree = Mapping[str, Folder]


@dataclass(frozen=True, slots=True)
class FileList:
    """Some files of a tree as their positions in its folders, which takes a tenth of the memory of their paths."""

    tree: Tree
    positions: Mapping[str, Sequence[int]]

    def __len__(self) -> int:
        return sum(map(len, self.positions.values()))

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Yield (path, md5), folder by folder."""
        for path, positions in self.positions.items():
            folder = self.tree[path]
            for position in positions:
                yield path + folder.names[position], folder.hash_at(position)


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs between two trees. `old` is None for an added file, `new` for a removed one."""

    path: str
    old: bytes | None
    new: bytes | None


def tree_of(files: Iterable[tuple[str, bytes]]) -> dict[str, Folder]:
    """Return the tree of (path, md5) pairs; quickest when they are sorted."""
    grouped: dict[str, tuple[list[str], list[bytes]]] = {}
    last, names, hashes = None, list[str](), list[bytes]()
    for path, digest in files:
        cut = path.rfind("/") + 1
        folder = path[:cut]
        if folder != last:
            names, hashes = grouped.setdefault(folder, ([], []))
            last = folder
        names.append(path[cut:])
        hashes.append(digest)
    return {folder: _folder_of(*columns) for folder, columns in grouped.items()}


def _folder_of(names: list[str], hashes: list[bytes]) -> Folder:
    if sorted(names) != names:
        pairs = sorted(zip(names, hashes, strict=True))
        names, hashes = [n for n, _ in pairs], [h for _, h in pairs]
    return Folder(tuple(names), b"".join(hashes))


def all_files(tree: Tree) -> FileList:
    """Return the files of a tree."""
    return FileList(tree, {path: range(len(folder.names)) for path, folder in tree.items()})


def some_files(tree: Tree, paths: Iterable[str]) -> FileList:
    """Return the files of a tree at `paths`, which are all in it."""
    positions: dict[str, array[int]] = {}
    for path in paths:
        cut = path.rfind("/") + 1
        folder = path[:cut]
        if folder not in positions:
            positions[folder] = array("L")
        positions[folder].append(bisect.bisect_left(tree[folder].names, path[cut:]))
    return FileList(tree, positions)


def files_of(tree: Tree, *, below: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield (path, md5) of every file whose path starts with `below`, folder by folder."""
    for path, folder in tree.items():
        if path.startswith(below):
            for name, digest in folder.items():
                yield path + name, digest


def count_files(tree: Tree) -> int:
    """Return the number of files."""
    return sum(len(folder.names) for folder in tree.values())


def diff_trees(old: Tree, new: Tree) -> list[FileChange]:
    """Return the files that differ, sorted by path. Equal folders cost one comparison of their bytes."""
    changes: list[FileChange] = []
    for path in old.keys() | new.keys():
        before, after = old.get(path, _EMPTY), new.get(path, _EMPTY)
        if before.hashes == after.hashes and before.names == after.names:
            continue
        if before.names == after.names:
            changes.extend(_changed_in_place(path, before, after))
            continue
        was, now = dict(before.items()), dict(after.items())
        changes.extend(FileChange(path + n, h, now.get(n)) for n, h in was.items() if now.get(n) != h)
        changes.extend(FileChange(path + n, None, h) for n, h in now.items() if n not in was)
    changes.sort(key=lambda change: change.path)
    return changes


def _changed_in_place(path: str, before: Folder, after: Folder) -> Iterator[FileChange]:
    """Yield the changes of a folder with the same names."""
    old, new, width = before.hashes, after.hashes, HASH_BYTES
    for position, name in enumerate(before.names):
        start = position * width
        if old[start : start + width] != new[start : start + width]:
            yield FileChange(path + name, old[start : start + width], new[start : start + width])


_EMPTY: Final = Folder((), b"")


def dir_bytes(tree: Tree, *, below: str = "") -> bytes:
    """Return DVC's `.dir` object of the files below the folder `below` (as in a Tree's keys).

    The bytes are those of `json.dumps(entries, sort_keys=True)` over entries sorted by `relpath`, which DVC 3
    hashes and stores; any other spacing or order would have another hash.
    """
    pieces: list[str] = []
    last = ""
    for path, folder in sorted((path, folder) for path, folder in tree.items() if path.startswith(below)):
        prefix = path[len(below) :]
        if prefix + folder.names[0] < last:
            return _dir_bytes_sorted(tree, below)
        last = prefix + folder.names[-1]
        pieces.append(", ".join(_rows(prefix, folder)))
    return f"[{', '.join(pieces)}]".encode()


def _rows(prefix: str, folder: Folder) -> list[str]:
    digits, before = folder.hashes.hex(), f'", "relpath": "{_escape(prefix)[1:-1]}'
    names = folder.names
    if not _is_unescaped("".join(names)):
        names = [_escape(name)[1:-1] for name in names]
    starts = range(0, len(digits), 32)
    return [
        f'{{"md5": "{digits[start : start + 32]}{before}{name}"}}'
        for start, name in zip(starts, names, strict=True)
    ]


def _is_unescaped(text: str) -> bool:
    return text.isascii() and text.isprintable() and '"' not in text and "\\" not in text


def _dir_bytes_sorted(tree: Tree, below: str) -> bytes:
    """Do the same where a folder's files come between those of another ("a/b/…" between "a/a" and "a/c")."""
    cut = len(below)
    rows = [
        (path[cut:] + name, row)
        for path, folder in tree.items()
        if path.startswith(below)
        for name, row in zip(folder.names, _rows(path[cut:], folder), strict=True)
    ]
    rows.sort(key=lambda row: row[0])
    return f"[{', '.join(row for _, row in rows)}]".encode()


def dir_hash(data: bytes) -> str:
    """Return the name of a `.dir` object's bytes: 32 hex digits and `.dir`."""
    return md5_bytes(data) + ".dir"


def parse_dir(data: bytes, *, below: str = "") -> dict[str, Folder]:
    """Return the tree that a `.dir` object lists, its paths put below the folder `below`.

    Raises DamagedError if it is not one, or names a path outside its folder.
    """
    try:
        tree = tree_of(
            json.loads(data, object_hook=lambda e: (below + e["relpath"], bytes.fromhex(e["md5"])))
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedError("a .dir object of the cache cannot be read; run verify with repair") from error
    if not all(_is_plain(path) and _FORBIDDEN.isdisjoint(folder.names) for path, folder in tree.items()):
        raise DamagedError("a .dir object of the cache names a path outside its folder", code="unsafe-path")
    return tree


_FORBIDDEN: Final = frozenset(("", ".", ".."))


def _is_plain(folder: str) -> bool:
    return not folder or _FORBIDDEN.isdisjoint(folder[:-1].split("/"))


def combined_hash(parts: Iterable[tuple[str, str]]) -> str:
    """Return one md5 (32 hex digits) for the outputs (path, hash) of a version."""
    pairs = sorted(parts)
    if len(pairs) == 1 and pairs[0][1].endswith(".dir"):
        return pairs[0][1].removesuffix(".dir")
    digest = hashlib.md5(usedforsecurity=False)
    for path, value in pairs:
        digest.update(f"{value} {path}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()
