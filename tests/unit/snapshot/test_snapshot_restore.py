import os
import shutil
import struct
import time
from pathlib import Path

import pytest

from ddoc.core.snapshot_service import SnapshotService
from ddoc.errors import ConflictError, DamagedError, NotFoundError
from ddoc.paths import Layout
from ddoc.snapshot import file_worker
from ddoc.snapshot import restore as restoring
from ddoc.snapshot.manifest import is_recent
from ddoc.snapshot.store import SnapshotStore
from tests.unit.snapshot.making import bad_objects, contents, copy_of, dvc, git, image_paths, objects


@pytest.fixture
def first(template: Path, tmp_path: Path) -> dict[str, bytes]:
    """The bytes of v1, laid out beside the workspace."""
    target = tmp_path / "first"
    SnapshotService(template).materialise("v1", target)
    return contents(target)


def test_restore_gives_back_the_same_bytes(
    root: Path, snapshots: SnapshotService, first: dict[str, bytes]
) -> None:
    second = contents(root / "data")
    assert first != second
    done = snapshots.restore_snapshot("v1")
    assert contents(root / "data") == first
    assert (done.restored, done.saved_as) == ("v1", None)
    assert (done.files.written, done.files.removed) == (3, 1)
    assert snapshots.head() == "v1"
    assert snapshots.restore_snapshot("second").restored == "v2"
    assert contents(root / "data") == second
    assert snapshots.status().is_clean


def test_git_and_dvc_find_nothing_to_do_after_a_restore(root: Path, snapshots: SnapshotService) -> None:
    snapshots.restore_snapshot("v1")
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
    assert "up to date" in dvc(root, "status")


def test_unsaved_changes_become_a_snapshot_first(root: Path, snapshots: SnapshotService) -> None:
    image_paths(root)[0].write_bytes(b"unsaved")
    (root / "data" / "images" / "val" / "new.jpg").write_bytes(b"new")
    (root / "code" / "trainers").mkdir(parents=True, exist_ok=True)
    (root / "code" / "trainers" / "t.py").write_text("1\n")
    unsaved = contents(root / "data")
    done = snapshots.restore_snapshot("v1")
    assert done.saved_as is not None
    saved = snapshots.get(done.saved_as)
    assert (saved.is_auto, saved.parents) == (True, ("v2",))
    assert done.saved_as in [s.snapshot_id for s in snapshots.list_snapshots().snapshots]
    snapshots.restore_snapshot(done.saved_as)
    assert contents(root / "data") == unsaved
    assert (root / "code" / "trainers" / "t.py").read_text() == "1\n"


def test_discarded_changes_are_gone(root: Path, snapshots: SnapshotService) -> None:
    second = contents(root / "data")
    image_paths(root)[0].write_bytes(b"unsaved")
    done = snapshots.restore_snapshot("v2", discard_changes=True)
    assert done.saved_as is None
    assert contents(root / "data") == second
    assert snapshots.list_snapshots().total == 2


def test_restoring_the_present_snapshot_of_a_clean_copy_does_nothing(
    root: Path, snapshots: SnapshotService
) -> None:
    before = {p: p.stat().st_mtime_ns for p in image_paths(root)}
    done = snapshots.restore_snapshot("v2")
    assert (done.files.written, done.files.removed, done.saved_as) == (0, 0, None)
    assert {p: p.stat().st_mtime_ns for p in image_paths(root)} == before


def test_a_preview_tells_the_effect_and_changes_nothing(root: Path, snapshots: SnapshotService) -> None:
    image_paths(root)[0].write_bytes(b"unsaved")
    before = contents(root / "data")
    preview = snapshots.preview_restore("v1")
    assert contents(root / "data") == before
    assert snapshots.list_snapshots().total == 2
    assert preview.unsaved.modified == 1
    assert preview.items["added"] == 1
    assert preview.items["removed"] == 1
    assert preview.missing == ()
    done = snapshots.restore_snapshot("v1")
    assert done.files == preview.files


