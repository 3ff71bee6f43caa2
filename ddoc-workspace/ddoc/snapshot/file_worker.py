"""Reading, hashing and copying of single files; run in this process or as a script in worker processes.

Imports nothing but the standard library's fastest modules, so that a worker starts in some 15 ms.
A worker reads requests from its standard input and answers on its standard output, each a length (8 bytes) and a
marshalled value, until its input ends: its parent's death ends it too.
"""

import errno
import fcntl
import marshal
import os
import struct
import sys

_SIGNATURE = struct.Struct("<qqqq")
_LENGTH = struct.Struct("<q")
_FACTS = struct.Struct("<qqq")
_VERIFIED = struct.Struct("<qqqq")
_HASH_BYTES = 16
_BLOCK = 1 << 20
_FICLONE = 0x40049409
_YOUNG_NS = 20_000_000
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS)

OK, CHANGED, GONE, MISSING, DAMAGED = range(5)
# (outcome, md5, signature, staged name or ""). After "store", the signature of a file that was staged is followed by
# the size, mtime and inode of what was staged (24 bytes); after "fetch", the md5 is that of an object that was hashed
# and empty for one that was not, followed by the object's size, mtime and inode, and the signature is the new file's.
Outcome = tuple[int, bytes, bytes, str]
_NOTHING = b""


class Stage:
    """A folder of this process for new files, until they are flushed and renamed to where they belong."""

    def __init__(self, folder: str, *, reflink: bool) -> None:
        self._folder = f"{folder}/{os.getpid()}-{os.urandom(4).hex()}"
        self._count = 0
        self._buffer = memoryview(bytearray(_BLOCK))
        self.reflink = reflink
        os.makedirs(self._folder, exist_ok=True)  # noqa: PTH103 pathlib is left out for the start-up time

    def read(self, descriptor: int, expected: int) -> memoryview:
        """Return the first `expected` bytes of a file of under 1 MiB, in a buffer that the next call reuses.

        Fewer if the file has become shorter; one that has grown is told by its signature.
        """
        size = 0
        while size < expected and (got := os.readv(descriptor, [self._buffer[size:expected]])) > 0:
            size += got
        return self._buffer[:size]

    def next_name(self) -> str:
        """Return an unused path."""
        self._count += 1
        return f"{self._folder}/{self._count}"


def hash_file(path: str) -> Outcome:
    """Return the md5 and signature of a file; CHANGED if it was written meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return GONE, _NOTHING, _NOTHING, ""
    try:
        before = _signature(os.fstat(descriptor))
        digest = _md5()
        while block := os.read(descriptor, _BLOCK):
            digest.update(block)
        return _settled(path, before, digest.digest(), "")
    finally:
        os.close(descriptor)


def store_file(path: str, cache: str, stage: Stage) -> Outcome:
    """Hash a file and, unless the cache has its content, stage a copy: one pass, the same bytes hashed and written."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return GONE, _NOTHING, _NOTHING, ""
    try:
        facts = os.fstat(descriptor)
        before, made = _signature(facts), _NOTHING
        if facts.st_size >= _BLOCK:
            digest, staged, made = _store_large(descriptor, facts.st_size, cache, stage)
        else:
            data = stage.read(descriptor, facts.st_size)
            digest = _md5(data).digest()
            staged = ""
            if not has_object(cache, digest, len(data)):
                staged = stage.next_name()
                if stage.reflink and _clone(descriptor, staged, facts):
                    made = _facts(os.stat(staged))  # noqa: PTH116 start-up time
                else:
                    made = _facts(write_new(staged, data, 0o444))
        return _settled(path, before, digest, staged, made)
    finally:
        os.close(descriptor)


def fetch_object(target: str, cache: str, wanted: bytes, stage: Stage) -> Outcome:
    """Make `target` a writable copy of an object, whose bytes are those of its name: DAMAGED if they are not.

    `wanted` is its md5, followed by what was seen when its bytes were last hashed, if that is known and recent: size,
    mtime, inode and the time. An object that is still the same file, unwritten since, is not hashed again.
    """
    name = wanted[:_HASH_BYTES].hex()
    try:
        descriptor = os.open(f"{cache}/{name[:2]}/{name[2:]}", os.O_RDONLY)
    except FileNotFoundError:
        return MISSING, wanted[:_HASH_BYTES], _NOTHING, ""
    try:
        facts = os.fstat(descriptor)
        if _is_as_verified(facts, wanted[_HASH_BYTES:]):
            made = _copy(descriptor, facts.st_size, target, stage)
            return OK, _NOTHING, _signature(made), ""
        found, made = _copy_checked(descriptor, facts.st_size, target, wanted[:_HASH_BYTES], stage)
        if made is None:
            return DAMAGED, wanted[:_HASH_BYTES], _NOTHING, ""
        return OK, found + _facts(facts), _signature(made), ""
    finally:
        os.close(descriptor)


def _is_as_verified(facts: os.stat_result, known: bytes) -> bool:
    if not known:
        return False
    size, mtime, inode, seen = _VERIFIED.unpack(known)
    return (
        facts.st_size == size
        and facts.st_mtime_ns == mtime
        and facts.st_ino == inode
        and facts.st_ctime_ns <= seen
    )


