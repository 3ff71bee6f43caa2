"""Extracting archives that nobody vouches for: .zip, .tar, .tar.gz, .tar.zst, told apart by their first bytes."""

import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ddoc.errors import DiskFullError, InvalidInputError
from ddoc.formats.limits import DEFAULT_LIMITS, Limits
from ddoc.formats.members import Gate
from ddoc.formats.tar_reader import extract_tar
from ddoc.formats.zip_reader import extract_zip
from ddoc.reports import Report

ArchiveKind = Literal["zip", "none", "gzip", "zstd"]
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst")
_ENOSPC = 28


@dataclass(frozen=True, slots=True)
class Extracted:
    """How much an archive held."""

    files: int
    bytes: int


def extract(
    archive: Path, target: Path, *, limits: Limits = DEFAULT_LIMITS, report: Report | None = None
) -> Extracted:
    """Extract `archive` into the new folder `target`; on any error the folder is removed again.

    Nothing is repaired: a member that is unsafe refuses the archive. Raises InvalidInputError (`broken-archive`,
    `unknown-format`, `unsafe-path`, `unsafe-name`, `forbidden-name`, `link-in-archive`,
    `special-file-in-archive`, `encrypted-archive`, `overlapping-members`, `unsupported-compression`,
    `unsupported-member`), ConflictError `name-clash`, TooLargeError (`too-many-members`, `file-too-large`,
    `archive-too-large`, `expands-too-much`, `path-too-deep`, `path-too-long`) or DiskFullError.
    """
    kind = kind_of(archive)
    target.mkdir(parents=True)
    spool = target.with_name(f"{target.name}.spool")
    try:
        spool.mkdir()
        gate = Gate(
            target,
            limits=limits,
            compressed=archive.stat().st_size,
            report=Report() if report is None else report,
        )
        if kind == "zip":
            extract_zip(archive, gate)
        else:
            extract_tar(archive, kind, gate, spool)
    except BaseException as error:
        shutil.rmtree(target, ignore_errors=True)
        if isinstance(error, OSError) and error.errno == _ENOSPC:
            raise DiskFullError("the disk has no room for this archive") from error
        raise
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    return Extracted(gate.files, gate.bytes)


def kind_of(archive: Path) -> ArchiveKind:
    """Return the kind of archive by its first bytes.

    Raises InvalidInputError: `broken-archive` where the name promises an archive that the bytes are not, else
    `unknown-format`.
    """
    with archive.open("rb") as file:
        head = file.read(_HEAD)
    if head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return "zip"
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    if head[:4] == b"\x28\xb5\x2f\xfd":
        return "zstd"
    if _is_tar(head):
        return "none"
    if archive.name.lower().endswith(ARCHIVE_SUFFIXES):
        raise InvalidInputError(
            "the archive is damaged: its first bytes are not of an archive", code="broken-archive"
        )
    raise InvalidInputError("not a .zip, .tar, .tar.gz or .tar.zst archive", code="unknown-format")


_HEAD = 512


def _is_tar(head: bytes) -> bool:
    try:
        return len(head) == _HEAD and bool(tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape").name)
    except tarfile.HeaderError:
        return False
