"""Kill, full disk and broken disk at every step of every operation: nothing acknowledged is lost, nothing is mixed."""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ddoc.core.fsck import fsck
from ddoc.core.snapshot_service import SnapshotService
from ddoc.errors import BusyError, ConflictError, DamagedError, DdocError, DiskFullError
from ddoc.snapshot import failpoints, history
from tests.unit.snapshot.making import bad_objects, contents, git, image_paths, killed

Files = dict[str, bytes]
ACTIONS = ("kill", "enospc", "eio")
DISK = {"enospc": DiskFullError, "eio": DamagedError}


def _fail(root: Path, action: str, operation: Callable[[SnapshotService], object]) -> None:
    """Run an operation that is to fail."""
    if action == "kill":
        assert killed(lambda: operation(SnapshotService(root))) == -signal.SIGKILL
    else:
        with pytest.raises(DISK[action]):
            operation(SnapshotService(root))


def _require_sound(root: Path, versions: dict[str, Files]) -> None:
    """Recover twice, then find every version whole and nothing left over."""
    snapshots = SnapshotService(root)
    snapshots.recover()
    assert not snapshots.recover()
    assert bad_objects(root) == []
    assert snapshots.verify(mode="full").is_sound
    assert git(root, "status", "--porcelain") == ""
    assert not [p for p in (root / "data").rglob("*") if p.name.startswith(".ddoc")]
    assert not list((root / ".ddoc" / "snapshots").glob("staging/*"))
    assert set(versions) <= {s.snapshot_id for s in snapshots.list_snapshots().snapshots}
    for name, files in versions.items():
        snapshots.restore_snapshot(name)
        assert contents(root / "data") == files


@pytest.fixture
def versions(root: Path, snapshots: SnapshotService) -> dict[str, Files]:
    second = contents(root / "data")
    snapshots.restore_snapshot("v1")
    first = contents(root / "data")
    snapshots.restore_snapshot("v2")
    return {"v1": first, "v2": second}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("point", failpoints.CREATE)
