"""The files of a source folder, walked once. No link is followed, nothing outside the folder is seen."""

import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ddoc.dataset.images import IMAGE_SUFFIXES
from ddoc.formats.names import is_safe_name
from ddoc.reports import Report

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
_FIRST_READ = 1 << 13  # most annotation files are smaller
_SYSTEM_FOLDERS = frozenset({"__macosx", "$recycle.bin", "system volume information"})
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})


@dataclass(frozen=True, slots=True)
class Tree:
    """The files below `root` as relative paths with `/`, in sorted order, as the file system spells them."""

    root: Path
    files: tuple[str, ...]
    by_suffix: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])

    @classmethod
    def of(cls, root: Path, files: Iterable[str]) -> "Tree":
        """Make a tree of sorted relative paths."""
        kept = tuple(files)
        by_suffix: dict[str, list[str]] = {}
        for path in kept:
            by_suffix.setdefault(suffix_of(path), []).append(path)
        return cls(root, kept, by_suffix)

    def images(self) -> list[str]:
        """Return the files with an image suffix, sorted."""
        return self.with_suffix(*IMAGE_SUFFIXES)

    def with_suffix(self, *suffixes: str) -> list[str]:
        """Return the files with one of the lower-case suffixes (with dot), sorted."""
        found = [self.by_suffix[s] for s in suffixes if s in self.by_suffix]
        return list(found[0]) if len(found) == 1 else sorted(f for files in found for f in files)

    def path(self, relative: str) -> Path:
        """Return the absolute path of one of the files."""
        return self.root / relative

    def read(self, relative: str, limit: int) -> bytes:
        """Return the first `limit` bytes of one of the files."""
        descriptor = os.open(f"{self.root}/{relative}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            data = os.read(descriptor, min(limit, _FIRST_READ))
            if len(data) == _FIRST_READ:
                with os.fdopen(os.dup(descriptor), "rb", buffering=0) as rest:
                    data += rest.read(limit - len(data))
        finally:
            os.close(descriptor)
        return data


def scan_tree(root: Path, report: Report) -> Tree:
    """Walk `root`. Links, special files and unsafe names are skipped and reported, as are systems' own files.

    A single folder that holds everything (as archives often have) becomes the root.
    """
    files: list[str] = []
    _walk(str(root), "", files, report)
    files.sort()
    base = root
    while files:
        first, slash, _ = files[0].partition("/")
        prefix = f"{first}/"
        if not slash or first.lower() in _TELLING or not files[-1].startswith(prefix):
            break  # files are sorted: what the first and the last share, all do
        base /= first
        files = [f[len(prefix) :] for f in files]
    return Tree.of(base, files)


# A lone folder of one of these names says something (its split, its kind), so it is not stripped.
_TELLING = frozenset({*SPLIT_NAMES, "images", "labels", "annotations", "jpegimages", "imagesets"})


def _walk(folder: str, prefix: str, files: list[str], report: Report) -> None:
    subfolders: list[tuple[str, str]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            relative = prefix + entry.name
            if entry.is_symlink():
                report.note("link", printable(relative), "skipped", "links are not followed")
            elif _is_system(entry.name):
                report.note("system-file", printable(relative), "skipped")
            elif not is_safe_name(entry.name):
                report.note("unsafe-name", printable(relative), "skipped", "control or direction characters")
            elif entry.is_dir(follow_symlinks=False):
                subfolders.append((entry.path, f"{relative}/"))
            elif entry.is_file(follow_symlinks=False):
                files.append(relative)
            else:
                report.note("special-file", printable(relative), "skipped")
    for path, below in sorted(subfolders):
        _walk(path, below, files, report)


def _is_system(name: str) -> bool:
    lowered = name.lower()
    return (
        lowered.startswith("._")
        or lowered in _SYSTEM_FILES
        or lowered in _SYSTEM_FOLDERS
        or lowered[0] == "."
    )


def printable(name: str) -> str:
    """Return `name` fit for a report: undecodable bytes replaced, control characters escaped."""
    if name.isascii() and name.isprintable():
        return name
    text = name.encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def nfc(text: str) -> str:
    """Return `text` in NFC, the one form of names in the model."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def suffix_of(path: str) -> str:
    """Return the lower-case suffix of the last part, with its dot, or an empty string."""
    dot = path.rfind(".")
    return path[dot:].lower() if dot > path.rfind("/") + 1 else ""


def stem_of(path: str) -> str:
    """Return `path` without its suffix."""
    dot = path.rfind(".")
    return path[:dot] if dot > path.rfind("/") + 1 else path


def folder_of(path: str) -> str:
    """Return the folder part of `path` with a trailing slash; empty at the top."""
    return path[: path.rfind("/") + 1]


def split_of(path: str) -> tuple[str | None, str]:
    """Return the split that a folder in `path` names, and the rest of the path without that folder.

    The outermost folder that is a split's name counts; a year or the like may follow it (`train2017`).
    """
    parts = path.split("/")
    for at, part in enumerate(parts[:-1]):
        split = split_named(part)
        if split is not None:
            return split, "/".join(parts[:at] + parts[at + 1 :])
    return None, path


def split_named(word: str) -> str | None:
    """Return the split that `word` stands for (`valid` → `val`, `train2017` → `train`), None if it is none."""
    return SPLIT_NAMES.get(word.lower().rstrip("0123456789").rstrip("-_"))


def without_common_folder(names: Sequence[str]) -> int:
    """Return the length of the folder prefix that all `names` share."""
    if not names:
        return 0
    common = os.path.commonpath({folder_of(n) for n in names})
    return len(common) + 1 if common else 0


def by_stem(paths: Iterable[str]) -> dict[str, str]:
    """Map path without suffix → path. Of two with one stem the first in order is kept."""
    table: dict[str, str] = {}
    for path in paths:
        table.setdefault(stem_of(path), path)
    return table


def file_name(path: str) -> str:
    """Return the last part of `path`."""
    return path[path.rfind("/") + 1 :]
