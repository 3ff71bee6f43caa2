"""Putting images and label files into the canonical layout: a pure chunk of work for any executor."""

import contextlib
import errno
import fcntl
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from ddoc.dataset.images import ImageHeader, is_complete
from ddoc.errors import DiskFullError
from ddoc.formats.write_worker import write_new

_FICLONE = 0x40049409
_BLOCK = 1 << 22


@dataclass(frozen=True, slots=True)
class Placement:
    """One image: where it is, where it goes (relative to `data/`), its labels' contents, what its header says."""

    source: str
    image: str
    text_path: str
    text: str | None
    sidecar_path: str
    sidecar: str | None
    header: ImageHeader


@dataclass(frozen=True, slots=True)
class Chunk:
    """Placements below the folder `data`; `move` takes the source away, else it is copied."""

    data: str
    move: bool
    placements: tuple[Placement, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """What came of a placement: md5 digest and bytes of the image, or why it could not be read."""

    digest: bytes
    bytes: int
    complete: bool
    error: str = ""


def place(chunk: Chunk) -> list[Placed]:
    """Hash and place every image of the chunk with its label files. A repeat gives the same files.

    Raises DiskFullError.
    """
    return [_place(chunk, placement) for placement in chunk.placements]


def _place(chunk: Chunk, placement: Placement) -> Placed:
    target = f"{chunk.data}/{placement.image}"
    try:
        placed = _moved(placement, target) if chunk.move else _copied(placement, target)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError("the disk has no room for this dataset") from error
        return Placed(b"", 0, complete=False, error=error.strerror or "unreadable")
    size = placed.bytes
    for relative, content in (
        (placement.text_path, placement.text),
        (placement.sidecar_path, placement.sidecar),
    ):
        if content is not None:
            data = content.encode()
            _write(f"{chunk.data}/{relative}", data)
            size += len(data)
    return Placed(placed.digest, size, placed.complete)


def _write(path: str, data: bytes) -> None:
    try:
        write_new(path, data)
    except FileExistsError:  # a retried chunk
        Path(path).unlink()
        write_new(path, data)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError("the disk has no room for this dataset") from error
        raise


def _moved(placement: Placement, target: str) -> Placed:
    """Hash the file, then rename it; in a retried chunk it may have been renamed before."""
    try:
        source = os.open(placement.source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        source = os.open(target, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        placed = _read(source, placement.header, None)
    finally:
        os.close(source)
    with contextlib.suppress(FileNotFoundError):
        os.rename(placement.source, target)  # noqa: PTH104 (a Path a file costs as much as the rename)
    return placed


def _copied(placement: Placement, target: str) -> Placed:
    """Copy in one pass with hashing; by reflink where the file system has them."""
    source = os.open(placement.source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        copy = _created(target)
        try:
            return _read(source, placement.header, None if _cloned(source, copy) else copy)
        finally:
            os.close(copy)
    finally:
        os.close(source)


def _created(target: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(target, flags, 0o644)
    except FileExistsError:  # a retried chunk
        Path(target).unlink()
        return os.open(target, flags, 0o644)


def _cloned(source: int, copy: int) -> bool:
    try:
        fcntl.ioctl(copy, _FICLONE, source)
    except OSError:
        return False
    return True


def _read(source: int, header: ImageHeader, copy: int | None) -> Placed:
    digest = hashlib.md5(usedforsecurity=False)
    size, tail = 0, b""
    room = min(
        os.fstat(source).st_size + 1, _BLOCK
    )  # a buffer of the file's size: a large one costs page faults
    while block := os.read(source, room):
        digest.update(block)
        size += len(block)
        tail = block if len(block) >= 4096 else (tail + block)[-8192:]
        view = memoryview(block) if copy is not None else b""
        while view and copy is not None:
            view = view[os.write(copy, view) :]
    return Placed(digest.digest(), size, is_complete(tail, header))
