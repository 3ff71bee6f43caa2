import errno
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ddoc.core.snapshot_service import SnapshotService
from ddoc.errors import (
    BusyError,
    ConflictError,
    DamagedError,
    DdocError,
    DiskFullError,
    InvalidInputError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
)
from ddoc.paths import Layout
from ddoc.snapshot import look
from ddoc.snapshot.disk import disk_problems
from ddoc.snapshot.store import SnapshotStore
from tests.unit.snapshot.making import bad_objects, contents, dvc, git, image_paths, objects


def test_a_snapshot_says_what_it_holds_and_what_changed(root: Path, snapshots: SnapshotService) -> None:
    image_paths(root)[0].write_bytes(b"changed")
    made = snapshots.create_snapshot(
        "Third", alias="best", statistics={"annotations": 7, "classes": {"cat": 7}}
    )
    assert (made.snapshot_id, made.alias, made.parents, made.is_head) == ("v3", "best", ("v2",), True)
    assert made.data.annotations == 7
    assert made.data.files == len(contents(root / "data"))
    assert made.data.bytes == sum(len(b) for b in contents(root / "data").values())
    assert made.data.items == len(image_paths(root)) == sum(made.data.splits.values())
    assert {k: made.changes[k] for k in ("added", "removed", "modified", "relabelled")} == {
        "added": 0,
        "removed": 0,
        "modified": 1,
        "relabelled": 0,
    }
    assert snapshots.get("best") == snapshots.get("v3") == made


def test_git_and_dvc_find_nothing_to_do_after_a_snapshot(root: Path, snapshots: SnapshotService) -> None:
    image_paths(root)[0].write_bytes(b"changed")
    snapshots.create_snapshot("Third")
    before = (root / "data.dvc").read_bytes()
    assert git(root, "status", "--porcelain") == ""
    assert "up to date" in dvc(root, "status")
    dvc(root, "add", "-q", "data")
    assert (root / "data.dvc").read_bytes() == before
    assert git(root, "status", "--porcelain") == ""


def test_unchanged_data_is_refused_unless_an_empty_snapshot_is_wanted(snapshots: SnapshotService) -> None:
    with pytest.raises(ConflictError) as caught:
        snapshots.create_snapshot("Nothing")
    assert caught.value.error_code == "nothing-to-snapshot"
    made = snapshots.create_snapshot("Mark", allow_empty=True)
    assert made.parents == ("v2",)
    assert made.data.hash == snapshots.get("v2").data.hash


def test_work_repeated_after_a_kill_gives_the_snapshot_it_made(
    snapshots: SnapshotService, root: Path
) -> None:
    image_paths(root)[0].write_bytes(b"changed")
    first = snapshots.create_snapshot("Third", request_id="job-1")
    assert snapshots.create_snapshot("Third", request_id="job-1") == first
    assert len(snapshots.list_snapshots().snapshots) == 3


@pytest.mark.parametrize(
    "alias", ["v7", "V1", "auto-x", "working", "HEAD", "a..b", "a/b", "a.lock", "ü", "", "a" * 65]
)
def test_an_alias_that_could_be_misread_is_refused_before_anything_is_written(
    root: Path, snapshots: SnapshotService, alias: str
) -> None:
    image_paths(root)[0].write_bytes(b"changed")
    known = set(objects(root))
    with pytest.raises(InvalidInputError):
        snapshots.create_snapshot("Third", alias=alias)
    assert set(objects(root)) == known
    assert snapshots.list_snapshots().total == 2


@pytest.mark.parametrize("alias", ["second", "SECOND"])
def test_a_taken_alias_is_refused_before_anything_is_written(
    root: Path, snapshots: SnapshotService, alias: str
) -> None:
    image_paths(root)[0].write_bytes(b"changed")
    known = set(objects(root))
    with pytest.raises(ConflictError) as caught:
        snapshots.create_snapshot("Third", alias=alias)
    assert caught.value.error_code == "alias-taken"
    assert set(objects(root)) == known


