from pathlib import Path

import pytest

from ddoc.core.snapshot_service import SnapshotService
from tests.unit.snapshot.making import copy_of, make_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("snapshots"))


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    return copy_of(template, tmp_path / "ws")


@pytest.fixture
def snapshots(root: Path) -> SnapshotService:
    return SnapshotService(root)