def test_a_file_makes_way_for_a_folder_and_back(root: Path, snapshots: SnapshotService) -> None:
    place = root / "data" / "images" / "train" / "thing"
    place.write_bytes(b"a file")
    snapshots.create_snapshot("File")
    place.unlink()
    (place / "deep").mkdir(parents=True)
    (place / "deep" / "a.jpg").write_bytes(b"in a folder")
    snapshots.create_snapshot("Folder")
    snapshots.restore_snapshot("v3")
    assert place.read_bytes() == b"a file"
    snapshots.restore_snapshot("v4")
    assert (place / "deep" / "a.jpg").read_bytes() == b"in a folder"
    assert snapshots.status().is_clean


def test_folders_that_a_restore_empties_go(root: Path, snapshots: SnapshotService) -> None:
    deep = root / "data" / "images" / "extra" / "deep"
    deep.mkdir(parents=True)
    (deep / "a.jpg").write_bytes(b"x")
    snapshots.create_snapshot("Deep")
    snapshots.restore_snapshot("v2")
    assert not (root / "data" / "images" / "extra").exists()


@pytest.mark.parametrize("harm", ["missing", "truncated", "flipped"])
def test_a_bad_object_stops_a_restore_with_data_untouched(
    root: Path, snapshots: SnapshotService, first: dict[str, bytes], harm: str
) -> None:
    bad = _harm_an_object_of_v1(root, snapshots, harm)
    before = contents(root / "data")
    with pytest.raises(DamagedError) as caught:
        snapshots.restore_snapshot("v1")
    assert caught.value.context["objects"] == [bad]
    assert contents(root / "data") == before
    assert snapshots.head() == "v2"
    assert snapshots.list_snapshots().total == 2
    found = snapshots.verify(mode="full")
    assert [(b.md5, b.snapshots, bool(b.paths)) for b in found.bad] == [(bad, ("v1",), True)]
    assert not found.is_sound


def _harm_an_object_of_v1(root: Path, snapshots: SnapshotService, harm: str) -> str:
    """Break the object of the image that v2 changed, and return its name."""
    pairs = snapshots.diff("v1", "v2").pairs
    bad = next(p.old.image.hex() for p in pairs if p.has_new_image and p.old is not None)
    path = objects(root)[bad]
    data = path.read_bytes()
    path.unlink()
    if harm == "truncated":
        path.write_bytes(data[:-5])
    elif harm == "flipped":
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    return bad


@pytest.mark.parametrize("harm", ["missing", "truncated", "flipped"])
def test_repair_heals_from_data_where_its_bytes_fit(
    root: Path, snapshots: SnapshotService, harm: str
) -> None:
    image = image_paths(root)[2]
    name = next(n for n, p in objects(root).items() if p.read_bytes() == image.read_bytes())
    path = objects(root)[name]
    data = path.read_bytes()
    path.unlink()
    if harm != "missing":
        path.write_bytes(data[:-5] if harm == "truncated" else b"x" + data[1:])
    if harm == "truncated":
        assert [b.problem for b in snapshots.verify().bad] == ["truncated"]
    found = snapshots.verify(mode="full", repair=True)
    assert [(b.md5, b.repaired) for b in found.bad] == [(name, True)]
    assert bad_objects(root) == []
    assert snapshots.verify(mode="full").bad == ()


def test_repair_and_restore_heal_from_the_remote(
    root: Path, snapshots: SnapshotService, first: dict[str, bytes], tmp_path: Path
) -> None:
    dvc(root, "remote", "add", "-q", "-d", "store", str(tmp_path / "storage"))
    assert snapshots.push().files == len(objects(root))
    assert snapshots.push().files == 0
    bad = _harm_an_object_of_v1(root, snapshots, "flipped")
    found = snapshots.verify(mode="full", repair=True)
    assert [(b.md5, b.repaired) for b in found.bad] == [(bad, True)]
    _harm_an_object_of_v1(root, snapshots, "missing")
    snapshots.restore_snapshot("v1")
    assert contents(root / "data") == first


def test_pull_brings_the_history_to_a_clone(root: Path, snapshots: SnapshotService, tmp_path: Path) -> None:
    snapshots.push(str(tmp_path / "storage"))
    git(tmp_path, "clone", "-q", str(root), "clone")
    clone = SnapshotService(tmp_path / "clone")
    clone.pull(str(tmp_path / "storage"))
    clone.restore_snapshot("v2", discard_changes=True)
    assert contents(tmp_path / "clone" / "data") == contents(root / "data")
    assert clone.list_snapshots().total == 2


