"""A file system to measure on: XFS in a file where that can be, since other disks flush and discard as they please."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def file_system(folder: Path | None, gigabytes: int) -> Iterator[tuple[Path, str]]:
    """Yield a folder to work in and the name of its file system."""
    if folder is None and os.geteuid() == 0 and shutil.which("mkfs.xfs"):
        with tempfile.TemporaryDirectory(prefix="ddoc-bench-") as place:
            image, mount = Path(place, "xfs.img"), Path(place, "mnt")
            mount.mkdir()
            with image.open("wb") as file:
                # allocated, not sparse: else the first write to each block would be what is timed
                os.posix_fallocate(file.fileno(), 0, gigabytes << 30)
            subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=0", str(image)], check=True)
            subprocess.run(["mount", "-o", "loop", str(image), str(mount)], check=True)
            try:
                yield mount, "XFS on a loop device, no reflink, no discard"
            finally:
                unmount(mount)
        return
    with tempfile.TemporaryDirectory(prefix="ddoc-bench-", dir=folder) as place:
        said = subprocess.run(["stat", "-f", "-c", "%T", place], capture_output=True, text=True, check=True)
        yield Path(place), said.stdout.strip()


def unmount(mount: Path) -> None:
    """Unmount as soon as what was stopped has let go."""
    for _ in range(50):
        if subprocess.run(["umount", str(mount)], capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.2)
    subprocess.run(["umount", str(mount)], check=True)
