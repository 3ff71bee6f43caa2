import os
from pathlib import Path

import pytest

from ddoc.core.fsck import fsck
from ddoc.core.snapshot_service import SnapshotService
from ddoc.core.workspace_service import WorkspaceService
from ddoc.dataset.dataset import Dataset
from tests.unit.snapshot.making import git, image_paths, objects


def _codes(root: Path, **options: object) -> list[tuple[str, str]]:
    return [(f.area, f.code) for f in fsck(root, **options)]  # pyright: ignore


def test_a_whole_workspace_has_no_findings(root: Path) -> None:
    assert fsck(root) == []
    assert fsck(root, full=False) == []


def test_a_whole_dataset_has_no_findings(template: Path) -> None:
    assert fsck(template.parent / "source") == []


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        ("object-missing", ("cache", "object-missing")),
        ("object-damaged", ("cache", "object-damaged")),
        ("listing-damaged", ("cache", "object-damaged")),
        ("journal", ("snapshots", "snapshot-unfinished")),
        ("staging", ("snapshots", "leftover")),
        ("pointer", ("git", "pointer-differs")),
        ("no-pointer", ("git", "pointer-missing")),
        ("detached", ("git", "head-detached")),
        ("git-object", ("git", "git-damaged")),
        ("tag", ("snapshots", "foreign-snapshot")),
        ("link", ("files", "link-in-data")),
        ("yaml", ("files", "dataset-yaml-missing")),
        ("temporary", ("files", "leftover")),
        ("label", ("files", "label-without-image")),
        ("hidden-edit", ("manifest", "manifest-wrong")),
    ],
)
def test_what_is_harmed_is_found(root: Path, harm: str, expected: tuple[str, str]) -> None:
    _HARMS[harm](root)
    assert expected in _codes(root)


def test_the_index_is_compared_with_the_files(root: Path) -> None:
    with Dataset.open(root) as dataset:
        good = [p for p in image_paths(root) if p.suffix == ".jpg"]
        assert [c for c in _codes(root, index=dataset.index) if c[0] == "index"] == []
        good[0].unlink()
        good[2].write_bytes(good[3].read_bytes())
        (root / "data" / "images" / "val" / "later.jpg").write_bytes(good[3].read_bytes())
        found = {c for area, c in _codes(root, index=dataset.index) if area == "index"}
        assert found == {"not-there", "index-outdated", "not-indexed"}
        dataset.refresh()
        assert [c for c in _codes(root, index=dataset.index) if c[0] == "index"] == []


def _change_an_object(root: Path, *, suffix: str) -> None:
    path = next(p for n, p in sorted(objects(root).items()) if n.endswith(".dir") == (suffix == ".dir"))
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(b"x" + data[1:])


def _plant_journal(root: Path) -> None:
    (root / ".ddoc" / "snapshots" / "journal.json").write_text("{}")


def _stage(root: Path) -> None:
    (root / ".ddoc" / "snapshots" / "staging").mkdir(exist_ok=True)
    (root / ".ddoc" / "snapshots" / "staging" / "1").touch()


def _break_git(root: Path) -> None:
    path = next(p for p in sorted((root / ".git" / "objects").glob("??/*")))
    path.chmod(0o644)
    path.write_bytes(b"broken")


def _edit_without_trace(root: Path) -> None:
    """Write to a file and make the manifest believe that it did not: what only broken times can do."""
    from ddoc.paths import Layout
    from ddoc.snapshot.manifest import Known, ManifestState
    from ddoc.snapshot.store import SnapshotStore

    manifest = SnapshotStore(Layout(root)).manifest
    SnapshotService(root).status()
    before = manifest.load()
    folder, known = next((p, k) for p, k in before.folders.items() if p.startswith("images/"))
    wrong = Known(known.names, known.signatures, bytes(16) + known.hashes[16:])
    image = root / "data" / folder / known.names[0]
    os.utime(image, ns=(1, 1))
    facts = image.stat()
    from ddoc.snapshot.disk import signature_of

    fixed = Known(wrong.names, signature_of(facts) + wrong.signatures[32:], wrong.hashes)
    manifest.save(before, ManifestState({**before.folders, folder: fixed}, before.version))


_HARMS = {
    "object-missing": lambda root: sorted(objects(root).items())[0][1].unlink(),
    "object-damaged": lambda root: _change_an_object(root, suffix=""),
    "listing-damaged": lambda root: _change_an_object(root, suffix=".dir"),
    "journal": _plant_journal,
    "staging": _stage,
    "pointer": lambda root: (root / "data.dvc").write_text(git(root, "show", "ddoc/v1:data.dvc")),
    "no-pointer": lambda root: (root / "data.dvc").unlink(),
    "detached": lambda root: git(root, "checkout", "-q", "--detach"),
    "git-object": _break_git,
    "tag": lambda root: git(root, "tag", "ddoc/v9", "ddoc/v1"),
    "link": lambda root: (root / "data" / "link").symlink_to("/"),
    "yaml": lambda root: (root / "data" / "dataset.yaml").unlink(),
    "temporary": lambda root: (root / "data" / "images" / "train" / ".0123.tmp").touch(),
    "label": lambda root: (root / "data" / "labels" / "train" / "nobody.txt").touch(),
    "hidden-edit": _edit_without_trace,
}


def test_verify_workspace_tells_each_check(root: Path) -> None:
    found = WorkspaceService().verify_workspace(root)
    assert found.is_valid
    assert [c.name for c in found.checks] == ["folder", "git", "dvc", "history", "data", "pending"]
    (root / ".dvcignore").write_text("*.jpg\n")
    (root / "data" / "dataset.yaml").unlink()
    broken = {c.name for c in WorkspaceService().verify_workspace(root).checks if not c.ok}
    assert broken == {"dvc", "data"}
    assert not WorkspaceService().verify_workspace(root / "nowhere").is_valid
