"""The database: opening, migrating, and transactions that never wait for each other in a spin."""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from app.stores.ballast import Ballast
from ddoc.errors import DiskFullError

_log = logging.getLogger(__name__)
MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """An engine with two kinds of transactions.

    Writers of this process take turns on a lock: SQLite would make them poll, and events would become visible
    out of the order of their numbers on PostgreSQL. Readers never wait.
    """

    def __init__(self, engine: Engine, *, ballast: Ballast | None = None) -> None:
        self._engine = engine
        self._ballast = ballast
        self._writer = threading.RLock()

    @classmethod
    def open(cls, url: str, *, ballast: Ballast | None = None) -> "Database":
        """Open and migrate the database at the SQLAlchemy URL `url`. `ballast` is dropped when the disk is full."""
        engine = _create_engine(url)
        with engine.connect() as connection:
            migrate(connection)
            connection.commit()
        if ballast is not None:
            ballast.take()
        return cls(engine, ballast=ballast)

    @contextlib.contextmanager
    def read(self) -> Generator[Connection]:
        """Yield a connection inside a read transaction."""
        with self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Generator[Connection]:
        """Yield a connection inside a write transaction; committed on success, rolled back on error.

        Raises DiskFullError when the disk has no room for it.
        """
        try:
            with self._writer, self._engine.connect() as connection:
                writing = connection.execution_options(ddoc_writes=True)
                with writing.begin():
                    yield writing
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                if self._ballast is not None:
                    _log.warning("the disk is full; the reserve is given up")
                    self._ballast.drop()
                raise DiskFullError("the disk is full; free some space and try again") from error
            raise

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
        if self._ballast is not None:
            self._ballast.drop()


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file, whose folder is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{path}"


def migrate(connection: Connection) -> None:
    """Bring the schema to the newest revision. Does nothing when it is there."""
    from alembic import command  # only the service migrates; the processes of jobs need not carry it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _create_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    engine = create_engine(parsed, pool_size=16, max_overflow=48, connect_args={"timeout": 10})

    def on_connect(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN comes too late (at the first write) and would make upgrades of a lock fail.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("ddoc_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine
