from pathlib import Path

import pytest

from ddoc.core.fsck import fsck
from ddoc.core.snapshot_service import SnapshotService
from ddoc.core.workspace_service import WorkspaceService
from ddoc.dataset.dataset import Dataset
from ddoc.errors import ConflictError, InvalidInputError, NotFoundError
from tests.fixtures.make_data import make_root
from tests.unit.snapshot.making import contents, git


@pytest.fixture
def source(tmp_path: Path) -> Path:
    make_root(tmp_path / "source", n=8)
    return tmp_path / "source"


def test_a_workspace_has_the_data_of_its_source_and_a_first_snapshot(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "ws"
    made = WorkspaceService().init_workspace(root, source=source, name="이름", origin={"dataset_id": "ds-1"})
    assert (made.snapshot_id, made.name) == ("v1", "이름")
    assert contents(root / "data") == contents(source / "data")
    first = SnapshotService(root).get("v1")
    with Dataset.open(source) as dataset:
        stats = dataset.statistics()
    assert (first.data.items, first.data.annotations) == (stats.items, stats.annotations)
    assert first.data.splits == dict(stats.splits)
    assert first.data.classes == {name: counts["annotations"] for name, counts in stats.classes.items()}
    assert fsck(root) == []
    assert git(root, "status", "--porcelain") == ""
    assert {p.stat().st_ino for p in (root / "data").rglob("*")}.isdisjoint(
        p.stat().st_ino for p in (source / "data").rglob("*")
    )


def test_results_of_analyses_come_along(source: Path, tmp_path: Path) -> None:
    (source / ".ddoc" / "vectors" / "descriptor").mkdir(parents=True)
    (source / ".ddoc" / "vectors" / "descriptor" / "matrix").write_bytes(b"vectors")
    WorkspaceService().init_workspace(tmp_path / "ws", source=source, name="a")
    assert (tmp_path / "ws" / ".ddoc" / "vectors" / "descriptor" / "matrix").read_bytes() == b"vectors"


def test_a_workspace_of_chosen_items_has_those_and_their_labels(source: Path, tmp_path: Path) -> None:
    with Dataset.open(source) as dataset:
        items = dataset.index.items_table().to_pylist()[:3]
    chosen = {i["item_id"] for i in items}
    WorkspaceService().init_workspace(tmp_path / "ws", source=source, name="part", item_ids=chosen)
    with Dataset.open(tmp_path / "ws") as dataset:
        assert set(dataset.index.ids()) == chosen
        assert dataset.statistics().unlabelled == 0
    with pytest.raises(InvalidInputError) as caught:
        WorkspaceService().init_workspace(tmp_path / "ws2", source=source, name="part", item_ids={"0" * 16})
    assert caught.value.error_code == "unknown-item"
    assert not (tmp_path / "ws2").exists()


def test_an_existing_workspace_or_a_missing_source_is_refused(source: Path, tmp_path: Path) -> None:
    WorkspaceService().init_workspace(tmp_path / "ws", source=source, name="a")
    with pytest.raises(ConflictError) as caught:
        WorkspaceService().init_workspace(tmp_path / "ws", source=source, name="a")
    assert caught.value.error_code == "workspace-exists"
    with pytest.raises(NotFoundError):
        WorkspaceService().init_workspace(tmp_path / "other", source=tmp_path / "nowhere", name="a")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["source", "ws"]


def test_what_a_killed_attempt_left_is_cleared_by_the_next(source: Path, tmp_path: Path) -> None:
    (tmp_path / ".ws.new-0123456789abcdef" / "data").mkdir(parents=True)
    WorkspaceService().init_workspace(tmp_path / "ws", source=source, name="a")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["source", "ws"]


def test_a_link_in_the_source_is_refused_and_nothing_is_left(source: Path, tmp_path: Path) -> None:
    (source / "data" / "images" / "train" / "link.jpg").symlink_to("/etc/passwd")
    with pytest.raises(InvalidInputError):
        WorkspaceService().init_workspace(tmp_path / "ws", source=source, name="a")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["source"]


def test_lineage_joins_snapshots_with_all_that_came_of_them(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "ws"
    WorkspaceService().init_workspace(root, source=source, name="a")
    snapshots = SnapshotService(root)
    for number in range(3):
        snapshots.create_snapshot(f"More {number}", alias=f"alias-{number}", allow_empty=True)
    nodes = [
        {"id": "ds-1", "type": "dataset", "label": "Data", "created_at": "2026-01-01T00:00:00+00:00"},
        {"id": "run-1", "type": "run", "label": "Run", "created_at": "2026-01-02T00:00:00+00:00"},
    ]
    edges = [
        {"from": "ds-1", "to": "v1", "relation": "created-from"},
        {"from": "alias-1", "to": "run-1", "relation": "trained-on"},
        {"from": "ds-9", "to": "v1", "relation": "created-from"},
    ]
    assert _edges(snapshots, nodes, edges) == {
        ("v1", "v2", "parent"),
        ("v2", "v3", "parent"),
        ("v3", "v4", "parent"),
        ("ds-1", "v1", "created-from"),
        ("v3", "run-1", "trained-on"),
    }
    snapshots.delete("v3")
    snapshots.delete("v1")
    edges[1]["from"] = "v3"
    graph = snapshots.get_lineage_graph(nodes, edges)
    assert _edges(snapshots, nodes, edges) == {
        ("v2", "v4", "parent"),
        ("v2", "v3", "parent"),
        ("ds-1", "v2", "created-from"),
        ("v3", "run-1", "trained-on"),
    }
    assert {n.id for n in graph.nodes if n.detail.get("deleted")} == {"v3"}


def test_a_sample_leads_to_the_snapshot_that_holds_its_application(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "ws"
    WorkspaceService().init_workspace(root, source=source, name="a")
    snapshots = SnapshotService(root)
    nodes = [
        {"id": name, "type": "sample", "label": "random", "created_at": "2026-01-01T00:00:00+00:00"}
        for name in ("s-1", "s-2")
    ]
    applied = {"kind": "apply_sample", "params": {"sample_id": "s-1", "action": "remove"}}
    other = {"kind": "move", "params": {"sample_id": "s-2"}}
    unknown = {"kind": "apply_sample", "params": {"sample_id": "s-9"}}
    snapshots.create_snapshot("Applied", allow_empty=True, edits=[applied, other, unknown])
    snapshots.create_snapshot("Later", allow_empty=True)
    line = {("v1", "v2", "parent"), ("v2", "v3", "parent")}
    assert _edges(snapshots, nodes, []) == line | {("s-1", "v2", "applied")}
    assert _edges(snapshots, [], []) == line
    snapshots.delete("v2")
    assert _edges(snapshots, nodes, []) == {("v1", "v3", "parent"), ("s-1", "v3", "applied")}


def _edges(
    snapshots: SnapshotService, nodes: list[dict[str, str]], edges: list[dict[str, str]]
) -> set[tuple[str, str, str]]:
    return {(e.source, e.target, e.relation) for e in snapshots.get_lineage_graph(nodes, edges).edges}