def test_an_alias_moves_and_goes(snapshots: SnapshotService) -> None:
    assert snapshots.set_alias("second", "Second").alias == "Second"
    assert snapshots.set_alias("v2", "newest").alias == "newest"
    assert snapshots.set_alias("v2", None).alias is None
    with pytest.raises(NotFoundError):
        snapshots.get("newest")


def test_a_file_rewritten_with_equal_size_in_the_same_tick_is_seen(
    root: Path, snapshots: SnapshotService
) -> None:
    image = image_paths(root)[0]
    for round_ in range(20):
        image.write_bytes(b"%03d" % round_)
        snapshots.create_snapshot(f"Round {round_}")
        kept = image.stat()
        image.write_bytes(b"%03d" % (round_ + 500))
        os.utime(image, ns=(kept.st_atime_ns, kept.st_mtime_ns))
        assert snapshots.status().modified == 1


@pytest.mark.parametrize("make", ["link", "fifo", "folder-link"])
def test_a_link_or_special_file_in_data_is_refused_and_named(
    root: Path, snapshots: SnapshotService, make: str
) -> None:
    planted = root / "data" / "images" / "train" / "planted.jpg"
    if make == "fifo":
        os.mkfifo(planted)
    else:
        planted.symlink_to("/etc/passwd" if make == "link" else "/etc")
    with pytest.raises(InvalidInputError) as caught:
        snapshots.create_snapshot("Third")
    assert caught.value.error_code == "link-in-data"
    assert "planted.jpg" in caught.value.detail
    assert snapshots.list_snapshots().total == 2


def test_data_itself_may_not_be_a_link(root: Path, snapshots: SnapshotService, tmp_path: Path) -> None:
    (root / "data").rename(tmp_path / "elsewhere")
    (root / "data").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidInputError) as caught:
        snapshots.create_snapshot("Third")
    assert caught.value.error_code == "link-in-data"


@pytest.mark.parametrize("name", [".dvc", ".git", ".dvcignore", ".hg"])
def test_a_name_that_dvc_ignores_is_refused(root: Path, snapshots: SnapshotService, name: str) -> None:
    (root / "data" / name).write_bytes(b"x")
    with pytest.raises(InvalidInputError) as caught:
        snapshots.create_snapshot("Third")
    assert caught.value.error_code == "reserved-name"


def test_a_file_that_never_rests_is_refused(root: Path, snapshots: SnapshotService) -> None:
    image = image_paths(root)[0]
    image.write_bytes(bytes(32 << 20))
    stop = threading.Event()

    def keep_writing() -> None:
        with image.open("r+b") as file:
            while not stop.is_set():
                file.seek(0)
                file.write(os.urandom(8))
                file.flush()

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        with pytest.raises(ConflictError) as caught:
            snapshots.create_snapshot("Third")
    finally:
        stop.set()
        writer.join()
    assert caught.value.error_code == "data-changing"
    assert snapshots.list_snapshots().total == 2
    assert snapshots.create_snapshot("Third").snapshot_id == "v3"


