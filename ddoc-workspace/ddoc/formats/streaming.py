"""A folder as a zip that is made while it is sent."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
_BLOCK = 1 << 18
_UNIX = 3


def stream_zip(folder: Path) -> Iterator[bytes]:
    """Yield the bytes of a zip of `folder`: stored, sorted, without times, so that equal folders give equal bytes.

    Nothing larger than a block is held in memory.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for relative in sorted(_files(folder)):
            path = folder / relative
            entry = zipfile.ZipInfo(relative, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = 0o100644 << 16
            entry.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(entry, "w") as target:
                while block := source.read(_BLOCK):
                    target.write(block)
                    if sink.size >= _BLOCK:
                        yield sink.take()
        yield sink.take()
    yield sink.take()


def _files(folder: Path) -> Iterator[str]:
    for root, _, names in os.walk(folder):
        below = os.path.relpath(root, folder)
        yield from (name if below == "." else f"{below}/{name}" for name in names)


class _Sink:
    """A stream that cannot seek, emptied as it fills."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        """Keep a copy of the bytes until they are taken."""
        self._blocks.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: the bytes wait to be taken."""

    def close(self) -> None:
        """Do nothing: the bytes wait to be taken."""

    def take(self) -> bytes:
        """Return what has been written since the last time."""
        data = b"".join(self._blocks)
        self._blocks.clear()
        self.size = 0
        return data
