"""Power loss, for real: an XFS file system is shut down in the middle of the work, and everything that was not
flushed is gone.

    python tests/bench/snapshots/power_loss.py --times 50 [--seed 0]

Needs root, mkfs.xfs and xfs_io. In each round a process creates and restores snapshots of a workspace on a
loop-mounted XFS; at a random moment the file system is told to stop without writing its log (`xfs_io -x -c
"shutdown"`), unmounted and mounted again. Then every snapshot that was acknowledged must be there, every object must
hash to its name, and data/ must be one version or hold the unsaved files. Prints a line per round and the sum.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ddoc.core.fsck import fsck
from ddoc.core.snapshot_service import SnapshotService
from ddoc.snapshot.repository import make_repository


@contextmanager
def mounted(image: Path, mount: Path) -> Iterator[None]:
    """Mount the image for a while; unmounting drops every cached page."""
    subprocess.run(["mount", "-o", "loop", str(image), str(mount)], check=True)
    try:
        yield
    finally:
        for _ in range(50):
            if subprocess.run(["umount", str(mount)], capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.1)


def work(root: Path, told: Path, seed: int) -> None:
    """Create and restore until stopped; what was acknowledged is written down on another file system."""
    rng = random.Random(seed)
    snapshots = SnapshotService(root)
    while True:
        names = [s.snapshot_id for s in snapshots.list_snapshots(limit=500).snapshots]
        if rng.random() < 0.6 or not names:
            for _ in range(rng.randrange(1, 40)):
                path = root / "data" / "images" / "train" / f"{rng.randrange(300)}.jpg"
                path.write_bytes(rng.randbytes(rng.randrange(60_000)))
            made = snapshots.create_snapshot("Work").snapshot_id
            with told.open("a") as file:
                file.write(f"{made}\n")
                file.flush()
                os.fsync(file.fileno())
        else:
            snapshots.restore_snapshot(rng.choice(names[:8]))


def one_round(image: Path, mount: Path, told: Path, seed: int) -> str:
    """Work, lose power, mount again, check; returns what there was to see."""
    root = mount / "ws"
    subprocess.run(["mount", "-o", "loop", str(image), str(mount)], check=True)
    child = os.fork()
    if child == 0:
        try:
            work(root, told, seed)
        finally:
            os._exit(1)
    time.sleep(random.Random(seed).uniform(0.05, 2.0))
    subprocess.run(["xfs_io", "-x", "-c", "shutdown", str(mount)], check=True)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    subprocess.run(["umount", str(mount)], check=True)
    with mounted(image, mount):
        snapshots = SnapshotService(root)
        recovered = snapshots.recover()
        there = {s.snapshot_id for s in snapshots.list_snapshots(limit=500).snapshots}
        lost = set(told.read_text().split()) - there
        problems = [f for f in fsck(root) if f.severity == "error"]
        if lost or problems:
            raise SystemExit(f"seed {seed}: lost {sorted(lost)}, found {problems[:5]}")
        newest = snapshots.list_snapshots(limit=3).snapshots
        for made in newest:
            snapshots.restore_snapshot(made.snapshot_id)
        if not snapshots.status().is_clean:
            raise SystemExit(f"seed {seed}: a restored workspace is not clean")
    return f"{len(there)} snapshots, {'rolled forward' if recovered else 'nothing half done'}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("mkfs.xfs") or not shutil.which("xfs_io"):
        sys.exit("needs root, mkfs.xfs and xfs_io")
    with tempfile.TemporaryDirectory(prefix="ddoc-power-") as place:
        image, mount, told = Path(place, "xfs.img"), Path(place, "mnt"), Path(place, "told")
        mount.mkdir()
        told.touch()
        with image.open("wb") as file:
            file.truncate(4 << 30)
        subprocess.run(["mkfs.xfs", "-q", str(image)], check=True)
        with mounted(image, mount):
            root = mount / "ws"
            (root / ".ddoc").mkdir(parents=True)
            make_repository(root)
            (root / "data" / "images" / "train").mkdir(parents=True)
            (root / "data" / "dataset.yaml").write_text("task: detect\nnames: [a]\nsplits: [train]\n")
            SnapshotService(root).create_snapshot("Start")
        for number in range(options.times):
            print(number, one_round(image, mount, told, options.seed + number), flush=True)
    print(f"{options.times} power losses: nothing that was acknowledged is lost")


if __name__ == "__main__":
    main()
