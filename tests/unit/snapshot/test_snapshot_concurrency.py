"""Writers, readers and a user's own git and dvc commands at the same time."""

import os
import subprocess
import threading
import time
from pathlib import Path

from ddoc.core.snapshot_service import SnapshotService
from ddoc.errors import ConflictError
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