def test_a_full_disk_changes_nothing(
    root: Path, snapshots: SnapshotService, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_paths(root)[0].write_bytes(b"changed")
    before = contents(root / "data")
    monkeypatch.setenv("DDOC_FAILPOINT", "create.staged=enospc")
    with pytest.raises(DiskFullError):
        snapshots.create_snapshot("Third")
    monkeypatch.delenv("DDOC_FAILPOINT")
    assert contents(root / "data") == before
    assert not list((root / ".ddoc" / "snapshots").glob("staging/*"))
    assert snapshots.create_snapshot("Third").snapshot_id == "v3"


def test_too_little_room_is_noticed_before_a_byte_is_written(
    root: Path, snapshots: SnapshotService, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_paths(root)[0].write_bytes(b"changed")
    real = os.statvfs

    def full(path: object) -> object:
        facts = list(real(path))  # pyright: ignore
        facts[4] = 1
        return os.statvfs_result(facts)

    known = set(objects(root))
    monkeypatch.setattr(os, "statvfs", full)
    with pytest.raises(DiskFullError):
        snapshots.create_snapshot("Third")
    assert set(objects(root)) == known


def test_a_second_writer_is_told_that_the_workspace_is_busy(root: Path) -> None:
    store = SnapshotStore(Layout(root), lock_seconds=0.05)
    with store.writing(), pytest.raises(BusyError) as caught:
        SnapshotService(root, store=store).create_snapshot("Third", allow_empty=True)
    assert caught.value.error_code == "workspace-busy"


def test_a_running_dvc_command_is_waited_for_and_then_named(root: Path) -> None:
    store = SnapshotStore(Layout(root), lock_seconds=0.05)
    with store.dvc_excluded(), pytest.raises(BusyError) as caught:
        SnapshotService(root, store=store).create_snapshot("Third", allow_empty=True)
    assert caught.value.error_code == "dvc-busy"
    assert SnapshotService(root).list_snapshots().total == 2


def test_an_unfinished_merge_is_named(root: Path, snapshots: SnapshotService) -> None:
    (root / ".git" / "MERGE_HEAD").write_text("0" * 40)
    with pytest.raises(BusyError) as caught:
        snapshots.create_snapshot("Third", allow_empty=True)
    assert caught.value.error_code == "git-busy"


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.EROFS, UnavailableError, "read-only"),
        (errno.EACCES, UnavailableError, "read-only"),
        (errno.ENOSPC, DiskFullError, "disk-full"),
        (errno.EDQUOT, DiskFullError, "disk-full"),
        (errno.EIO, DamagedError, "disk-error"),
    ],
)
def test_what_the_disk_refuses_is_told_in_words(number: int, kind: type[DdocError], code: str) -> None:
    with pytest.raises(kind) as caught, disk_problems():
        raise OSError(number, os.strerror(number))
    assert caught.value.error_code == code


def test_objects_are_read_only_and_whole(root: Path) -> None:
    assert bad_objects(root) == []
    assert {stat.S_IMODE(p.stat().st_mode) for p in objects(root).values()} == {0o444}


