"""The data of runs: made once per content and format, read-only, a few images for dry runs."""

from pathlib import Path

import pytest

from ddoc.core.mlflow_experiment_service import SnapshotVersions
from ddoc.core.snapshot_service import SnapshotService
from ddoc.core.workspace_service import WorkspaceService
from ddoc.dataset.info import read_info
from ddoc.dataset.items import Task
from ddoc.experiment.run_data import RunData
from ddoc.experiment.training_data import read_items, read_objects
from ddoc.paths import Layout
from ddoc.progress import no_progress
from tests.fixtures.make_data import make_root


def workspace(tmp_path: Path, *, task: Task = "detect", n: int = 14) -> tuple[RunData, str, str, Path]:
    make_root(tmp_path / "source", n=n, task=task)
    root = tmp_path / "ws"
    WorkspaceService().init_workspace(root, source=tmp_path / "source", name="Data")
    versions = SnapshotVersions(SnapshotService(root))
    version = versions.version("v1", message="", progress=no_progress)
    return RunData(Layout(root), versions), version.snapshot_id, version.data_hash, root


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_the_canonical_export_is_the_data_as_it_was(tmp_path: Path) -> None:
    data, sid, digest, root = workspace(tmp_path)
    export = data.full(sid, digest, "ddoc")
    assert files(export) == files(root / "data")
    for name in files(export):
        assert (export / name).read_bytes() == (root / "data" / name).read_bytes()
        assert (export / name).stat().st_mode & 0o222 == 0
    assert data.full(sid, digest, "ddoc") == export


def test_an_edit_of_the_data_does_not_reach_the_export(tmp_path: Path) -> None:
    data, sid, digest, root = workspace(tmp_path)
    export = data.full(sid, digest, "ddoc")
    name = next(n for n in files(export) if n.endswith(".txt"))
    before = (export / name).read_bytes()
    label = root / "data" / name
    label.chmod(0o644)
    label.write_text("changed\n")
    assert (export / name).read_bytes() == before


def test_a_few_images_come_from_every_split_with_their_labels(tmp_path: Path) -> None:
    data, sid, digest, _ = workspace(tmp_path)
    few = data.few(sid, digest, "ddoc", images=6)
    items = list(read_items(few))
    assert len(items) == 6
    assert {item.split for item in items} == {"train", "val"}
    assert all(item.annotations for item in items)
    assert data.few(sid, digest, "coco", images=6) != few


def test_a_classification_set_gives_its_images_as_objects(tmp_path: Path) -> None:
    data, sid, digest, _ = workspace(tmp_path, task="classify")
    export = data.full(sid, digest, "ddoc")
    objects = read_objects(export)
    assert len(objects) == 14
    assert all(o.box is None for o in objects)
    assert {o.class_name for o in objects} <= set(read_info(export).classes)
    folder = data.full(sid, digest, "imagefolder")
    assert sum(name.endswith(".jpg") for name in files(folder)) == 14


def test_the_oldest_exports_go_but_not_those_in_use(tmp_path: Path) -> None:
    data, sid, digest, root = workspace(tmp_path)
    export = data.full(sid, digest, "ddoc")
    folder = export.parent
    for number in range(9):
        (folder / f"{number}-ddoc").mkdir()
    data.prune({digest})
    assert export.is_dir()
    assert len(list(folder.iterdir())) in {6, 7}
    data.prune(set())
    assert len(list(folder.iterdir())) == 6
    assert data.full(sid, digest, "ddoc").is_dir()
    assert (root / "data").is_dir()


@pytest.mark.parametrize("wanted", ["yolo", "coco", "voc"])
def test_every_format_holds_all_images(tmp_path: Path, wanted: str) -> None:
    data, sid, digest, _ = workspace(tmp_path)
    export = data.full(sid, digest, wanted)  # type: ignore[arg-type]
    assert sum(name.endswith(".jpg") for name in files(export)) == 14
