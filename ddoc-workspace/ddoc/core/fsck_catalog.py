"""The service's catalog against the folders: what it lists must be there, and what is there must be listed.

The catalog is read as the SQLite file that it is, without the service; see `app.stores.tables` for its columns.
"""

import contextlib
import sqlite3
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ddoc.core.item_changes import is_image
from ddoc.dataset.info import read_info
from ddoc.errors import DamagedError, DdocError
from ddoc.snapshot.scan import scan_files

STATE: Final = ".ddoc"
FILE_NAME: Final = "catalog.sqlite"
# What a check yields: code, severity, subject and detail.
Row = tuple[str, Literal["error", "warning"], str, str]


@dataclass(frozen=True, slots=True)
class CatalogPlaces:
    """Where a catalog and what it lists lie, given the folder of all workspaces (WORKSPACES_ROOT)."""

    workspaces: Path

    @property
    def state(self) -> Path:
        """The service's own folder."""
        return self.workspaces / STATE

    @property
    def file(self) -> Path:
        """The catalog."""
        return self.state / FILE_NAME

    @property
    def datasets(self) -> Path:
        """One root per dataset."""
        return self.state / "datasets"

    @property
    def reports(self) -> Path:
        """One folder per drift report."""
        return self.state / "drift"

    @classmethod
    def around(cls, root: Path) -> "CatalogPlaces | None":
        """Return the places of the service that a workspace or dataset root belongs to; None where there is none."""
        parent = root.absolute().parent
        found = cls(parent.parent.parent if parent.parent.name == STATE else parent)
        return found if found.file.is_file() else None


@dataclass(frozen=True, slots=True)
class _Listed:
    """What the catalog lists: ids of what is alive, with task and number of items, and what it was made from."""

    workspaces: dict[str, str]
    datasets: dict[str, tuple[str, int]]
    reports: frozenset[str]
    sources: dict[str, tuple[str | None, str | None]]
    known: frozenset[str]
    busy: frozenset[str]


def check_catalog(places: CatalogPlaces) -> Iterator[Row]:
    """Yield what is wrong between the catalog and the folders of all workspaces, datasets and drift reports.

    A service that is running may be between the two; so what is found is looked at a second time. Raises DamagedError
    (`catalog-damaged`) if the catalog cannot be read.
    """
    found = list(_compare(places))
    again = set(_compare(places)) if found else set[Row]()
    yield from (row for row in found if row in again)


def check_listing(places: CatalogPlaces, root: Path) -> Iterator[Row]:
    """Yield what the catalog says wrongly of one workspace or dataset root."""
    root = root.absolute()
    with _opened(places) as connection:
        listed = _read(connection)
    if root.parent == places.datasets:
        if root.name not in listed.datasets:
            yield _unlisted(root.name, "dataset")
            return
        yield from _dataset(root, *listed.datasets[root.name])
    elif root.name not in listed.workspaces:
        yield _unlisted(root.name, "workspace")
    else:
        yield from _task(root, listed.workspaces[root.name])
        yield from _sources(root.name, listed)


def _compare(places: CatalogPlaces) -> Iterator[Row]:
    with _opened(places) as connection:
        yield from _integrity(connection)
        listed = _read(connection)
    workspaces = {p.name: p for p in _folders(places.workspaces) if (p / "data").is_dir()}
    datasets = {p.name: p for p in _folders(places.datasets)}
    reports = {p.name for p in _folders(places.reports)}
    for kind, present, wanted in (
        ("workspace", workspaces.keys(), listed.workspaces.keys()),
        ("dataset", datasets.keys(), listed.datasets.keys()),
        ("drift-report", reports, listed.reports),
    ):
        for name in sorted(wanted - present):
            yield _missing(name, kind)
        for name in sorted(present - wanted - listed.busy):
            yield _unlisted(name, kind)
    for name in sorted(workspaces.keys() & listed.workspaces.keys()):
        yield from _task(workspaces[name], listed.workspaces[name])
        yield from _sources(name, listed)
    for name in sorted(datasets.keys() & listed.datasets.keys()):
        yield from _dataset(datasets[name], *listed.datasets[name])


def _missing(name: str, kind: str) -> Row:
    return f"{kind}-folder-missing", "error", name, f"the catalog lists this {kind}, its folder is gone"


def _unlisted(name: str, kind: str) -> Row:
    return (
        f"{kind}-not-listed",
        "error",
        name,
        f"the folder of this {kind} is there, the catalog does not list it",
    )


def _task(root: Path, task: str) -> Iterator[Row]:
    try:
        found = read_info(root / "data").task
    except DdocError:
        return  # the check of the files says so
    if found != task:
        yield "task-differs", "error", root.name, f"the catalog says {task}, dataset.yaml says {found}"


def _dataset(root: Path, task: str, items: int) -> Iterator[Row]:
    yield from _task(root, task)
    try:
        scan = scan_files(root / "data")
    except DdocError:
        return  # as above
    found = sum(is_image(folder + name) for folder, files in scan.items() for name in files.names)
    if found != items:
        yield "items-differ", "error", root.name, f"the catalog says {items} items, there are {found}"


def _sources(name: str, listed: _Listed) -> Iterator[Row]:
    for source in listed.sources[name]:
        if source is not None and source not in listed.known:
            yield (
                "source-unknown",
                "warning",
                name,
                f"it was made from {source}, which the catalog does not know",
            )


def _integrity(connection: sqlite3.Connection) -> Iterator[Row]:
    for (said,) in connection.execute("PRAGMA quick_check(5)"):
        if said != "ok":
            yield "catalog-damaged", "error", FILE_NAME, str(said)
    for table, row, other, _ in connection.execute("PRAGMA foreign_key_check"):
        yield "dangling-row", "error", FILE_NAME, f"row {row} of {table} belongs to no row of {other}"


def _read(connection: sqlite3.Connection) -> _Listed:
    rows = connection.execute(
        "SELECT workspace_id, task, dataset_id, drift_report_id FROM workspaces WHERE deleted_at IS NULL"
    ).fetchall()
    datasets = connection.execute("SELECT dataset_id, task, items FROM datasets WHERE deleted_at IS NULL")
    reports = connection.execute("SELECT report_id FROM drift_reports WHERE deleted_at IS NULL")
    known = connection.execute("SELECT dataset_id FROM datasets UNION SELECT report_id FROM drift_reports")
    return _Listed(
        workspaces={name: task for name, task, _, _ in rows},
        datasets={name: (task, items) for name, task, items in datasets},
        reports=frozenset(name for (name,) in reports),
        sources={name: (dataset, report) for name, _, dataset, report in rows},
        known=frozenset(name for (name,) in known),
        busy=_busy(connection),
    )


def _busy(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the ids that a job which has not ended may be making a folder of."""
    rows = connection.execute(
        "SELECT workspace_id, json_extract(params, '$.dataset_id'), json_extract(params, '$.report_id') FROM jobs "
        "WHERE state IN ('queued', 'running')"
    )
    return frozenset(str(name) for row in rows for name in row if name is not None)


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [p for p in sorted(folder.iterdir()) if p.is_dir() and not p.name.startswith(".")]


@contextlib.contextmanager
def _opened(places: CatalogPlaces) -> Generator[sqlite3.Connection]:
    """Open the catalog for reading. Raises DamagedError (`catalog-damaged`)."""
    try:
        with contextlib.closing(
            sqlite3.connect(f"{places.file.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
        ) as connection:
            yield connection
    except sqlite3.Error as error:
        raise DamagedError(
            f"the catalog cannot be read: {error}", code="catalog-damaged", path=str(places.file)
        ) from error
