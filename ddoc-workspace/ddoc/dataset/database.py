"""The connection to the index file: pooled cursors for readers, one writer at a time, snapshots for both."""

import contextlib
import threading
from collections import deque
from collections.abc import Generator
from pathlib import Path
from typing import Any

import duckdb

from ddoc.errors import ConflictError

Cursor = duckdb.DuckDBPyConnection

MEMORY_LIMIT = "400MB"
"""What DuckDB may hold; beyond, it spills to `.ddoc/tmp`. With what is kept for pages, a million items stay in 700 MB."""


class Database:
    """One DuckDB file, opened by this process alone.

    Readers take a cursor of their own and see one state throughout; a writer holds the lock until it commits.
    A file that is no database of ours (damaged, another version) is the caller's to delete: all of it is derived.
    """

    def __init__(self, path: Path, *, threads: int, memory_limit: str = MEMORY_LIMIT) -> None:
        (path.parent / "tmp").mkdir(parents=True, exist_ok=True)
        self._connection = _connect(path, threads=threads, memory_limit=memory_limit)
        self._idle: deque[Cursor] = deque()
        self._all: list[Cursor] = []
        self._pool_lock = threading.Lock()
        self._closed = False
        self.write_lock = threading.RLock()
        self.gate = threading.Lock()
        """Held while a commit becomes visible."""

    @contextlib.contextmanager
    def cursor(self) -> Generator[Cursor]:
        """Lend a cursor; it goes back to the pool afterwards, without an open transaction."""
        with self._pool_lock:
            if self._closed:
                raise ConflictError("the dataset is closed", code="dataset-closed")
            cursor = self._idle.pop() if self._idle else self._new_cursor()
        try:
            yield cursor
        finally:
            with self._pool_lock:
                if not self._closed:
                    self._idle.append(cursor)

    def _new_cursor(self) -> Cursor:
        cursor = self._connection.cursor()
        self._all.append(cursor)
        return cursor

    def close(self) -> None:
        """Close every cursor and the file. Waits for a writer; a reader still at work fails."""
        with self.write_lock, self._pool_lock:
            if self._closed:
                return
            self._closed = True
            for cursor in self._all:
                cursor.close()
            self._connection.close()


def _connect(path: Path, *, threads: int, memory_limit: str) -> Cursor:
    try:
        connection = duckdb.connect(
            str(path),
            config={
                "threads": threads,
                "memory_limit": memory_limit,
                "temp_directory": str(path.parent / "tmp" / "duckdb"),
                "preserve_insertion_order": True,
                # a rewrite of all items is checkpointed at once, so that the file reuses the blocks it frees
                "checkpoint_threshold": "4MB",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
            },
        )
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise ConflictError("another process has this dataset open", code="index-in-use") from error
        raise
    return connection


def one_row(cursor: Cursor, sql: str, params: object = None) -> tuple[Any, ...]:
    """Return the only row of a query. (fetchone would leave the result open, which blocks the cursor.)"""
    (row,) = cursor.execute(sql, params).fetchall()
    return row


@contextlib.contextmanager
def bound(cursor: Cursor, **tables: object) -> Generator[None]:
    """Make Arrow tables visible to the SQL of `cursor` under the given names, for the time of the block."""
    for name, table in tables.items():
        cursor.register(name, table)
    try:
        yield
    finally:
        for name in tables:
            cursor.unregister(name)