def test_a_create_that_fails_anywhere_happens_or_does_not(
    root: Path, versions: dict[str, Files], point: str, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_paths(root)[0].write_bytes(b"third")
    third = contents(root / "data")
    monkeypatch.setenv("DDOC_FAILPOINT", f"{point}={action}")
    _fail(root, action, lambda s: s.create_snapshot("Third", alias="best", request_id="job"))
    monkeypatch.delenv("DDOC_FAILPOINT")
    assert contents(root / "data") == third
    snapshots = SnapshotService(root)
    snapshots.recover()
    made = (
        snapshots.create_snapshot("Third", alias="best", request_id="job") if _has_none(snapshots) else None
    )
    assert made is None or made.snapshot_id == "v3"
    assert snapshots.get("best").snapshot_id == "v3"
    assert snapshots.status().is_clean
    _require_sound(root, {**versions, "v3": third})


def _has_none(snapshots: SnapshotService) -> bool:
    return snapshots.list_snapshots().total == 2


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("point", failpoints.RESTORE)
def test_a_restore_that_fails_anywhere_leaves_one_version_whole(
    root: Path, versions: dict[str, Files], point: str, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_paths(root)[2].write_bytes(b"unsaved")
    unsaved = contents(root / "data")
    monkeypatch.setenv("DDOC_FAILPOINT", f"{point}={action}")
    _fail(root, action, lambda s: s.restore_snapshot("v1"))
    monkeypatch.delenv("DDOC_FAILPOINT")
    snapshots = SnapshotService(root)
    snapshots.recover()
    now = contents(root / "data")
    assert now in (unsaved, versions["v1"])
    saved = [s.snapshot_id for s in snapshots.list_snapshots().snapshots if s.is_auto]
    if now == unsaved:
        assert snapshots.head() == "v2"
        saved = [str(snapshots.restore_snapshot("v1").saved_as)]
    else:
        assert snapshots.head() == "v1"
        assert snapshots.status().is_clean
    _require_sound(root, {**versions, saved[0]: unsaved})


@pytest.mark.parametrize("point", failpoints.RESTORE)
def test_a_restore_of_lost_folders_that_is_killed_anywhere_goes_on(
    root: Path, versions: dict[str, Files], point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders that are gone come back by one rename each: none of their files may be lost or left half there."""
    shutil.rmtree(root / "data" / "images")
    left = contents(root / "data")
    monkeypatch.setenv("DDOC_FAILPOINT", f"{point}=kill")
    # nothing is there that a restore would have to delete
    ended = 0 if point == "restore.deleting" else -signal.SIGKILL
    assert killed(lambda: SnapshotService(root).restore_snapshot("v1", discard_changes=True)) == ended
    monkeypatch.delenv("DDOC_FAILPOINT")
    snapshots = SnapshotService(root)
    snapshots.recover()
    assert contents(root / "data") in (left, versions["v1"])
    snapshots.restore_snapshot("v1", discard_changes=True)
    assert contents(root / "data") == versions["v1"]
    _require_sound(root, versions)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("point", failpoints.DELETE)
def test_a_delete_that_fails_anywhere_happens_or_does_not(
    root: Path, versions: dict[str, Files], point: str, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    SnapshotService(root).restore_snapshot("v1")
    monkeypatch.setenv("DDOC_FAILPOINT", f"{point}={action}")
    _fail(root, action, lambda s: s.delete("v2"))
    monkeypatch.delenv("DDOC_FAILPOINT")
    left = {s.snapshot_id for s in SnapshotService(root).list_snapshots().snapshots}
    assert left == ({"v1"} if point == "delete.committed" else {"v1", "v2"})
    _require_sound(root, {name: versions[name] for name in left})


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("point", failpoints.GC)
def test_a_gc_that_fails_anywhere_frees_nothing_that_is_needed(
    root: Path, versions: dict[str, Files], point: str, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = SnapshotService(root)
    for number in range(2):
        image_paths(root)[number].write_bytes(b"only here %d" % number)
        snapshots.create_snapshot("Third")
        snapshots.restore_snapshot("v2")
        snapshots.delete(f"v{number + 3}")
    monkeypatch.setenv("DDOC_FAILPOINT", f"{point}={action}")
    _fail(root, action, lambda s: s.gc(grace_seconds=-1))
    monkeypatch.delenv("DDOC_FAILPOINT")
    _require_sound(root, versions)
    SnapshotService(root).gc(grace_seconds=-1)
    assert SnapshotService(root).gc(grace_seconds=-1).removed == 0
    _require_sound(root, versions)


def test_work_done_after_a_cut_off_restore_is_saved_before_it_goes_on(
    root: Path, versions: dict[str, Files], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DDOC_FAILPOINT", "restore.renaming=kill")
    assert killed(lambda: SnapshotService(root).restore_snapshot("v1")) == -signal.SIGKILL
    monkeypatch.delenv("DDOC_FAILPOINT")
    (root / "data" / "images" / "train" / "새 이미지.jpg").write_bytes(b"drawn after the kill")
    snapshots = SnapshotService(root)
    assert snapshots.recover()
    assert contents(root / "data") == versions["v1"]
    (saved,) = [s for s in snapshots.list_snapshots().snapshots if s.is_auto]
    snapshots.restore_snapshot(saved.snapshot_id)
    assert b"drawn after the kill" in contents(root / "data").values()


def test_a_restore_cut_off_with_a_lost_object_says_so_and_goes_on_when_it_is_back(
    root: Path, versions: dict[str, Files], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DDOC_FAILPOINT", "restore.journaled=kill")
    assert killed(lambda: SnapshotService(root).restore_snapshot("v1")) == -signal.SIGKILL
    monkeypatch.delenv("DDOC_FAILPOINT")
    snapshots = SnapshotService(root)
    pairs = snapshots.diff("v1", "v2").pairs
    lost = snapshots.object_path(
        next(p.old.image.hex() for p in pairs if p.has_new_image and p.old is not None)
    )
    aside = lost.rename(root / "aside")
    with pytest.raises(DdocError):
        snapshots.recover()
    assert contents(root / "data") == versions["v2"]
    aside.rename(lost)
    assert snapshots.recover()
    assert contents(root / "data") == versions["v1"]


def test_a_journal_torn_by_a_power_loss_is_cleared_and_a_foreign_one_refused(root: Path) -> None:
    journal = root / ".ddoc" / "snapshots" / "journal.json"
    journal.write_text('{"format": 1, "ki')
    assert not SnapshotService(root).recover()
    assert not journal.exists()
    journal.write_text('{"format": 99}')
    with pytest.raises(ConflictError):
        SnapshotService(root).create_snapshot("Third", allow_empty=True)
    assert journal.exists()


def _work(root: Path, seed: int) -> None:
    """Create, restore, delete and gc at random until killed; what was acknowledged goes to a file.

    A snapshot that is about to be deleted is noted first: it may be there or not.
    """
    rng = random.Random(seed)
    snapshots = SnapshotService(root)
    told = root.with_name("acknowledged")
    while True:
        there = snapshots.list_snapshots(limit=500)
        names = [s.snapshot_id for s in there.snapshots]
        spare = [name for name in names if name != there.head]
        action = rng.random()
        if action < 0.45 or not spare:
            for image in rng.sample(image_paths(root), 2):
                image.write_bytes(rng.randbytes(rng.randrange(2000)))
            (root / "data" / "images" / "val" / f"{rng.random()}.jpg").write_bytes(rng.randbytes(50))
            _tell(told, f"+{snapshots.create_snapshot('Random').snapshot_id}")
        elif action < 0.8:
            snapshots.restore_snapshot(rng.choice(names), discard_changes=rng.random() < 0.5)
        elif action < 0.9:
            gone = rng.choice(spare)
            _tell(told, f"-{gone}")
            snapshots.delete(gone)
        else:
            snapshots.gc(grace_seconds=-1)


def _tell(told: Path, line: str) -> None:
    with told.open("a") as file:
        file.write(f"{line}\n")


def _kill_at_random(root: Path, kills: int, seed: int) -> None:
    rng = random.Random(seed)
    told = root.with_name("acknowledged")
    told.touch()
    for number in range(kills):
        _kill_once(root, rng, seed * 1000 + number)
        snapshots = SnapshotService(root)
        snapshots.recover()
        assert not snapshots.recover()
        there = {s.snapshot_id for s in snapshots.list_snapshots(limit=500).snapshots}
        lines = told.read_text().split()
        kept = {line[1:] for line in lines if line[0] == "+"} - {line[1:] for line in lines if line[0] == "-"}
        assert kept <= there, (seed, number)
    snapshots = SnapshotService(root)
    assert bad_objects(root) == []
    assert snapshots.verify(mode="full").is_sound
    assert [f for f in fsck(root) if f.severity == "error"] == []
    for made in snapshots.list_snapshots(limit=500).snapshots:
        snapshots.restore_snapshot(made.snapshot_id)
        target = root.with_name(f"check-{made.snapshot_id.replace('/', '-')}")
        snapshots.materialise(made.snapshot_id, target, link=True)
        assert contents(root / "data") == contents(target)


def _kill_once(root: Path, rng: random.Random, seed: int) -> None:
    child = os.fork()
    if child == 0:
        try:
            _work(root, seed)
        finally:
            os._exit(1)
    time.sleep(rng.uniform(0.0, 0.25))
    os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == -signal.SIGKILL, f"seed {seed}: the work itself failed"


def test_random_kills_lose_nothing_that_was_acknowledged(root: Path) -> None:
    _kill_at_random(root, 40, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 7))
@pytest.mark.timeout(1800)
def test_two_hundred_random_kills_lose_nothing_that_was_acknowledged(root: Path, seed: int) -> None:
    _kill_at_random(root, 200, seed=seed)


@pytest.mark.parametrize("lock", ["HEAD.lock", "refs/heads/main.lock", "refs/tags/ddoc/v3.lock"])
def test_a_lock_that_a_killed_git_left_on_a_ref_is_cleared_by_the_recovery(
    root: Path, versions: dict[str, Files], monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    image_paths(root)[0].write_bytes(b"third")
    monkeypatch.setenv("DDOC_FAILPOINT", "create.published=kill")
    assert killed(lambda: SnapshotService(root).create_snapshot("Third")) == -signal.SIGKILL
    monkeypatch.delenv("DDOC_FAILPOINT")
    left = root / ".git" / lock
    left.touch()
    os.utime(left, (1, 1))
    assert SnapshotService(root).recover()
    assert not left.exists()
    assert SnapshotService(root).create_snapshot("Third").snapshot_id == "v3"


def test_a_lock_that_we_left_on_the_index_is_taken_over(root: Path, snapshots: SnapshotService) -> None:
    mark = root / ".git" / "ddoc-lock"
    mark.touch()
    os.link(mark, root / ".git" / "index.lock")
    snapshots.create_snapshot("Third", allow_empty=True)
    assert not (root / ".git" / "index.lock").exists()
    assert git(root, "status", "--porcelain") == ""


def test_a_lock_that_a_kill_left_on_our_draft_of_the_index_is_cleared(
    root: Path, snapshots: SnapshotService
) -> None:
    for name in ("ddoc-index", "ddoc-index.lock"):
        (root / ".git" / name).write_bytes(b"half written")
    snapshots.create_snapshot("Third", allow_empty=True)
    assert not list((root / ".git").glob("ddoc-index*"))
    assert git(root, "status", "--porcelain") == ""


def test_a_lock_of_a_user_on_the_index_is_respected_and_the_snapshot_finished_later(
    root: Path, snapshots: SnapshotService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_LOCK_SECONDS", 0.1)
    lock = root / ".git" / "index.lock"
    lock.touch()
    with pytest.raises(BusyError) as caught:
        snapshots.create_snapshot("Third", allow_empty=True)
    assert caught.value.error_code == "git-busy"
    assert lock.exists()
    lock.unlink()
    assert snapshots.recover()
    assert snapshots.head() == "v3"
    assert git(root, "status", "--porcelain") == ""
