"""What the protocol asks of the file system: stat signatures, flushing, locks, room."""

import contextlib
import ctypes
import errno
import fcntl
import os
import struct
import threading
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Final

from ddoc.errors import BusyError, DamagedError, DiskFullError, UnavailableError
from ddoc.paths import fsync_folder

SIGNATURE: Final = struct.Struct("<qqqq")
# A file system's clock ticks up to every 10 ms (CONFIG_HZ=100); two ticks are safe.
CLOCK_GRANULE_NS: Final = 20_000_000
_FLOOR_BYTES: Final = 64 << 20
_FEW_FOLDERS: Final = 8
_FLUSH_SECONDS: Final = 0.25
_LIBC = ctypes.CDLL(None, use_errno=True)


def signature_of(stat: os.stat_result) -> bytes:
    """Return (size, mtime, inode, ctime) packed: a file whose signature is the same has the same content.

    Except within the clock's granule of a change; see `settled`.
    """
    return SIGNATURE.pack(stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_ctime_ns)


def sum_of_sizes(signatures: bytes) -> int:
    """Return the sum of the sizes in packed signatures."""
    return sum(memoryview(signatures).cast("q")[::4])


def settled(signature: bytes, looked_at_ns: int) -> bytes:
    """Return the signature, blanked if the file changed so shortly before `looked_at_ns` that a later change could
    leave it the same.

    git's racy-clean rule: within one granule of the clock a file may be rewritten with the same size and times. A
    blank signature (the size and zeros) matches no file, so the next scan reads that one again.
    """
    size, mtime, _, ctime = SIGNATURE.unpack(signature)
    limit = looked_at_ns - CLOCK_GRANULE_NS
    return SIGNATURE.pack(size, 0, 0, 0) if mtime >= limit or ctime >= limit else signature


def clock_of(folder: Path) -> int:
    """Return the present time of the file system that holds `folder`, in ns (a server's clock on NFS)."""
    probe = folder / f".clock-{os.getpid()}-{time.monotonic_ns()}"
    descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        return os.fstat(descriptor).st_ctime_ns
    finally:
        os.close(descriptor)
        probe.unlink()


def sync_file_system(folder: Path) -> None:
    """Flush all that was written to the file system of `folder` (one syncfs)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _LIBC.syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def flushing(folder: Path) -> Generator[None]:
    """Flush the file system of `folder` now and then while files are written, so that the flush at the end is short.

    Raises OSError at the end if one of the flushes failed.
    """
    ended, problems = threading.Event(), list[OSError]()

    def flush() -> None:
        while not ended.wait(_FLUSH_SECONDS) and not problems:
            try:
                sync_file_system(folder)
            except OSError as error:
                problems.append(error)

    thread = threading.Thread(target=flush, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    if problems:
        raise problems[0]


def flush_folders(folders: Iterable[Path], *, within: Path) -> None:
    """Flush the entries of the folders that exist: one by one if they are few, else their file system (`within`)."""
    touched = sorted(set(folders))
    if len(touched) > _FEW_FOLDERS:
        sync_file_system(within)
        return
    for folder in touched:
        with contextlib.suppress(FileNotFoundError):
            fsync_folder(folder)


def require_room(folder: Path, needed: int) -> None:
    """Raise DiskFullError unless `needed` bytes fit with 64 MiB to spare."""
    stat = os.statvfs(folder)
    free = stat.f_bavail * stat.f_frsize
    if free < needed + _FLOOR_BYTES:
        raise DiskFullError(
            f"the disk has {free >> 20} MiB left, {(needed + _FLOOR_BYTES) >> 20} MiB are needed; "
            "free some space and try again",
            free=free,
            needed=needed,
        )


@contextlib.contextmanager
def file_lock(path: Path, *, seconds: float, code: str, detail: str) -> Generator[int]:
    """Hold an exclusive flock on `path` (made if absent); yields its descriptor.

    Two threads of one process exclude each other too. Raises BusyError(`code`) when another holder keeps it for
    longer than `seconds`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _wait_for_flock(descriptor, seconds=seconds, code=code, detail=detail)
        yield descriptor
    finally:
        os.close(descriptor)


def _wait_for_flock(descriptor: int, *, seconds: float, code: str, detail: str) -> None:
    deadline = time.monotonic() + seconds
    pause = 0.001
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise BusyError(detail, code=code) from None
        else:
            return
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


@contextlib.contextmanager
def disk_problems() -> Generator[None]:
    """Turn the disk's errors into the domain's: full, read-only, broken."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError("the disk is full; free some space and try again") from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise UnavailableError(
                "the workspace's folder cannot be written; check its owner, mode and mount", code="read-only"
            ) from error
        if error.errno == errno.EIO:
            raise DamagedError(
                "the disk reported an input/output error; check it before trying again", code="disk-error"
            ) from error
        raise
