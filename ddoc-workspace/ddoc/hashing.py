"""Content hashes. md5, since DVC names its objects by it: one hash serves index, vectors, thumbnails and snapshots."""

import hashlib
from pathlib import Path
from typing import BinaryIO

_BLOCK = 1 << 20


def md5_bytes(data: bytes) -> str:
    """Return the md5 of `data` as 32 hex digits."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def md5_file(path: Path) -> str:
    """Return the md5 of the file's bytes as 32 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def copy_hashing(source: BinaryIO, target: BinaryIO) -> tuple[str, int]:
    """Copy `source` to `target` in one pass. Returns (md5 hex digits, bytes copied)."""
    digest = hashlib.md5(usedforsecurity=False)
    size = 0
    while block := source.read(_BLOCK):
        digest.update(block)
        target.write(block)
        size += len(block)
    return digest.hexdigest(), size