def test_hooks_and_a_users_git_settings_do_not_act(
    root: Path, snapshots: SnapshotService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "ran"
    hooks = root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-commit", "pre-commit", "post-index-change", "post-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {trap}\n")
        (hooks / name).chmod(0o755)
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[core]\n\tfsmonitor = touch {trap}\n\thooksPath = {hooks}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    snapshots.create_snapshot("Third", allow_empty=True)
    snapshots.restore_snapshot("v1")
    assert not trap.exists()


def test_code_is_saved_and_comes_back_with_its_mode(root: Path, snapshots: SnapshotService) -> None:
    trainer = root / "code" / "trainers" / "mine" / "train.py"
    trainer.parent.mkdir(parents=True)
    trainer.write_text("print(1)\n")
    trainer.chmod(0o755)
    (trainer.parent / "__pycache__").mkdir()
    (trainer.parent / "__pycache__" / "train.pyc").write_bytes(b"x")
    assert snapshots.status().code
    snapshots.create_snapshot("With a trainer")
    assert git(root, "status", "--porcelain") == ""
    snapshots.restore_snapshot("v2")
    assert not trainer.exists()
    snapshots.restore_snapshot("v3")
    assert trainer.read_text() == "print(1)\n"
    assert trainer.stat().st_mode & 0o100
    assert git(root, "status", "--porcelain") == ""


def test_a_link_in_code_is_refused(root: Path, snapshots: SnapshotService) -> None:
    (root / "code" / "trainers").mkdir(parents=True, exist_ok=True)
    (root / "code" / "trainers" / "link.py").symlink_to("/etc/passwd")
    with pytest.raises(InvalidInputError) as caught:
        snapshots.create_snapshot("Third")
    assert caught.value.error_code == "link-in-code"


def test_code_as_large_as_data_is_refused(root: Path, snapshots: SnapshotService) -> None:
    (root / "code").mkdir(exist_ok=True)
    with (root / "code" / "weights.bin").open("wb") as file:
        file.truncate(65 << 20)
    with pytest.raises(TooLargeError):
        snapshots.create_snapshot("Third")


def test_a_users_own_commits_and_staged_files_live_on(root: Path, snapshots: SnapshotService) -> None:
    (root / "notes.md").write_text("mine\n")
    git(root, "add", "notes.md")
    git(root, "commit", "-qm", "Notes")
    (root / "staged.txt").write_text("staged\n")
    git(root, "add", "staged.txt")
    image_paths(root)[0].write_bytes(b"changed")
    made = snapshots.create_snapshot("Third")
    assert made.parents == ("v2",)
    assert git(root, "show", "HEAD:notes.md") == "mine\n"
    assert git(root, "status", "--porcelain").split() == ["A", "staged.txt"]


def test_a_commit_that_a_restore_leaves_stays_reachable(root: Path, snapshots: SnapshotService) -> None:
    (root / "notes.md").write_text("mine\n")
    git(root, "add", "notes.md")
    git(root, "commit", "-qm", "Notes")
    left = git(root, "rev-parse", "HEAD").strip()
    snapshots.restore_snapshot("v1")
    assert left in git(root, "rev-list", "--all")


def test_a_detached_head_is_put_back_on_the_branch(root: Path, snapshots: SnapshotService) -> None:
    git(root, "checkout", "-q", "ddoc/v1")
    image_paths(root)[0].write_bytes(b"changed")
    made = snapshots.create_snapshot("From the first")
    assert made.parents == ("v1",)
    assert git(root, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
    assert git(root, "rev-parse", "main").strip() == made.git_rev


def test_parents_are_where_the_working_copy_came_from(root: Path, snapshots: SnapshotService) -> None:
    snapshots.restore_snapshot("v1")
    image_paths(root)[0].write_bytes(b"branch")
    assert snapshots.create_snapshot("Branch").parents == ("v1",)


def test_lists_go_on_where_a_page_ended(root: Path, snapshots: SnapshotService) -> None:
    for number in range(5):
        snapshots.create_snapshot(f"More {number}", allow_empty=True)
    seen: list[str] = []
    cursor = None
    while True:
        page = snapshots.list_snapshots(limit=2, cursor=cursor)
        seen += [s.snapshot_id for s in page.snapshots]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["v7", "v6", "v5", "v4", "v3", "v2", "v1"]
    assert page.total == 7
    with pytest.raises(InvalidInputError):
        snapshots.list_snapshots(cursor="nonsense")


@pytest.mark.parametrize("name", ["v9", "nothing", "auto-1"])
def test_an_unknown_snapshot_is_not_found(snapshots: SnapshotService, name: str) -> None:
    with pytest.raises(NotFoundError):
        snapshots.get(name)


@pytest.mark.parametrize("name", ["../v1", "v1/..", "", "a b", "-x", "x\n", "%2e"])
def test_a_malformed_id_is_refused(snapshots: SnapshotService, name: str) -> None:
    with pytest.raises(InvalidInputError):
        snapshots.get(name)


def test_edits_are_part_of_the_snapshot_they_led_to(root: Path, snapshots: SnapshotService) -> None:
    edits = [{"kind": "move", "items": 3}]
    snapshots.create_snapshot("Third", allow_empty=True, edits=edits)
    assert snapshots.read_edits("v3") == edits
    assert snapshots.read_edits("v2") == []


def test_many_files_go_through_worker_processes(root: Path, snapshots: SnapshotService) -> None:
    folder = root / "data" / "images" / "many"
    folder.mkdir()
    for number in range(2_100):
        (folder / f"{number}.jpg").write_bytes(b"%d" % number)
    (folder / "large.jpg").write_bytes(bytes(3 << 20))
    snapshots.create_snapshot("Many")
    assert bad_objects(root) == []
    saved = contents(root / "data")
    snapshots.restore_snapshot("v1")
    snapshots.restore_snapshot("v3")
    assert contents(root / "data") == saved
    assert snapshots.verify(mode="full").is_sound


def test_a_worker_that_dies_is_a_clear_problem(
    root: Path, snapshots: SnapshotService, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = root / "data" / "images" / "many"
    folder.mkdir()
    for number in range(2_100):
        (folder / f"{number}.jpg").write_bytes(b"%d" % number)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(UnavailableError) as caught:
        snapshots.create_snapshot("Many")
    assert caught.value.error_code == "worker-died"
    assert snapshots.list_snapshots().total == 2


def test_cancelling_through_progress_leaves_nothing(root: Path, snapshots: SnapshotService) -> None:
    image_paths(root)[0].write_bytes(b"changed")

    def cancel(*_: object, **__: object) -> None:
        raise DdocError("stop", code="cancelled")

    with pytest.raises(DdocError):
        snapshots.create_snapshot("Third", progress=cancel)
    assert snapshots.create_snapshot("Third").snapshot_id == "v3"


def test_the_order_of_system_calls_is_safe_against_power_loss(root: Path, tmp_path: Path) -> None:
    """Data is flushed before it gets its name, names before the refs move, refs before the pointer says so."""
    image_paths(root)[0].write_bytes(b"changed")
    lines = _calls_of(root, tmp_path / "calls", "create_snapshot('Third')")
    sync = _first(lines, "syncfs(")
    publish = _first(lines, "staging/", "/cache/files/md5/")
    flush = next(i for i, line in enumerate(lines) if i > publish and ("fsync(" in line or "syncfs(" in line))
    refs = _first(lines, "execve(", "update-ref")
    moved = _first(lines, ".git/refs/heads/main.lock")
    pointer = _first(lines, '/data.dvc"')
    assert sync < publish < flush < refs < moved < pointer


@pytest.mark.parametrize("gone", [False, True])
def test_the_order_of_a_restores_system_calls_is_safe_against_power_loss(
    root: Path, tmp_path: Path, gone: bool
) -> None:
    """New files and the journal are flushed before anything is replaced, deletes come last and are flushed before the
    refs move, and the journal goes when all is done. With `gone`, a folder comes back whole.
    """
    if gone:
        shutil.rmtree(root / "data" / "images" / "val")
    lines = _calls_of(root, tmp_path / "calls", "restore_snapshot('v1', discard_changes=True)")
    data = f"{root}/data/"
    sync = _first(lines, "syncfs(")
    journal = _first(lines, "journal.json.new", 'journal.json"')
    durable = next(i for i, line in enumerate(lines) if i > journal and "fsync(" in line)
    placed = [i for i, line in enumerate(lines) if "staging/" in line and f'"{data}' in line]
    deleted = [i for i, line in enumerate(lines) if "unlink" in line and f'"{data}' in line]
    flush = next(
        i for i, line in enumerate(lines) if i > deleted[-1] and ("fsync(" in line or "syncfs(" in line)
    )
    refs = _first(lines, "execve(", "update-ref")
    done = max(i for i, line in enumerate(lines) if "unlink" in line and 'snapshots/journal.json"' in line)
    assert len(placed) == (4 if gone else 3)
    assert len(deleted) == 1
    assert sync < journal < durable < placed[0] < placed[-1] < deleted[0] < flush < refs < done


def _calls_of(root: Path, log: Path, call: str) -> list[str]:
    """Return the calls that an operation makes on names and disks, in order."""
    if subprocess.run(["which", "strace"], capture_output=True).returncode:
        pytest.skip("strace is not installed")
    code = (
        "from pathlib import Path; from ddoc.core.snapshot_service import SnapshotService;"
        f"SnapshotService(Path({str(root)!r})).{call}"
    )
    calls = "trace=syncfs,fsync,rename,renameat,renameat2,unlink,unlinkat,execve"
    environment = os.environ | {"PYTHONPATH": str(Path(look.__file__).parents[2])}
    command = ["strace", "-f", "-s", "400", "-o", str(log), "-e", calls, sys.executable, "-c", code]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return log.read_text().splitlines()


def _first(lines: list[str], *parts: str) -> int:
    return next(i for i, line in enumerate(lines) if all(part in line for part in parts))
