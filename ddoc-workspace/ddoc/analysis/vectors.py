"""Vectors of one encoder: a half-precision matrix, memory-mapped, keyed by content hash.

A move, a rename or a restored snapshot recomputes nothing, since the key is the content. Half precision keeps
the cosine of unit vectors to about three decimals at half the size (Parquet and Lance saved 8 % or nothing).
"""

import fcntl
import json
import os
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ddoc.analysis.contents import Column, from_keys
from ddoc.errors import ConflictError, DamagedError, NotFoundError
from ddoc.paths import write_atomic

_RECORD = np.dtype([("key", "V16"), ("crc", "<u4")])
_TAIL = 4096


class VectorStore:
    """The folder `<vectors>/<encoder_key>/` with `matrix.f16`, `keys.bin` and `meta.json`.

    Row i of the matrix belongs to record i of `keys.bin` (16 bytes of md5 and the CRC-32 of the row). Rows are
    flushed to the disk before their keys are written, so a kill at any moment loses at most the append that was
    under way: rows without a key are overwritten by the next one.
    """

    def __init__(self, vectors: Path, encoder_key: str, *, dim: int | None = None) -> None:
        self.key = encoder_key
        self._folder = vectors / encoder_key
        self._rows: dict[str, int] = {}
        self._read = 0
        meta = self._meta()
        if meta is None and dim is None:
            raise NotFoundError(
                f"there are no vectors of encoder '{encoder_key}' yet; run the embedding analysis",
                code="no-vectors",
                encoder=encoder_key,
            )
        self.dim: int = int(meta["dim"]) if meta is not None else int(dim or 0)
        if meta is None:
            write_atomic(
                self._folder / "meta.json", json.dumps({"encoder": encoder_key, "dim": self.dim}).encode()
            )
        elif dim is not None and dim != self.dim:
            raise ConflictError(
                f"the vectors of '{encoder_key}' have {self.dim} numbers, not {dim}",
                code="vector-size-differs",
            )

    @classmethod
    def exists(cls, vectors: Path, encoder_key: str) -> bool:
        """Whether there is a store for this encoder."""
        return (vectors / encoder_key / "meta.json").exists()

    @property
    def folder(self) -> Path:
        """The folder of the store; what is derived from its vectors may be kept there too."""
        return self._folder

    def __len__(self) -> int:
        self._refresh()
        return self._read

    def hashes(self) -> set[str]:
        """Return the content hashes that have a vector."""
        self._refresh()
        return set(self._rows)

    def contents(self) -> Column:
        """Return the content hashes as a column, in the order of the matrix' rows."""
        return from_keys(self._records()["key"][: self._committed()])

    def at(self, places: NDArray[np.int64]) -> NDArray[np.float16]:
        """Return the rows of the matrix at these places, in stored precision."""
        return self._matrix()[places]

    def have(self, hashes: Sequence[str]) -> list[bool]:
        """Return for each hash whether it has a vector."""
        self._refresh()
        return [h in self._rows for h in hashes]

    def rows(self, hashes: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 (n, dim) in the order of `hashes`. Raises NotFoundError `no-vector` naming the first gap."""
        return self.half_rows(hashes).astype(np.float32)

    def half_rows(self, hashes: Sequence[str]) -> NDArray[np.float16]:
        """As `rows`, in stored precision: half the memory for large sets."""
        self._refresh()
        try:
            places = np.fromiter((self._rows[h] for h in hashes), np.int64, len(hashes))
        except KeyError as missing:
            raise NotFoundError(f"no vector for content {missing}", code="no-vector") from None
        if not len(places):
            return np.empty((0, self.dim), np.float16)
        out: NDArray[np.float16] = self._matrix()[places]
        return out

    def append(self, hashes: Sequence[str], values: NDArray[np.floating[Any]]) -> None:
        """Add vectors: `values` (n, dim). Known hashes are skipped. On return they survive a power loss."""
        matrix = np.ascontiguousarray(values, np.float16)
        if matrix.shape != (len(hashes), self.dim):
            raise ConflictError(
                f"{len(hashes)} vectors of {self.dim} numbers expected, got {matrix.shape}",
                code="vector-size-differs",
            )
        with self._lock():
            self._drop_torn_tail()
            self._refresh()
            fresh = _first_of_new(hashes, self._rows)
            if not fresh:
                return
            block = matrix[fresh]
            with self._open("matrix.f16") as file:
                file.seek(self._read * self.dim * 2)
                file.truncate()
                file.write(block.tobytes())
                _to_disk(file)
            records = np.empty(len(fresh), _RECORD)
            records["key"] = np.frombuffer(bytes.fromhex("".join(hashes[i] for i in fresh)), "V16")
            records["crc"] = [zlib.crc32(row.tobytes()) for row in block]
            with self._open("keys.bin") as file:
                file.seek(self._read * _RECORD.itemsize)
                file.truncate()
                file.write(records.tobytes())
                _to_disk(file)
        self._refresh()

    def flush(self) -> None:
        """Do nothing: `append` is durable."""

    def clear(self, hashes: Sequence[str]) -> None:
        """Forget the vectors of `hashes` by writing the others anew."""
        gone = set(hashes)
        with self._lock():
            self._refresh()
            kept = [h for h in self._rows if h not in gone]
            rows, records = self.half_rows(kept), self._records()[[self._rows[h] for h in kept]]
            # the keys go first: without them no row counts, so a kill between the two loses, but mixes up nothing
            write_atomic(self._folder / "keys.bin", b"", durable=True)
            write_atomic(self._folder / "matrix.f16", rows.tobytes(), durable=True)
            write_atomic(self._folder / "keys.bin", records.tobytes(), durable=True)
        self._rows, self._read = {}, 0

    def verify(self) -> int:
        """Check every row against its CRC. Returns the number of rows; raises DamagedError at the first bad one."""
        self._refresh()
        matrix, records = self._matrix(), self._records()
        for row in range(self._read):
            if zlib.crc32(matrix[row].tobytes()) != int(records["crc"][row]):
                raise DamagedError(
                    f"vector {row} of '{self.key}' does not match its checksum", code="damaged-vectors"
                )
        return self._read

    def _drop_torn_tail(self) -> None:
        """Cut records at the end whose rows are not what they say (after a power loss, not a mere kill)."""
        count = self._committed()
        start = max(0, count - _TAIL)
        if count == start:
            return
        matrix, records = self._matrix(), self._records()
        good = start
        while good < count and zlib.crc32(matrix[good].tobytes()) == int(records["crc"][good]):
            good += 1
        if good < count:
            with self._open("keys.bin") as file:
                file.truncate(good * _RECORD.itemsize)
                _to_disk(file)
            self._rows, self._read = {}, 0

    def _committed(self) -> int:
        sizes = [
            p.stat().st_size if p.exists() else 0
            for p in (self._folder / "keys.bin", self._folder / "matrix.f16")
        ]
        return min(sizes[0] // _RECORD.itemsize, sizes[1] // (self.dim * 2))

    def _refresh(self) -> None:
        count = self._committed()
        if count < self._read:
            self._rows, self._read = {}, 0
        if count > self._read:
            raw = self._records()["key"][self._read : count].tobytes().hex()
            fresh = [raw[i : i + 32] for i in range(0, len(raw), 32)]
            self._rows.update(zip(fresh, range(self._read, count), strict=True))
            self._read = count

    def _records(self) -> NDArray[Any]:
        data = (self._folder / "keys.bin").read_bytes() if (self._folder / "keys.bin").exists() else b""
        return np.frombuffer(data, _RECORD, count=len(data) // _RECORD.itemsize)

    def _matrix(self) -> NDArray[np.float16]:
        count = self._committed()
        if not count:
            return np.empty((0, self.dim), np.float16)
        return np.memmap(self._folder / "matrix.f16", np.float16, mode="r", shape=(count, self.dim))

    def _meta(self) -> dict[str, Any] | None:
        path = self._folder / "meta.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else None

    def _open(self, name: str) -> BinaryIO:
        path = self._folder / name
        path.touch()
        return path.open("r+b")

    @contextmanager
    def _lock(self) -> Generator[None]:
        with (self._folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _first_of_new(hashes: Sequence[str], known: dict[str, int]) -> list[int]:
    """Return the positions of hashes that are not known, each hash once."""
    first: dict[str, int] = {}
    for position, content_hash in enumerate(hashes):
        if content_hash not in known:
            first.setdefault(content_hash, position)
    return list(first.values())


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
