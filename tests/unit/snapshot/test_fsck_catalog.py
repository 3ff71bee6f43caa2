"""fsck against the service's own catalog: made by the service's store, read by the library as a file."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.stores.catalog import Catalog, DatasetRecord, DriftRecord, WorkspaceRecord
from app.stores.database import Database, sqlite_url
from app.stores.job_store import now
from ddoc.core.fsck import fsck, fsck_catalog
from ddoc.core.fsck_catalog import CatalogPlaces
from tests.unit.snapshot.making import copy_of, image_paths


@pytest.fixture
def places(template: Path, tmp_path: Path) -> CatalogPlaces:
    """A service's folder: one dataset, the workspace made of it, one drift report, and a deleted workspace."""
    found = CatalogPlaces(tmp_path / "workspaces")
    found.datasets.mkdir(parents=True)
    shutil.copytree(template.parent / "source", found.datasets / "ds-1", symlinks=True)
    copy_of(template, found.workspaces / "ws-1")
    (found.reports / "dr-1").mkdir(parents=True)
    database = Database.open(sqlite_url(found.file))
    catalog = Catalog(database)
    items = len(image_paths(found.datasets / "ds-1"))
    catalog.datasets.add(
        DatasetRecord("ds-1", "자료", "yolo", "detect", items, 0, {"train": items}, ("a",), 1, ())
    )
    catalog.workspaces.add(
        WorkspaceRecord("ws-1", "일", "detect", "yolo", dataset_id="ds-1", drift_report_id="dr-1")
    )
    catalog.workspaces.add(WorkspaceRecord("ws-0", "gone", "detect", "yolo", deleted_at=now()))
    catalog.drift_reports.add(
        DriftRecord("dr-1", {"dataset_id": "ds-1"}, {"dataset_id": "ds-1"}, "none", 0.0)
    )
    database.close()
    return found


def _codes(places: CatalogPlaces) -> set[tuple[str, str]]:
    return {(f.code, f.subject) for f in fsck_catalog(places)}


def _write(places: CatalogPlaces, statement: str) -> None:
    with sqlite3.connect(places.file) as connection:
        connection.execute(statement)
    connection.close()


def test_a_whole_service_has_no_findings(places: CatalogPlaces) -> None:
    assert fsck_catalog(places) == []
    for root in (places.workspaces / "ws-1", places.datasets / "ds-1"):
        assert CatalogPlaces.around(root) == places
        assert fsck(root, catalog=places) == []


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (lambda p: shutil.rmtree(p.workspaces / "ws-1"), ("workspace-folder-missing", "ws-1")),
        (lambda p: shutil.rmtree(p.datasets / "ds-1"), ("dataset-folder-missing", "ds-1")),
        (lambda p: (p.reports / "dr-1").rmdir(), ("drift-report-folder-missing", "dr-1")),
        (lambda p: (p.workspaces / "ws-2" / "data").mkdir(parents=True), ("workspace-not-listed", "ws-2")),
        (lambda p: (p.datasets / "ds-2").mkdir(), ("dataset-not-listed", "ds-2")),
        (lambda p: (p.reports / "dr-2").mkdir(), ("drift-report-not-listed", "dr-2")),
        (lambda p: image_paths(p.datasets / "ds-1")[0].unlink(), ("items-differ", "ds-1")),
        (lambda p: _write(p, "UPDATE workspaces SET task = 'classify'"), ("task-differs", "ws-1")),
        (lambda p: _write(p, "DELETE FROM drift_reports"), ("source-unknown", "ws-1")),
        (lambda p: _write(p, "UPDATE workspaces SET deleted_at = '2026'"), ("workspace-not-listed", "ws-1")),
        (lambda p: _write(p, "DROP TABLE datasets"), ("catalog-damaged", "")),
        (lambda p: p.file.write_bytes(b"no database" * 1000), ("catalog-damaged", "")),
    ],
)
def test_what_differs_is_found(
    places: CatalogPlaces, harm: Callable[[CatalogPlaces], object], expected: tuple[str, str]
) -> None:
    harm(places)
    found = {(code, subject.replace(str(places.file), "")) for code, subject in _codes(places)}
    assert expected in found


def test_what_a_running_job_makes_is_not_called_unlisted(places: CatalogPlaces) -> None:
    (places.workspaces / "ws-2" / "data").mkdir(parents=True)
    values = "'j', 'create-workspace', 'ws-2', 1, 'running', '{}', '{}', 1, 0, 0, 1, 0, '2026'"
    names = (
        "job_id, kind, workspace_id, writes, state, params, progress, attempt, crashes, restarts, fence, "
        "cancel_requested, created_at"
    )
    _write(places, f"INSERT INTO jobs ({names}) VALUES ({values})")
    assert fsck_catalog(places) == []


def test_one_root_is_told_what_the_catalog_says_of_it(places: CatalogPlaces) -> None:
    copy_of(places.workspaces / "ws-1", places.workspaces / "ws-2")
    assert [(f.area, f.code) for f in fsck(places.workspaces / "ws-2", catalog=places)] == [
        ("catalog", "workspace-not-listed")
    ]
    _write(places, "UPDATE datasets SET items = 1")
    assert [f.code for f in fsck(places.datasets / "ds-1", catalog=places)] == ["items-differ"]


def test_the_command_checks_one_root_or_all(places: CatalogPlaces) -> None:
    def run(folder: Path) -> tuple[int, list[tuple[str, str]]]:
        code = "from ddoc.cli import main; main()"
        command = [sys.executable, "-c", code, "fsck", str(folder), "--json"]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        return done.returncode, [
            (f["code"], Path(f["root"]).name) for f in json.loads(done.stdout)["findings"]
        ]

    assert run(places.workspaces) == (0, [])
    assert run(places.workspaces / "ws-1") == (0, [])
    _write(places, "UPDATE workspaces SET task = 'classify'")
    (places.workspaces / "ws-1" / "data" / "labels" / "train" / "nobody.txt").touch()
    code, found = run(places.workspaces)
    assert (code, sorted(found)) == (4, [("label-without-image", "ws-1"), ("task-differs", "workspaces")])
    code, found = run(places.workspaces / "ws-1")
    assert (code, sorted(found)) == (4, [("label-without-image", "ws-1"), ("task-differs", "ws-1")])
