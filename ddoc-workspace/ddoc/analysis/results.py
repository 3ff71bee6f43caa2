"""Per-image values as Parquet, keyed by content hash: dear to compute, so they outlive the index."""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ddoc.paths import atomic_path

Table: TypeAlias = Any
"""A `pyarrow.Table`; pyarrow ships no types."""
KEY = "content_hash"
_FLUSH_ROWS = 512


class ResultsStore:
    """The file `<key>.parquet` in `folder`, and the parts of a run that has not ended.

    Appended rows become small part files beside it, each written whole by rename; `compact` folds them into the
    main file. A kill loses at most the rows since the last flush, and never what was there.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._main = folder / f"{key}.parquet"
        self._parts = folder / f"{key}.parts"
        self._pending: list[Table] = []
        self._known: set[str] | None = None

    @property
    def path(self) -> Path:
        """The main file; it may be absent."""
        return self._main

    def hashes(self) -> set[str]:
        """Return the content hashes that have a result."""
        if self._known is None:
            keys: list[str] = []
            for path in self._files():
                keys += pq.read_table(path, columns=[KEY], memory_map=False)[KEY].to_pylist()
            self._known = set(keys)
        return set(self._known)

    def append(self, hashes: Sequence[str], values: Mapping[str, Any]) -> None:
        """Add rows: one array of len(hashes) per column in `values`. Known hashes are skipped."""
        known = self.hashes() if self._known is None else self._known
        self._known = known
        keep: list[int] = []
        for position, content_hash in enumerate(hashes):
            if content_hash not in known:
                known.add(content_hash)
                keep.append(position)
        if not keep:
            return
        table = pa.table({KEY: pa.array(hashes), **{name: pa.array(v) for name, v in values.items()}})
        self._pending.append(table.take(pa.array(keep)))
        if sum(t.num_rows for t in self._pending) >= _FLUSH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write the pending rows as one part file."""
        if self._pending:
            self._parts.mkdir(parents=True, exist_ok=True)
            name = f"{len(list(self._parts.glob('*.parquet'))):06d}-{secrets.token_hex(4)}.parquet"
            _write(pa.concat_tables(self._pending), self._parts / name)
            self._pending = []

    def compact(self) -> None:
        """Fold the parts into the main file. Idempotent: a kill between the steps leaves rows twice, read once."""
        self.flush()
        parts = self._part_files()
        if parts:
            _write(self.table(), self._main)
            for part in parts:
                part.unlink()
            self._parts.rmdir()

    def table(self) -> Table:
        """Return all rows, each content hash once; an empty table with the key column if there is none."""
        tables = [pq.read_table(path, memory_map=False) for path in self._files()] + self._pending
        if not tables:
            return pa.table({KEY: pa.array([], pa.string())})
        joined = pa.concat_tables(tables, promote_options="default").combine_chunks()
        if len(tables) == 1:
            return joined
        _, first = np.unique(np.asarray(joined[KEY].to_pylist(), dtype=object), return_index=True)
        return joined if len(first) == joined.num_rows else joined.take(pa.array(np.sort(first)))

    def numeric_table(self) -> Table:
        """Return the content hash and every number column as float64: what the index loads."""
        table = self.table()
        return pa.table({KEY: table[KEY], **{n: as_float(table[n]) for n in number_names(table)}})

    def matrix(self, hashes: Sequence[str], columns: Sequence[str]) -> NDArray[np.float64]:
        """Return float64 (n, len(columns)) in the order of `hashes`; rows of unknown content are NaN."""
        table = self.table()
        out = np.full((len(hashes), len(columns)), np.nan)
        place_of = {h: i for i, h in enumerate(table[KEY].to_pylist())}
        rows = np.fromiter((place_of.get(h, -1) for h in hashes), np.int64, len(hashes))
        for place, name in enumerate(columns):
            if name in table.column_names and table.num_rows:
                values = as_float(table[name]).to_numpy()
                out[:, place] = np.where(rows >= 0, values[rows], np.nan)
        return out

    def clear(self, hashes: Sequence[str]) -> None:
        """Forget the results of `hashes`."""
        table = self.table()
        gone = set(hashes)
        _write(
            table.filter(pa.array([h not in gone for h in table[KEY].to_pylist()], pa.bool_())), self._main
        )
        for part in self._part_files():
            part.unlink()
        self._pending, self._known = [], None

    def _part_files(self) -> list[Path]:
        return sorted(self._parts.glob("*.parquet")) if self._parts.is_dir() else []

    def _files(self) -> list[Path]:
        return [*([self._main] if self._main.exists() else []), *self._part_files()]


def number_names(table: Table) -> list[str]:
    """Return the names of the number columns; perceptual hashes, which are unsigned, are none."""
    return [
        f.name for f in table.schema if pa.types.is_floating(f.type) or pa.types.is_signed_integer(f.type)
    ]


def as_float(values: Any) -> Any:
    """Return a number column as float64."""
    return values.cast(pa.float64(), safe=False)


def _write(table: Table, path: Path) -> None:
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
