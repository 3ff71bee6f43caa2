"""What an index stands on: the database, the state that the last commit left, and what is kept in memory of it."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from ddoc.dataset.bins import Bins
from ddoc.dataset.database import Cursor, Database
from ddoc.dataset.pairs import Pairs, read_pairs
from ddoc.dataset.rows import MAX_PATCH, Rows, read_rows
from ddoc.dataset.schema import DDL, SCHEMA_VERSION
from ddoc.dataset.state import State, empty_state, read_state, write_state
from ddoc.dataset.statistics import Totals, read_totals, totals_of
from ddoc.execution import cores

_CACHED = 4_096
Touched = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Change:
    """What a write did: the state after it, and the row ids that it touched (None: any, such as all attributes)."""

    state: State
    touched: Touched | None = None
    same_rows: bool = False
    """Whether what a page shows stayed the same, although any row may have changed otherwise."""


@dataclass(frozen=True, slots=True)
class _Memory:
    """What is kept in memory of one state."""

    state: State
    rows: Rows | None
    bins: Bins
    pairs: Pairs | None
    totals: Totals | None


class IndexStore:
    """The database of one index with its state. Reads see one state throughout; writes come one at a time."""

    def __init__(self, path: Path) -> None:
        self.database, state = _open(path)
        self._memory = _Memory(state, None, Bins(), None, None)
        self._commits = 0  # twice the number of commits; odd while one becomes visible
        self._filling = threading.Lock()
        self._cache: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._cache_lock = threading.Lock()

    @property
    def state(self) -> State:
        """What the last commit left."""
        return self._memory.state

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    @contextlib.contextmanager
    def reading(self) -> Generator[tuple[Cursor, State]]:
        """Give a cursor that sees one state throughout, and that state."""
        with self.database.cursor() as cursor:
            state = self._begin(cursor)
            try:
                yield cursor, state
            finally:
                cursor.rollback()

    def _begin(self, cursor: Cursor) -> State:
        """Begin a snapshot and return its state. Readers do not wait for each other: one that a commit crossed, which
        an odd or another number of commits tells, begins anew.
        """
        while True:
            before = self._commits
            if before % 2:
                with self.database.gate:
                    continue
            cursor.begin()
            # the snapshot is taken by the first statement
            cursor.execute("SELECT 1 FROM meta LIMIT 1").fetchall()
            state = self._memory.state
            if self._commits == before:
                return state
            cursor.rollback()

    def write(self, change: Callable[[Cursor, State], Change]) -> None:
        """Run a change and commit it; what is in memory follows. An error leaves everything as it was."""
        with self.database.write_lock, self.database.cursor() as cursor:
            cursor.begin()
            try:
                done = change(cursor, self._memory.state)
                if done.state != self._memory.state:
                    write_state(cursor, done.state, SCHEMA_VERSION)
                following = self._follow(cursor, done)
                with self.database.gate:
                    self._commits += 1
                    try:
                        cursor.commit()
                        self._memory = following
                    finally:
                        self._commits += 1
            except BaseException:
                cursor.rollback()
                raise

    def _follow(self, cursor: Cursor, done: Change) -> _Memory:
        before = self._memory
        if done.touched is None:
            rows = before.rows if done.same_rows else None
            return _Memory(done.state, rows, Bins(), before.pairs, before.totals)
        if not len(done.touched):
            return replace(before, state=done.state)
        if len(done.touched) > MAX_PATCH:
            return _Memory(done.state, None, Bins(), None, None)
        change = (cursor, done.state, done.touched)
        rows = before.rows.patched(*change) if before.rows is not None else None
        pairs = before.pairs.patched(*change) if before.pairs is not None else None
        totals = before.totals
        if totals is not None:
            with (
                self.database.cursor() as other
            ):  # sees what was before, since this change is not committed yet
                totals = totals.changed(totals_of(other, done.touched), totals_of(cursor, done.touched))
        return _Memory(done.state, rows, before.bins.patched(*change), pairs, totals)

    def kept_rows(self) -> tuple[Rows, State] | None:
        """Return the items of the last commit and its state where they are in memory: no cursor is needed then."""
        memory = self._memory
        return None if memory.rows is None else (memory.rows, memory.state)

    def rows(self, cursor: Cursor, state: State) -> Rows:
        """Return the items of `state` in memory, read through `cursor` (which sees that state) if they are not."""
        memory = self._memory
        if memory.state is state and memory.rows is not None:
            return memory.rows
        with self._filling:
            memory = self._memory
            if memory.state is state and memory.rows is not None:
                return memory.rows
            rows = read_rows(cursor, state)
            self._keep(state, rows=rows)
            return rows

    def pairs(self, cursor: Cursor, state: State) -> Pairs:
        """Return which item has which class in `state`, and its split."""
        memory = self._memory
        if memory.state is state and memory.pairs is not None:
            return memory.pairs
        with self._filling:
            memory = self._memory
            if memory.state is state and memory.pairs is not None:
                return memory.pairs
            pairs = read_pairs(cursor, state)
            self._keep(state, pairs=pairs)
            return pairs

    def totals(self, cursor: Cursor, state: State) -> Totals:
        """Return the totals over all items of `state`."""
        memory = self._memory
        if memory.state is state and memory.totals is not None:
            return memory.totals
        with self._filling:
            memory = self._memory
            if memory.state is state and memory.totals is not None:
                return memory.totals
            totals = read_totals(cursor)
            self._keep(state, totals=totals)
            return totals

    def bins(self, cursor: Cursor, state: State, fields: Sequence[str]) -> Bins:
        """Return the bars of these numeric fields for `state`."""
        memory = self._memory
        if memory.state is state and not memory.bins.missing(fields):
            return memory.bins
        with self._filling:
            memory = self._memory
            known = memory.bins if memory.state is state else Bins()
            bins = known.with_fields(cursor, state, known.missing(fields)) if known.missing(fields) else known
            self._keep(state, bins=bins)
            return bins

    def _keep(self, state: State, **filled: Any) -> None:
        """Keep what was read of `state`, unless a commit came in between."""
        with self.database.gate:
            if self._memory.state is state:
                self._memory = replace(self._memory, **filled)

    def cached(self, key: tuple[Any, ...], compute: Callable[[], Any]) -> Any:
        """Return a value that only depends on `key` (which holds the version)."""
        with self._cache_lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        value = compute()
        with self._cache_lock:
            self._cache[key] = value
            while len(self._cache) > _CACHED:
                self._cache.popitem(last=False)
        return value


def _open(path: Path) -> tuple[Database, State]:
    """Open the index, or make a new one where there is none or one of another version or damaged."""
    if path.exists():
        try:
            database = Database(path, threads=cores())
        except (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException):
            _delete(path)
        else:
            state = _stored_state(database)
            if state is not None:
                return database, state
            database.close()
            _delete(path)
    database = Database(path, threads=cores())
    state = empty_state()
    with database.cursor() as cursor:
        cursor.begin()
        for statement in DDL:
            cursor.execute(statement)
        write_state(cursor, state, SCHEMA_VERSION)
        cursor.commit()
    return database, state


def _stored_state(database: Database) -> State | None:
    with database.cursor() as cursor:
        try:
            rows = cursor.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchall()
        except duckdb.CatalogException:
            return None
        return read_state(cursor) if rows == [(str(SCHEMA_VERSION),)] else None


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
