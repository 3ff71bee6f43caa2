"""Reading zip archives member by member, through the gate."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ddoc.errors import InvalidInputError
from ddoc.formats.members import Gate, decode_names, refused

_UTF8 = 0x800
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UNICODE_PATH = 0x7075  # Info-ZIP's Unicode Path extra field: version, crc32 of the raw name, UTF-8 name
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
_LOCAL = struct.Struct("<4s5H3L2H")
_BROKEN = (zipfile.BadZipFile, struct.error, EOFError, zlib.error, NotImplementedError, ValueError, OSError)


def extract_zip(archive: Path, gate: Gate) -> None:
    """Extract every member through `gate`.

    Raises InvalidInputError `broken-archive`, `encrypted-archive`, `link-in-archive`, `special-file-in-archive`,
    `overlapping-members`, `unsupported-compression`, and what the gate raises.
    """
    with archive.open("rb") as file:
        try:
            opened = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise broken(error) from error
        with opened:
            infos = opened.infolist()
            _check_members(infos, gate)
            _check_overlaps(infos, file)
            for info, name in zip(infos, _names(infos), strict=True):
                if name.endswith("/"):
                    gate.folder(name)
                else:
                    _extract(opened, info, gate.file(name, info.file_size), gate)


def broken(error: Exception) -> InvalidInputError:
    """Return the error that says that an archive is damaged."""
    return InvalidInputError(f"the archive is damaged: {error}"[:300], code="broken-archive")


def _extract(opened: zipfile.ZipFile, info: zipfile.ZipInfo, path: str, gate: Gate) -> None:
    try:
        source = opened.open(info)
    except (RuntimeError, *_BROKEN) as error:
        raise broken(error) from error
    with source:
        gate.write(path, _Checked(source))


class _Checked:
    """A member's bytes; damage in them is the archive's, errors in writing are not."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes. Raises InvalidInputError `broken-archive`."""
        try:
            return self._source.read(size)
        except _BROKEN as error:
            raise broken(error) from error


def _check_members(infos: Sequence[zipfile.ZipInfo], gate: Gate) -> None:
    for info in infos:
        gate.count()
        name = info.orig_filename
        if info.flag_bits & _ENCRYPTED:
            raise refused("encrypted-archive", name, "is encrypted")
        if info.compress_type not in _METHODS:
            raise refused("unsupported-compression", name, f"is compressed by method {info.compress_type}")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind == stat.S_IFLNK:
            raise refused("link-in-archive", name, "is a link")
        if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
            raise refused("special-file-in-archive", name, "is a device, pipe or socket")


def _check_overlaps(infos: Sequence[zipfile.ZipInfo], file: IO[bytes]) -> None:
    """Refuse members that share bytes: the trick of bombs whose declared sizes look harmless."""
    end = 0
    for info in sorted(infos, key=lambda i: i.header_offset):
        if info.header_offset < end:
            raise refused("overlapping-members", info.orig_filename, "shares its bytes with another member")
        file.seek(info.header_offset)
        header = file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
            raise broken(ValueError("a member has no header where the directory says"))
        fields = _LOCAL.unpack(header)
        end = info.header_offset + _LOCAL.size + fields[9] + fields[10] + info.compress_size


def _names(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Return the members' names: by the UTF-8 flag, else the Unicode extra field, else as the archive's names go."""
    known = [_own_name(info) for info in infos]
    decode = decode_names(_raw(i) for i, name in zip(infos, known, strict=True) if name is None)
    return [decode(_raw(i)) if name is None else name for i, name in zip(infos, known, strict=True)]


def _own_name(info: zipfile.ZipInfo) -> str | None:
    if info.flag_bits & _UTF8:
        return info.orig_filename
    at, extra = 0, info.extra
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + size]
        if kind == _UNICODE_PATH and len(body) > 5 and body[0] == 1:
            (checksum,) = struct.unpack_from("<L", body, 1)
            if checksum == zlib.crc32(_raw(info)):
                try:
                    return body[5:].decode("utf-8")
                except UnicodeDecodeError:
                    return None
        at += 4 + size
    return None


def _raw(info: zipfile.ZipInfo) -> bytes:
    """Return the bytes of the name; zipfile has decoded them as CP437, which loses none."""
    return info.orig_filename.encode("cp437")
