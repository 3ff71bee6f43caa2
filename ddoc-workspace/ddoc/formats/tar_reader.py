"""Reading tar archives (plain, gzip, zstd) as one stream, header by header, through the gate.

The standard library's reader would hold a hostile extension header of any size in memory and follows GNU's and
PAX's sparse forms; this one knows regular files, folders and long names, and refuses the rest.
"""

import gzip
import tarfile
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Literal, cast

import zstandard

from ddoc.errors import InvalidInputError
from ddoc.formats.members import Gate, decode_names, refused
from ddoc.formats.zip_reader import broken

Compression = Literal["none", "gzip", "zstd"]
_RECORD = 512
_MAX_EXTENSION = 1 << 20
_REGULAR = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE})
_LINKS = frozenset({tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.GNUTYPE_LONGLINK})
_DEVICES = frozenset({tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE})
_DAMAGE = (OSError, EOFError, zlib.error, zstandard.ZstdError)


def extract_tar(archive: Path, compression: Compression, gate: Gate, spool: Path) -> None:
    """Extract every member through `gate`; names that are not UTF-8 wait in `spool` until all are known.

    Raises InvalidInputError `broken-archive`, `link-in-archive`, `special-file-in-archive`,
    `unsupported-member`, and what the gate raises.
    """
    with ExitStack() as stack:
        file = stack.enter_context(archive.open("rb"))
        _Extraction(_Stream(_opened(file, compression, stack)), gate, spool).run()


def _opened(file: IO[bytes], compression: Compression, stack: ExitStack) -> IO[bytes]:
    if compression == "gzip":
        return cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=file)))
    if compression == "zstd":
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        return cast("IO[bytes]", stack.enter_context(reader))
    return file


class _Stream:
    """A stream of tar records; what ends early or cannot be decompressed is a broken archive."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes; fewer only at the end."""
        blocks: list[bytes] = []
        while size > 0:
            try:
                block = self._source.read(size)
            except _DAMAGE as error:
                raise broken(error) from error
            if not block:
                break
            blocks.append(block)
            size -= len(block)
        return b"".join(blocks)

    def exactly(self, size: int) -> bytes:
        """Read `size` bytes. Raises InvalidInputError `broken-archive` where the stream ends before."""
        data = self.read(size)
        if len(data) < size:
            raise broken(EOFError("it ends in the middle of a member"))
        return data


class _Body:
    """The content of one member, and then its padding."""

    def __init__(self, stream: _Stream, size: int) -> None:
        self._stream = stream
        self._left = size
        self._padding = -size % _RECORD

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes of the content."""
        count = self._left if size < 0 else min(size, self._left)
        data = self._stream.exactly(count)
        self._left -= count
        if not self._left and self._padding:
            self._stream.exactly(self._padding)
            self._padding = 0
        return data


class _Extraction:
    """One pass over the members."""

    def __init__(self, stream: _Stream, gate: Gate, spool: Path) -> None:
        self._stream = stream
        self._gate = gate
        self._spool = spool
        self._waiting: list[tuple[bytes, Path, int]] = []

    def run(self) -> None:
        """Read to the end mark, then give the waiting members their names."""
        name: bytes | None = None
        size: int | None = None
        first = True
        while True:
            record = self._stream.read(_RECORD)
            if len(record) < _RECORD or record.count(0) == _RECORD:
                if first and not record:
                    raise broken(EOFError("it is empty"))
                break
            first = False
            header = _header(record)
            if header.type == tarfile.GNUTYPE_LONGNAME:
                name = self._extension(header).split(b"\0", 1)[0]
            elif header.type == tarfile.XHDTYPE:
                fields = _pax(self._extension(header))
                name = fields.get(b"path", name)
                size = int(fields[b"size"]) if fields.get(b"size", b"").isdigit() else size
                if any(key.startswith(b"GNU.sparse") or key == b"linkpath" for key in fields):
                    raise refused("unsupported-member", header.name, "is a sparse file or a link")
            elif header.type == tarfile.XGLTYPE:
                self._extension(header)
            else:
                raw = name or header.name.encode("utf-8", "surrogateescape")
                self._member(header, raw, header.size if size is None else size)
                name = size = None
        self._place_waiting()

    def _extension(self, header: tarfile.TarInfo) -> bytes:
        self._gate.count()
        if header.size > _MAX_EXTENSION:
            raise refused("unsupported-member", header.name, "has an extension header of over 1 MiB")
        return _Body(self._stream, header.size).read()

    def _member(self, header: tarfile.TarInfo, raw: bytes, size: int) -> None:
        self._gate.count()
        shown = raw.decode("utf-8", "replace")
        if header.type in _LINKS:
            raise refused("link-in-archive", shown, "is a link")
        if header.type in _DEVICES:
            raise refused("special-file-in-archive", shown, "is a device, pipe or socket")
        if header.type == tarfile.DIRTYPE or (header.type in _REGULAR and raw.endswith(b"/")):
            if raw.rstrip(b"/") not in {b".", b""}:
                self._gate.folder(raw.decode("utf-8", "replace").replace("\ufffd", "_"))
            _Body(self._stream, size).read()
            return
        if header.type not in _REGULAR:
            raise refused("unsupported-member", shown, f"is of the unknown type {header.type!r}")
        body = _Body(self._stream, size)
        if raw.isascii():
            self._gate.write(self._gate.file(raw.decode(), size), body)
        else:
            waiting = self._spool / f"{len(self._waiting)}"
            self._gate.write_spooled(waiting, body, size)
            self._waiting.append((raw, waiting, size))

    def _place_waiting(self) -> None:
        decode = decode_names(raw for raw, _, _ in self._waiting)
        for raw, waiting, _ in self._waiting:
            self._gate.move(waiting, self._gate.file(decode(raw), 0))


def _header(record: bytes) -> tarfile.TarInfo:
    try:
        header = tarfile.TarInfo.frombuf(record, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise broken(error) from error
    if header.size < 0:
        raise InvalidInputError("the archive is damaged: a negative size", code="broken-archive")
    return header


def _pax(data: bytes) -> dict[bytes, bytes]:
    """Return the records `<length> <key>=<value>\\n` of an extended header (POSIX pax)."""
    fields: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        length, _, _ = data[at : at + 20].partition(b" ")
        if not length.isdigit() or int(length) < 5 or at + int(length) > len(data):
            raise broken(ValueError("an extended header is malformed"))
        key, _, value = data[at + len(length) + 1 : at + int(length) - 1].partition(b"=")
        fields[key] = value
        at += int(length)
    return fields
