"""One look at every file of a folder: names and stat signatures, nothing read."""

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ddoc.errors import InvalidInputError
from ddoc.snapshot.disk import SIGNATURE, sum_of_sizes

# DVC ignores these wherever they are, so a snapshot could not agree with it about them.
RESERVED_NAMES: Final = frozenset((".git", ".hg", ".dvc", ".dvcignore"))
CONTROL_SUFFIX: Final = ".dvc"


@dataclass(frozen=True, slots=True)
class ScannedFolder:
    """The files directly in one folder: `names` sorted by code point, `signatures` 32 bytes each in that order."""

    names: tuple[str, ...]
    signatures: bytes


# Folders by their path below the scanned one: "" for itself, else with a trailing slash. Empty ones are left out.
Scan = Mapping[str, ScannedFolder]


def scan_files(root: Path, *, control: frozenset[str] = frozenset()) -> dict[str, ScannedFolder]:
    """Return the regular files below `root` with their signatures (scandir and lstat, one thread).

    `control` holds the paths of our own files in `data/` (`.dvc` and `.gitignore` of a version in parts), which
    are not data. Files that vanish meanwhile are left out. A missing `root` reads as empty.

    Raises InvalidInputError for symbolic links and special files, and for names that DVC would ignore.
    """
    found: dict[str, ScannedFolder] = {}
    pending = [""]
    top = str(root)
    if root.is_symlink():
        raise _refused("", "is a link; make it a folder", code="link-in-data")
    while pending:
        folder = pending.pop()
        try:
            iterator = os.scandir(f"{top}/{folder}")
        except FileNotFoundError:
            continue
        with iterator:
            entries, folders = _read_folder(iterator, folder)
        if control:
            entries = [entry for entry in entries if folder + entry[0] not in control]
        pending.extend(folders)
        if entries:
            entries.sort()
            names, signatures = zip(*entries, strict=True)
            found[folder] = ScannedFolder(names, b"".join(signatures))
    return found


def _read_folder(
    iterator: "Iterable[os.DirEntry[str]]", folder: str
) -> tuple[list[tuple[str, bytes]], list[str]]:
    pack, kind, regular = SIGNATURE.pack, 0o170000, stat.S_IFREG
    entries: list[tuple[str, bytes]] = []
    folders: list[str] = []
    for entry in iterator:
        name = entry.name
        if name in RESERVED_NAMES:
            raise _refused(
                folder + name, "has a name that DVC ignores; rename or remove it", code="reserved-name"
            )
        if entry.is_dir(follow_symlinks=False):
            folders.append(f"{folder}{name}/")
            continue
        try:
            facts = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        if facts.st_mode & kind != regular:
            raise _refused(folder + name, "is a link or special file; remove it", code="link-in-data")
        entries.append((name, pack(facts.st_size, facts.st_mtime_ns, facts.st_ino, facts.st_ctime_ns)))
    return entries, folders


def _refused(path: str, what: str, *, code: str) -> InvalidInputError:
    shown = path.encode("utf-8", "backslashreplace").decode()
    return InvalidInputError(f"data/{shown} {what}", code=code, path=shown)


def total_bytes(scan: Scan) -> int:
    """Return the sum of the file sizes."""
    return sum(sum_of_sizes(folder.signatures) for folder in scan.values())
