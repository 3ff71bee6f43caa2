"""Writing and linking files; imported, or run as a script beside the process that makes them (see `ddoc.pipes`)."""

import marshal
import os
import struct
import sys

_LENGTH = struct.Struct("<q")
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
# (path, its content, or as text the path of the file to link it to)
File = tuple[str, "bytes | str"]


def write_files(files: list[File]) -> tuple[int, list[int]]:
    """Make every file, none of which may exist. Returns (bytes, positions of those that could not be linked)."""
    size, unlinked = 0, list[int]()
    for position, (path, content) in enumerate(files):
        if isinstance(content, bytes):
            write_new(path, content)
            size += len(content)
            continue
        try:
            os.link(content, path)
        except OSError:
            unlinked.append(position)
        else:
            size += os.stat(path).st_size  # noqa: PTH116 (a Path a file costs as much as the link)
    return size, unlinked


def write_new(path: str, content: bytes) -> None:
    """Write `content` to a file that must not exist."""
    descriptor = os.open(path, _NEW, 0o644)
    try:
        done = os.write(descriptor, content)
        while done < len(content):
            done += os.write(descriptor, content[done:])
    finally:
        os.close(descriptor)


def main() -> None:
    """Answer requests, lists of files, with what `write_files` returns, or with (errno, text) of what the disk refuses."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(_LENGTH.size):
        files = marshal.loads(source.read(_LENGTH.unpack(head)[0]))  # noqa: S302 from our parent
        try:
            answer: object = write_files(files)
        except OSError as error:
            answer = (error.errno or 0, str(error.strerror))
        data = marshal.dumps(answer)
        target.write(_LENGTH.pack(len(data)) + data)
        target.flush()


if __name__ == "__main__":
    main()