def test_slices_together_verify_everything(snapshots: SnapshotService, root: Path) -> None:
    listings = sum(name.endswith(".dir") for name in objects(root))
    checked = [snapshots.verify(mode="full", part=part, of=3).checked - listings for part in (1, 2, 3)]
    assert sum(checked) == len(objects(root)) - listings


def test_an_unknown_snapshot_is_refused(root: Path, snapshots: SnapshotService) -> None:
    before = contents(root / "data")
    with pytest.raises(NotFoundError):
        snapshots.restore_snapshot("v77")
    assert contents(root / "data") == before


def test_a_file_written_while_a_restore_looks_is_not_overwritten(
    root: Path, snapshots: SnapshotService, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = image_paths(root)[0]
    real = restoring.stage_objects

    def stage_then_edit(*args: object) -> object:
        found = real(*args)  # pyright: ignore
        changed.write_bytes(b"written meanwhile")
        return found

    monkeypatch.setattr(restoring, "stage_objects", stage_then_edit)
    with pytest.raises(ConflictError) as caught:
        snapshots.restore_snapshot("v1")
    assert caught.value.error_code == "data-changing"
    assert changed.read_bytes() == b"written meanwhile"
    assert snapshots.head() == "v2"
    assert not snapshots.recover()


def test_a_folder_made_while_a_restore_looks_is_not_overwritten(
    root: Path, snapshots: SnapshotService, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(root / "data" / "images")
    real = restoring.sync_file_system

    def sync(folder: Path) -> None:
        (root / "data" / "images").mkdir()
        (root / "data" / "images" / "mine").write_bytes(b"just now")
        real(folder)

    monkeypatch.setattr(restoring, "sync_file_system", sync)
    with pytest.raises(ConflictError) as caught:
        snapshots.restore_snapshot("v1", discard_changes=True)
    assert caught.value.error_code == "data-changing"
    assert [p.name for p in (root / "data" / "images").iterdir()] == ["mine"]
    assert not snapshots.recover()


@pytest.mark.parametrize("gone", ["images", "images/train", "", "all"])
def test_folders_that_are_gone_come_back_whole_and_known(
    root: Path, snapshots: SnapshotService, first: dict[str, bytes], gone: str
) -> None:
    shutil.rmtree(root / "data" / gone if gone != "all" else root / "data")
    if not gone:
        (root / "data").mkdir()
    snapshots.restore_snapshot("v1", discard_changes=True)
    assert contents(root / "data") == first
    assert snapshots.status().is_clean
    assert git(root, "status", "--porcelain") == ""
    time.sleep(0.05)
    snapshots.status()
    shutil.rmtree(root / "data")
    snapshots.restore_snapshot("v1", discard_changes=True)
    assert contents(root / "data") == first


def test_an_object_changed_in_place_is_noticed_even_with_its_times_put_back(
    root: Path, snapshots: SnapshotService, first: dict[str, bytes]
) -> None:
    """The restore does not hash what it knows to be whole; what it knows includes the time of the last change."""
    snapshots.restore_snapshot("v1")
    snapshots.restore_snapshot("v2")
    pairs = snapshots.diff("v1", "v2").pairs
    bad = next(p.old.image.hex() for p in pairs if p.has_new_image and p.old is not None)
    path = objects(root)[bad]
    facts = path.stat()
    path.chmod(0o644)
    with path.open("r+b") as file:
        byte = file.read(1)
        file.seek(0)
        file.write(bytes([byte[0] ^ 1]))
    path.chmod(0o444)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    before = contents(root / "data")
    with pytest.raises(DamagedError) as caught:
        snapshots.restore_snapshot("v1")
    assert (caught.value.error_code, caught.value.context["objects"]) == ("damaged-object", [bad])
    assert contents(root / "data") == before


def test_what_was_hashed_longer_ago_than_a_week_is_hashed_again(
    root: Path, snapshots: SnapshotService, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = SnapshotStore(Layout(root)).manifest
    pairs = snapshots.diff("v1", "v2").pairs
    image = next(p.old.image for p in pairs if p.has_new_image and p.old is not None)
    facts = objects(root)[image.hex()].stat()
    week = 7 * 24 * 3600 * 10**9
    for age, again in ((0, False), (week - 10**12, False), (week + 10**9, True), (-(10**12), True)):
        known = struct.pack("<qqqq", facts.st_size, facts.st_mtime_ns, facts.st_ino, time.time_ns() - age)
        assert is_recent(known, time.time_ns()) is not again
    old = struct.pack("<qqqq", facts.st_size, facts.st_mtime_ns, facts.st_ino, 1)
    manifest.note_objects([(image, old)])
    snapshots.restore_snapshot("v1")
    assert is_recent(manifest.objects([image]).get(image), time.time_ns())
    snapshots.restore_snapshot("v2")
    monkeypatch.setattr(file_worker, "_copy_checked", None)
    snapshots.restore_snapshot("v1")
    snapshots.restore_snapshot("v2")


def test_a_full_verification_is_remembered(root: Path, snapshots: SnapshotService) -> None:
    store = SnapshotStore(Layout(root))
    everything = [bytes.fromhex(name) for name in objects(root) if not name.endswith(".dir")]
    (store.folder / "manifest.sqlite").unlink()
    snapshots.create_snapshot("Manifest made anew", allow_empty=True)
    assert not any(facts for _, facts in store.manifest.objects(everything).items())
    snapshots.verify(mode="full")
    assert all(facts for _, facts in store.manifest.objects(everything).items())


def test_a_deleted_snapshot_leaves_its_children_in_place(root: Path, snapshots: SnapshotService) -> None:
    image_paths(root)[0].write_bytes(b"third")
    snapshots.create_snapshot("Third")
    snapshots.delete("second")
    assert snapshots.get("v3").parents == ("v1",)
    with pytest.raises(NotFoundError) as caught:
        snapshots.get("v2")
    assert caught.value.error_code == "deleted-snapshot"
    with pytest.raises(NotFoundError):
        snapshots.get("second")
    assert snapshots.create_snapshot("Fourth", alias="second", allow_empty=True).snapshot_id == "v4"


def test_an_id_is_never_given_twice(root: Path, snapshots: SnapshotService) -> None:
    snapshots.create_snapshot("Third", allow_empty=True)
    snapshots.restore_snapshot("v2")
    snapshots.delete("v3")
    assert snapshots.create_snapshot("Next", allow_empty=True).snapshot_id == "v4"


def test_the_snapshot_that_the_working_copy_came_from_cannot_be_deleted(snapshots: SnapshotService) -> None:
    with pytest.raises(ConflictError) as caught:
        snapshots.delete("v2")
    assert caught.value.error_code == "snapshot-in-use"


def test_gc_frees_what_only_a_deleted_snapshot_needs(root: Path, snapshots: SnapshotService) -> None:
    image_paths(root)[0].write_bytes(b"only in the third")
    snapshots.create_snapshot("Third")
    snapshots.restore_snapshot("v2")
    assert snapshots.gc(grace_seconds=0).removed == 0
    snapshots.delete("v3")
    assert snapshots.gc().removed == 0
    freed = snapshots.gc(grace_seconds=-1)
    assert (freed.removed, freed.young) == (2, 0)
    assert snapshots.verify(mode="full").is_sound
    for name in ("v1", "v2"):
        snapshots.restore_snapshot(name)


def test_gc_keeps_what_a_user_added_with_dvc_and_did_not_commit(
    root: Path, snapshots: SnapshotService
) -> None:
    image_paths(root)[0].write_bytes(b"added by dvc")
    dvc(root, "add", "-q", "data")
    assert snapshots.gc(grace_seconds=-1).removed == 0
    assert "up to date" in dvc(root, "status")


def test_gc_refuses_when_a_listing_is_lost(root: Path, snapshots: SnapshotService) -> None:
    listing = next(p for n, p in objects(root).items() if n.endswith(".dir"))
    listing.unlink()
    count = len(objects(root))
    with pytest.raises(DamagedError):
        snapshots.gc(grace_seconds=-1)
    assert len(objects(root)) == count


def test_a_users_dvc_gc_over_tags_keeps_every_snapshot(root: Path, snapshots: SnapshotService) -> None:
    image_paths(root)[0].write_bytes(b"unsaved")
    snapshots.restore_snapshot("v1")
    count = len(objects(root))
    dvc(root, "gc", "-q", "-f", "-a", "-T", "-w")
    assert len(objects(root)) == count


def test_a_users_dvc_push_of_all_tags_sends_every_snapshot(
    root: Path, snapshots: SnapshotService, first: dict[str, bytes]
) -> None:
    """With the remote in the local settings: at a tag, DVC reads the settings committed there, and silently leaves out
    every version whose settings do not know the remote yet. `SnapshotService.push` sends them in either case.
    """
    second = contents(root / "data")
    remote = root.with_name("remote")
    dvc(root, "remote", "add", "-q", "--local", "-d", "there", str(remote))
    dvc(root, "push", "-q", "--all-tags")
    shutil.rmtree(root / ".dvc" / "cache")
    for tag, files in (("v1", first), ("v2", second)):
        git(root, "checkout", "-q", f"ddoc/{tag}", "--", "data.dvc")
        shutil.rmtree(root / "data")
        dvc(root, "pull", "-q")
        assert contents(root / "data") == files


def test_a_materialised_snapshot_is_read_only_and_whole_or_absent(
    root: Path, snapshots: SnapshotService, tmp_path: Path
) -> None:
    for link in (False, True):
        target = tmp_path / f"out-{link}"
        snapshots.materialise("v2", target, link=link)
        assert contents(target) == contents(root / "data")
        assert not any(p.stat().st_mode & 0o222 for p in target.rglob("*") if p.is_file())
        with pytest.raises(ConflictError):
            snapshots.materialise("v2", target)
    _harm_an_object_of_v1(root, snapshots, "missing")
    with pytest.raises(DamagedError):
        snapshots.materialise("v1", tmp_path / "broken")
    assert not (tmp_path / "broken").exists()


def test_data_in_parts_agrees_with_dvc_and_comes_back(template: Path, tmp_path: Path) -> None:
    root = copy_of(template, tmp_path / "ws")
    parted = SnapshotService(root, store=SnapshotStore(Layout(root), part_limit=4))
    whole = SnapshotService(root)
    second = contents(root / "data")
    image_paths(root)[0].write_bytes(b"third")
    third = contents(root / "data")
    parted.create_snapshot("In parts")
    pointers = {p.relative_to(root).as_posix() for p in root.rglob("*.dvc") if p.is_file()}
    assert "data.dvc" not in pointers
    assert {"data/dataset.yaml.dvc", "data/images/train.dvc"} <= pointers
    assert git(root, "status", "--porcelain") == ""
    assert "up to date" in dvc(root, "status")
    kept = {p: (root / p).read_bytes() for p in pointers}
    dvc(root, "add", "-q", "data/images/train", "data/dataset.yaml")
    assert {p: (root / p).read_bytes() for p in pointers} == kept
    assert parted.status().is_clean
    image_paths(root)[1].write_bytes(b"fourth")
    parted.create_snapshot("One part dirty")
    changed = git(root, "diff", "--name-only", "ddoc/v3", "ddoc/v4").split()
    assert len([p for p in changed if p.endswith(".dvc")]) == 1
    whole.restore_snapshot("v2")
    assert contents(root / "data") == second
    assert git(root, "status", "--porcelain") == ""
    whole.restore_snapshot("v3")
    assert {k: v for k, v in contents(root / "data").items() if not _is_ours(k)} == third
    shutil.rmtree(root / "data" / "images" / "train")
    dvc(root, "checkout", "-q")
    assert {k: v for k, v in contents(root / "data").items() if not _is_ours(k)} == third
    assert whole.verify(mode="full").is_sound


def _is_ours(path: str) -> bool:
    return path.endswith(".dvc") or Path(path).name == ".gitignore"


def test_analyses_and_vectors_of_a_workspace_outlive_a_restore(
    root: Path, snapshots: SnapshotService
) -> None:
    kept = root / ".ddoc" / "analysis" / "attributes-1.parquet"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(b"results")
    snapshots.restore_snapshot("v1")
    assert kept.read_bytes() == b"results"
