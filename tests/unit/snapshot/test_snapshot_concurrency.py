"""Writers, readers and a user's own git and dvc commands at the same time."""

import contextlib
import os
import signal
import subprocess
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from ddoc.core.snapshot_service import SnapshotService
from ddoc.errors import ConflictError
from ddoc.snapshot.history import BlobEntry, History, RefUpdate
from tests.unit.snapshot.making import PATH, USER, bad_objects, dvc_environment, git, image_paths

ROUNDS = 12


def _write(root: Path, number: int) -> None:
    snapshots = SnapshotService(root)
    target = root / "data" / "images" / "val" / f"writer-{number}.jpg"
    for round_ in range(ROUNDS):
        target.write_bytes(b"%d of %d" % (round_, number))
        try:
            snapshots.create_snapshot(f"Writer {number}, round {round_}")
        except ConflictError as error:
            # another writer's snapshot already holds this file's present bytes
            if error.error_code != "nothing-to-snapshot":
                raise


def test_writers_readers_and_a_users_commands_get_along(root: Path) -> None:
    writers = [_fork(lambda n=n: _write(root, n)) for n in range(3)]
    stop, problems = threading.Event(), list[str]()
    user = threading.Thread(target=_user, args=(root, stop, problems))
    user.start()
    snapshots = SnapshotService(root)
    counts: list[int] = []
    while any(_is_running(child) for child in writers):
        page = snapshots.list_snapshots(limit=500)
        counts.append(page.total)
        assert snapshots.get("v1").snapshot_id == "v1"
        snapshots.get_lineage_graph()
        snapshots.status()
        time.sleep(0.01)
    stop.set()
    user.join()
    assert problems == []
    assert counts == sorted(counts)
    everything = snapshots.list_snapshots(limit=500).snapshots
    numbers = sorted(int(s.snapshot_id[1:]) for s in everything)
    assert numbers == list(range(1, len(numbers) + 1))
    _require_one_line(everything)
    assert bad_objects(root) == []
    assert git(root, "fsck", "--full", "--strict").strip() in ("", "notice: HEAD points to an unborn branch")
    assert git(root, "status", "--porcelain") == ""
    assert snapshots.verify(mode="full").is_sound
    assert {p.read_bytes() for p in image_paths(root) if "writer" in p.name} == {
        b"%d of %d" % (ROUNDS - 1, n) for n in range(3)
    }


def _require_one_line(everything: tuple[object, ...]) -> None:
    """No update is lost: every snapshot's parent is the one before it."""
    parents = {s.snapshot_id: s.parents for s in everything}  # pyright: ignore
    for number in range(2, len(parents) + 1):
        assert parents[f"v{number}"] == (f"v{number - 1}",)


def _user(root: Path, stop: threading.Event, problems: list[str]) -> None:
    """What a user's shell does meanwhile; git must never fail, and dvc only for the lock that it waits for."""
    environment = os.environ | USER | dvc_environment(root) | {"PATH": PATH}
    commands = [
        ["git", "status"],
        ["git", "log", "--oneline", "--all"],
        ["dvc", "status"],
        ["git", "gc", "-q"],
    ]
    while not stop.is_set():
        for command in commands:
            done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
            if done.returncode and "Unable to acquire lock" not in done.stderr:
                problems.append(f"{command}: {done.stderr}")


def _fork(action: object) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            action()  # pyright: ignore
            code = 0
        except BaseException:  # noqa: BLE001 - told, since nobody else can
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)
    return child


def _is_running(child: int) -> bool:
    try:
        pid, status = os.waitpid(child, os.WNOHANG)
    except ChildProcessError:
        return False
    if pid:
        assert status == 0, "a writer failed"
    return pid == 0


def test_every_ref_is_read_while_git_packs_them(root: Path) -> None:
    """Packing writes packed-refs, then removes the refs' own files: a reader between must miss none."""
    history = History(root)
    names = {f"refs/tags/ddoc/auto/{n:03}" for n in range(300)}
    head = str(history.head)
    commits = [head, history.write_commit(history.files(head), message="another", parents=[head])]
    history.update_refs([RefUpdate(name, None, head) for name in names])
    ended, missed = threading.Event(), list[set[str]]()

    def pack() -> None:
        try:
            for turn in range(10):
                moves = "".join(f"update {name} {commits[turn % 2]}\n" for name in names)
                subprocess.run(["git", "update-ref", "--stdin"], cwd=root, input=moves, text=True, check=True)
                git(root, "pack-refs", "--all", "--prune")
        finally:
            ended.set()

    packer = threading.Thread(target=pack)
    packer.start()
    while not ended.is_set():
        missed.append(names - History(root).refs().keys())
    packer.join()
    assert len(missed) > 10
    assert [m for m in missed if m] == []


def test_a_reading_of_refs_during_which_git_packed_them_does_not_count(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race of the test above, held still: git packs while the first reading, which misses one, goes on."""
    history = History(root)
    expected = history.refs()
    references, readings = history._repo.references, list[int]()

    def iterator() -> Iterator[object]:
        found = list(references.iterator())
        readings.append(len(found))
        if len(readings) == 1:
            git(root, "pack-refs", "--all", "--prune")
            found.pop()
        return iter(found)

    monkeypatch.setattr(history, "_repo", SimpleNamespace(references=SimpleNamespace(iterator=iterator)))
    assert history.refs() == expected
    assert len(readings) == 2


def test_objects_are_written_while_git_removes_empty_folders(root: Path) -> None:
    history, objects = History(root), root / ".git" / "objects"

    def tidy() -> None:
        while True:
            for number in range(256):
                with contextlib.suppress(OSError):  # not empty, or not there
                    (objects / f"{number:02x}").rmdir()

    tidying = [_fork(tidy) for _ in range(2)]
    try:
        written = [history.write_blob(b"blob %d" % n) for n in range(1500)]
        tree = {f"{n}.txt": BlobEntry(oid) for n, oid in enumerate(written[:50])}
        commit = history.write_commit(tree, message="all", parents=[])
        tombstone = history.write_tombstone(commit, name="v1", note="deleted")
    finally:
        for child in tidying:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    assert [history.blob(oid) for oid in written] == [b"blob %d" % n for n in range(1500)]
    assert history.files(commit) == tree
    assert history.peel(tombstone) == commit
