"""A disk that is really full and one that is really read-only: a small file system mounted from a file."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddoc.core.fsck import fsck
from ddoc.core.snapshot_service import SnapshotService
from ddoc.errors import DiskFullError, UnavailableError
from ddoc.snapshot import look, plan
from tests.unit.snapshot.making import contents, copy_of, git, image_paths


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MiB of its own."""
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("mounting needs root and mkfs.ext4")
    image, mount = tmp_path / "disk.img", tmp_path / "disk"
    mount.mkdir()
    with image.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    if subprocess.run(["mount", "-o", "loop", str(image), str(mount)], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


@pytest.fixture
def small(template: Path, disk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace on it, its checks for room switched off: the disk itself must refuse."""
    for module in (look, plan):
        monkeypatch.setattr(module, "require_room", lambda *_: None)
    return copy_of(template, disk / "ws")


def _fill(disk: Path, *, leave: int) -> Path:
    filler = disk / "filler"
    facts = os.statvfs(disk)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, facts.f_bavail * facts.f_frsize - leave)
    return filler


def test_a_snapshot_on_a_full_disk_says_so_and_changes_nothing(small: Path, disk: Path) -> None:
    snapshots = SnapshotService(small)
    for image in image_paths(small)[:3]:
        image.write_bytes(os.urandom(1 << 20))
    before = contents(small / "data")
    filler = _fill(disk, leave=300_000)
    with pytest.raises(DiskFullError):
        snapshots.create_snapshot("Third")
    assert contents(small / "data") == before
    assert not list((small / ".ddoc" / "snapshots").glob("staging/*"))
    assert snapshots.list_snapshots().total == 2
    filler.unlink()
    assert snapshots.create_snapshot("Third").snapshot_id == "v3"
    assert fsck(small) == []


def test_a_restore_on_a_full_disk_says_so_and_leaves_data_untouched(small: Path, disk: Path) -> None:
    snapshots = SnapshotService(small)
    for image in image_paths(small)[:3]:
        image.write_bytes(os.urandom(1 << 20))
    snapshots.create_snapshot("Large")
    snapshots.restore_snapshot("v2")
    before = contents(small / "data")
    filler = _fill(disk, leave=300_000)
    with pytest.raises(DiskFullError):
        snapshots.restore_snapshot("v3")
    assert contents(small / "data") == before
    assert (snapshots.head(), snapshots.recover()) == ("v2", False)
    filler.unlink()
    snapshots.restore_snapshot("v3")
    assert fsck(small) == []


def test_too_little_room_is_told_before_a_byte_is_written(template: Path, disk: Path) -> None:
    root = copy_of(template, disk / "ws")
    image_paths(root)[0].write_bytes(b"changed")
    with pytest.raises(DiskFullError) as caught:
        SnapshotService(root).create_snapshot("Third")
    assert caught.value.context["needed"] >= len(b"changed")
    assert caught.value.context["free"] < 64 << 20


def test_a_read_only_folder_can_be_read_and_says_why_it_cannot_be_written(small: Path, disk: Path) -> None:
    image_paths(small)[0].write_bytes(b"changed")
    before = contents(small / "data")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    snapshots = SnapshotService(small)
    for write in (
        lambda: snapshots.create_snapshot("Third"),
        lambda: snapshots.restore_snapshot("v1"),
        lambda: snapshots.delete("v1"),
        snapshots.gc,
        lambda: snapshots.set_alias("v1", "first"),
    ):
        with pytest.raises(UnavailableError) as caught:
            write()
        assert caught.value.error_code == "read-only"
    assert contents(small / "data") == before
    assert snapshots.list_snapshots().total == 2
    assert snapshots.diff("v1", "v2").page()["total"] > 0
    assert snapshots.verify(mode="full").is_sound
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert snapshots.create_snapshot("Third").snapshot_id == "v3"
    assert git(small, "status", "--porcelain") == ""