def _copy(source: int, size: int, target: str, stage: Stage) -> os.stat_result:
    """Copy within the kernel, or share the blocks."""
    if stage.reflink and try_clone(source, target, 0o644):
        return os.stat(target)  # noqa: PTH116 start-up time
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    done = 0
    try:
        while done < size:
            sent = os.sendfile(descriptor, source, done, size - done)
            if not sent:
                raise OSError(errno.EIO, os.strerror(errno.EIO))  # noqa: TRY301 one place for both ends
            done += sent
        return os.fstat(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED or done:
            raise
        while block := os.read(source, _BLOCK):
            _write_all(descriptor, block)
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _copy_checked(
    source: int, size: int, target: str, digest: bytes, stage: Stage
) -> tuple[bytes, os.stat_result | None]:
    """Copy and hash in one pass; None for the facts of the copy if the bytes are not those of `digest`."""
    if size >= _BLOCK:
        found, made = _copy_hashing(source, target, 0o644)
        return found, made if found == digest else None
    data = stage.read(source, size)
    found = _md5(data).digest()
    if found != digest:
        return found, None
    if stage.reflink and try_clone(source, target, 0o644):
        return found, os.stat(target)  # noqa: PTH116 start-up time
    return found, write_new(target, data, 0o644)


def has_object(cache: str, digest: bytes, size: int) -> bool:
    """Return whether the cache holds an object of that name and size (a truncated one is replaced)."""
    name = digest.hex()
    try:
        return os.stat(f"{cache}/{name[:2]}/{name[2:]}").st_size == size  # noqa: PTH116 start-up time
    except FileNotFoundError:
        return False


def write_new(path: str, data: "bytes | memoryview", mode: int) -> os.stat_result:
    """Write a new file, whole, and return its facts."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        _write_all(descriptor, data)
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _store_large(source: int, size: int, cache: str, stage: Stage) -> tuple[bytes, str, bytes]:
    staged = stage.next_name()
    digest, facts = _copy_hashing(source, staged, 0o444)
    if has_object(cache, digest, size):
        os.unlink(staged)  # noqa: PTH108 start-up time
        return digest, "", _NOTHING
    return digest, staged, _facts(facts)


def _copy_hashing(source: int, target: str, mode: int) -> tuple[bytes, os.stat_result]:
    digest = _md5()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        while block := os.read(source, _BLOCK):
            digest.update(block)
            _write_all(descriptor, block)
        return digest.digest(), os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _clone(source: int, target: str, facts: os.stat_result) -> bool:
    """Clone a file whose content was hashed, if no write can hide between the two."""
    settled = _signature(os.fstat(source)) == _signature(facts)
    old = max(facts.st_mtime_ns, facts.st_ctime_ns) < _now_ns() - 100 * _YOUNG_NS
    return settled and old and try_clone(source, target, 0o444)


def try_clone(source: int, target: str, mode: int) -> bool:
    """Make `target` share the blocks of `source`; False where the file system cannot."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        fcntl.ioctl(descriptor, _FICLONE, source)
    except OSError as error:
        os.unlink(target)  # noqa: PTH108 start-up time
        if error.errno not in _UNSUPPORTED:
            raise
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def _md5(data: "bytes | memoryview" = b""):
    import hashlib  # loads OpenSSL, which a worker that only copies does without

    return hashlib.md5(data, usedforsecurity=False)


def _now_ns() -> int:
    import time

    return time.time_ns()


def _signature(facts: os.stat_result) -> bytes:
    return _SIGNATURE.pack(facts.st_size, facts.st_mtime_ns, facts.st_ino, facts.st_ctime_ns)


def _facts(facts: os.stat_result) -> bytes:
    return _FACTS.pack(facts.st_size, facts.st_mtime_ns, facts.st_ino)


def _settled(path: str, before: bytes, digest: bytes, staged: str, made: bytes = _NOTHING) -> Outcome:
    try:
        there = _signature(os.lstat(path))
    except FileNotFoundError:
        return GONE, _NOTHING, _NOTHING, ""
    if there != before:
        return CHANGED, _NOTHING, _NOTHING, ""
    return OK, digest, before + made, staged


def _write_all(descriptor: int, data: "bytes | memoryview") -> None:
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, data[written:])


def run_chunk(task: str, chunk: list[tuple[str, bytes]], cache: str, stage: "Stage | None") -> list[Outcome]:
    """Do one task ("hash", "store" or "fetch") for a chunk of (absolute path, what is known of the object)."""
    if task == "hash":
        return [hash_file(path) for path, _ in chunk]
    assert stage is not None
    if task == "store":
        return [store_file(path, cache, stage) for path, _ in chunk]
    return [fetch_object(path, cache, wanted, stage) for path, wanted in chunk]


def main() -> None:
    """Answer requests (task, cache, staging, reflink) once, then chunks, until the input ends."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    task, cache, staging, reflink = marshal.loads(source.read(_LENGTH.unpack(source.read(8))[0]))  # noqa: S302 from our parent
    stage = Stage(staging, reflink=reflink) if staging else None
    while head := source.read(8):
        chunk = marshal.loads(source.read(_LENGTH.unpack(head)[0]))  # noqa: S302 from our parent
        try:
            answer: object = run_chunk(task, chunk, cache, stage)
        except OSError as error:
            answer = (error.errno or 0, str(error.strerror))
        data = marshal.dumps(answer)
        target.write(_LENGTH.pack(len(data)) + data)
        target.flush()


if __name__ == "__main__":
    main()
