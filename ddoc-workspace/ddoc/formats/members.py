"""What every member of an archive must pass before a byte of it is written: one gate for zip and tar."""

import re
import shutil
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from ddoc.errors import ConflictError, DiskFullError, InvalidInputError, TooLargeError
from ddoc.formats.limits import Limits
from ddoc.formats.names import clash_key, is_safe_name, shortened
from ddoc.formats.tree import printable
from ddoc.reports import Report

_BLOCK = 1 << 20
_DRIVE = re.compile(r"[A-Za-z]:")
_RATIO_FLOOR = 1 << 20  # an archive this small may expand as it likes
_BARE = frozenset({"objects", "refs", "head"})


def decode_names(raw: Iterable[bytes]) -> Callable[[bytes], str]:
    """Return how the names of one archive are to be decoded: UTF-8 if all are, else CP949 if all are, else CP437."""
    names = [name for name in raw if not name.isascii()]
    for encoding in ("utf-8", "cp949"):
        if all(_decodes(name, encoding) for name in names):
            return lambda name: name.decode(encoding)
    return lambda name: name.decode("cp437")


def _decodes(name: bytes, encoding: str) -> bool:
    try:
        text = name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() for c in text)


class Readable(Protocol):
    """The bytes of one member."""

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes; none at the end."""
        ...


class Gate:
    """Checks names and counts bytes for one archive. Refuses, never repairs."""

    def __init__(self, target: Path, *, limits: Limits, compressed: int, report: Report) -> None:
        self._target = target
        self._limits = limits
        self._report = report
        self._seen: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        self._made: set[str] = set()
        self._top: set[tuple[str, str]] = set()
        self._room = min(limits.total_bytes, max(compressed * limits.ratio, _RATIO_FLOOR))
        self._is_ratio = self._room < limits.total_bytes
        self.files = 0
        self.members = 0
        self.bytes = 0

    def count(self) -> None:
        """Count one member, whatever it is. Raises TooLargeError `too-many-members`."""
        self.members += 1
        if self.members > self._limits.members:
            raise _too_large("too-many-members", "members", self._limits.members, self.members)

    def folder(self, name: str) -> None:
        """Check the name of a folder; folders are made when a file needs them."""
        self._parts(name.rstrip("/"))

    def file(self, name: str, declared: int) -> str:
        """Check a file's name and declared size; return its path below the target, in NFC, long parts shortened."""
        if declared > self._limits.file_bytes:
            raise _too_large("file-too-large", "file_bytes", self._limits.file_bytes, declared)
        self._reserve(self.bytes + declared)
        parts = self._parts(name)
        short = [shortened(part) for part in parts]
        if short != parts:
            self._report.note("name-shortened", printable("/".join(parts))[:200], "renamed", short[-1])
        path = "/".join(short)
        self._claim(path)
        return path

    def write(self, path: str, source: Readable) -> None:
        """Copy a file's bytes to its `path`, counting them: what a header declares may be a lie."""
        self._copy(source, self._placed(path))

    def write_spooled(self, waiting: Path, source: Readable, declared: int) -> None:
        """Copy the bytes of a member whose name is not known yet to the file `waiting`."""
        if declared > self._limits.file_bytes:
            raise _too_large("file-too-large", "file_bytes", self._limits.file_bytes, declared)
        self._reserve(self.bytes + declared)
        self._copy(source, waiting)

    def move(self, waiting: Path, path: str) -> None:
        """Give the file `waiting` its `path`."""
        waiting.rename(self._placed(path))

    def _placed(self, path: str) -> Path:
        folder = path[: path.rfind("/") + 1]
        if folder not in self._made:
            (self._target / folder).mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
            self._check_disk()
        return self._target / path

    def _copy(self, source: Readable, target: Path) -> None:
        size = 0
        with target.open("xb", buffering=0) as file:
            while block := source.read(_BLOCK):
                size += len(block)
                if size > self._limits.file_bytes:
                    raise _too_large("file-too-large", "file_bytes", self._limits.file_bytes, size)
                self._reserve(self.bytes + size)
                file.write(block)
                if size > _BLOCK:
                    self._check_disk()
        self.bytes += size
        self.files += 1

    def _reserve(self, total: int) -> None:
        if total > self._room:
            code = "expands-too-much" if self._is_ratio else "archive-too-large"
            raise _too_large(code, "ratio" if self._is_ratio else "total_bytes", self._room, total)

    def _check_disk(self) -> None:
        if shutil.disk_usage(self._target).free < self._limits.free_bytes:
            raise DiskFullError("the disk has no room for this archive", limit=self._limits.free_bytes)

    def _parts(self, name: str) -> list[str]:
        """Return the parts of a member's name in NFC. Raises for whatever is not a plain relative path."""
        if not name or name[0] in "/\\" or _DRIVE.match(name):
            raise refused("unsafe-path", name, "is not relative")
        if "\0" in name or "\\" in name:
            raise refused("unsafe-path", name, "holds a NUL or a backslash")
        if len(name.encode("utf-8", "surrogatepass")) > self._limits.path_bytes:
            raise _too_large("path-too-long", "path_bytes", self._limits.path_bytes, len(name.encode()))
        parts = [p for p in unicodedata.normalize("NFC", name).split("/") if p != "."]
        if not parts or ".." in parts:
            raise refused("unsafe-path", name, "leads out of the archive")
        if any(not p or p != p.strip("\0") for p in parts):
            raise refused("unsafe-path", name, "has an empty part")
        if len(parts) > self._limits.depth:
            raise _too_large("path-too-deep", "depth", self._limits.depth, len(parts))
        for at, part in enumerate(parts):
            self._check_part(part, name, parts[:at])
        return parts

    def _check_part(self, part: str, name: str, above: list[str]) -> None:
        if not is_safe_name(part):
            raise refused("unsafe-name", name, "holds control or direction characters")
        lowered = part.lower().rstrip(". ")
        if lowered.startswith((".git", ".dvc")) or lowered in {"git~1", "dvc~1"}:
            raise refused("forbidden-name", name, "belongs to git or DVC")
        if lowered in _BARE:
            folder = "/".join(above)
            self._top.add((folder, lowered))
            if all((folder, mark) in self._top for mark in _BARE):
                raise refused("forbidden-name", name, "looks like a bare git repository")

    def _claim(self, path: str) -> None:
        """Keep `path`; raise ConflictError `name-clash` where another member has it, or is a folder of that name."""
        key = clash_key(path)
        other = self._seen.get(key) or self._folders.get(key)
        if other is not None:
            raise _clash(other, path)
        self._seen[key] = path
        while "/" in path:
            path = path[: path.rfind("/")]
            key = clash_key(path)
            if key in self._seen:
                raise _clash(self._seen[key], path)
            if key in self._folders:
                break
            self._folders[key] = path


def refused(code: str, name: str, why: str) -> InvalidInputError:
    """Return the error that refuses an archive for one of its members."""
    shown = printable(name)[:200]
    return InvalidInputError(f"the archive is refused: {shown!r} {why}", code=code, member=shown)


def _clash(one: str, other: str) -> ConflictError:
    names = [printable(one)[:200], printable(other)[:200]]
    return ConflictError(
        f"two members share a name: {names[0]!r} and {names[1]!r}", code="name-clash", names=names
    )


def _too_large(code: str, limit: str, value: int, found: int) -> TooLargeError:
    return TooLargeError(
        f"the archive exceeds the limit {limit} = {value:,}", code=code, limit=limit, value=found
    )
