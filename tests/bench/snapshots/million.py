"""A workspace of a million small files: what snapshots cost there, beside the bare scan of the tree.

    python -m tests.bench.snapshots.million --files 1000000 [--here FOLDER]

Half of the files are images of some hundred bytes, half are labels. Prints a table; memory is the growth of this
process, its workers are some 10 MB each.
"""

import argparse
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ddoc.core.snapshot_service import SnapshotService
from ddoc.snapshot.repository import make_repository
from ddoc.snapshot.scan import scan_files
from tests.bench.disks import file_system


def make_data(data: Path, files: int) -> None:
    parts = [
        (data / kind / split, suffix, files // 2 * share // 10)
        for split, share in (("train", 8), ("val", 2))
        for kind, suffix in (("images", "jpg"), ("labels", "txt"))
    ]
    with multiprocessing.get_context("fork").Pool(len(parts)) as pool:
        pool.starmap(make_part, parts)
    (data / "dataset.yaml").write_text("task: detect\nnames: [a]\nsplits: [train, val]\n")


def make_part(folder: Path, suffix: str, files: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        descriptor = os.open(f"{folder}/image_{number:07d}.{suffix}", os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(descriptor, b"%s %07d\n" % (os.fsencode(folder)[-12:], number) * 8)
        os.close(descriptor)


def change(data: Path, files: int) -> None:
    for number in range(files):
        path = data / "images" / "train" / f"image_{number * 7:07d}.jpg"
        path.write_bytes(b"changed %d" % number)


def timed(name: str, action: Callable[[], object]) -> None:
    before = _memory()
    start, cpu = time.perf_counter(), _cpu()
    action()
    wall, used = time.perf_counter() - start, _cpu() - cpu
    print(f"| {name} | {wall:.2f} | {used:.2f} | {_memory():.0f} | +{_memory() - before:.0f} |", flush=True)


def _cpu() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--here", type=Path)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that the file system is unmounted
    with file_system(options.here, max(4, options.files * 24_000 >> 30)) as (folder, name):
        root = folder / "ws"
        (root / ".ddoc").mkdir(parents=True)
        make_repository(root)
        make_data(root / "data", options.files)
        snapshots = SnapshotService(root)
        print(f"{options.files:,} files, {name}, load {os.getloadavg()[0]:.1f}\n")
        print("| operation | s | CPU s | peak MB | grown by |\n|---|---|---|---|---|")
        timed("bare scan of the tree", lambda: scan_files(root / "data"))
        timed("first snapshot", lambda: snapshots.create_snapshot("First"))
        timed("unchanged (status)", snapshots.status)
        change(root / "data", 1_000)
        timed("1,000 files changed", lambda: snapshots.create_snapshot("Second"))
        timed("list", snapshots.list_snapshots)
        timed("restore of 1,000 files", lambda: snapshots.restore_snapshot("v1"))
        timed("diff, first page", lambda: snapshots.diff("v1", "v2").page())
        timed("verify, quick", snapshots.verify)


if __name__ == "__main__":
    main()
