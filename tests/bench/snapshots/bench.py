"""Snapshots against the dvc command line: same data, same file system, the two taking turns; prints a table.

    python -m tests.bench.snapshots.bench --files 20000 --reps 3 [--json out.json] [--here FOLDER]

As root, with mkfs.xfs, both work on an XFS file system mounted from a sparse file, without reflinks and without
`discard` (on ext4 with `discard` every unlink waits for the disk, and would be all that is measured). Else they work
in FOLDER or the temporary folder, and the table names that file system.

dvc is timed as the command that a user types. Ours is timed as the library call, in a fresh process whose start and
imports are not counted, as in a service that is already running. Memory is that of the whole process with its
children, sampled every 20 ms, shared pages by their share.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import random
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.disks import file_system

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
DVC = [sys.executable, "-m", "dvc"]


@dataclass(frozen=True)
class Cost:
    """One run: seconds by the clock and of processors, and the most memory in MB."""

    wall: float
    cpu: float
    memory: float


@dataclass
class Row:
    """One operation's runs."""

    name: str
    goal: float
    dvc: list[Cost]
    ours: list[Cost]

    def ratio(self, field: str = "wall") -> float:
        theirs = statistics.median(getattr(c, field) for c in self.dvc)
        return theirs / statistics.median(getattr(c, field) for c in self.ours)


def make_data(data: Path, files: int) -> None:
    """Write `files` / 2 images of 30 to 70 KB of noise and as many labels."""
    rng = random.Random(0)
    for number in range(files // 2):
        split = "val" if number % 5 == 0 else "train"
        for kind, suffix in (("images", "jpg"), ("labels", "txt")):
            path = data / kind / split / f"image_{number:06d}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(
                rng.randbytes(rng.randrange(30_000, 70_000)) if kind == "images" else _label(number)
            )
    (data / "dataset.yaml").write_text("task: detect\nnames: [a, b, c]\nsplits: [train, val]\n")


def _label(number: int) -> bytes:
    return b"0 0.5 0.5 0.%d1 0.3\n1 0.25 0.%d5 0.1 0.1\n" % (number % 7, number % 9)


def change(data: Path, *, every: int, salt: int) -> None:
    """Rewrite every n-th image in place of the old file."""
    for position, path in enumerate(sorted((data / "images").rglob("*.jpg"))):
        if position % every == 0:
            old = path.read_bytes()
            new = path.with_suffix(".new")
            new.write_bytes(old[:8] + salt.to_bytes(8, "little") + old[16:])
            new.replace(path)


class _Memory(threading.Thread):
    """Watches a process and its children: `most` is their largest proportional set size together, in MB."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._ended = threading.Event()
        self.most = 0.0

    def run(self) -> None:
        while not self._ended.wait(0.02):
            # a child that has not yet become another program is its parent's memory, seen twice
            name = _program(self._pid)
            children = [pid for pid in _children(self._pid) if _program(pid) != name]
            self.most = max(self.most, sum(_held(pid) for pid in [self._pid, *children]))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def _children(pid: int) -> list[int]:
    try:
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _program(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _held(pid: int) -> float:
    """Return a process's proportional set size in MB: shared pages count by their share."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


class Tool:
    """A repository of one of the two tools."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"

    def run(self, command: list[str]) -> Cost:
        """Run a command after a sync and measure it."""
        subprocess.run(["sync"], check=True)
        time.sleep(0.05)
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=self.root, env=self._environment(), stdout=subprocess.PIPE)
        watch = _Memory(process.pid)
        watch.start()
        assert process.stdout is not None
        try:
            said = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        wall = time.perf_counter() - start
        watch.stop()
        if os.waitstatus_to_exitcode(status):
            raise SystemExit(f"{command} failed")
        return self.cost(wall, usage.ru_utime + usage.ru_stime, watch.most, said.decode())

    def cost(self, wall: float, cpu: float, memory: float, _said: str) -> Cost:
        return Cost(wall, cpu, memory)

    def _environment(self) -> dict[str, str]:
        user = {f"GIT_{who}_{what}": "b@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        site = {
            "DVC_SITE_CACHE_DIR": str(self.root.with_name(self.root.name + ".site")),
            "DVC_NO_ANALYTICS": "1",
        }
        return (
            os.environ
            | user
            | site
            | {"PYTHONPATH": f"{ROOT / 'ddoc-workspace'}", "PYTHONWARNINGS": "ignore"}
        )


class DvcTool(Tool):
    """DVC as a user types it."""

    def start(self) -> None:
        """Make an empty repository around data/."""
        for path in (".git", ".dvc", "data.dvc", ".gitignore", ".dvcignore"):
            remove(self.root / path)
        remove(self.root.with_name(self.root.name + ".site"))
        for command in (["git", "init", "-q"], [*DVC, "init", "-q"]):
            self.run(command)

    def save(self) -> Cost:
        return self.run([*DVC, "add", "-q", "data"])

    def keep(self, name: str) -> None:
        shutil.copy(self.root / "data.dvc", self.root.with_name(f"{self.root.name}-{name}"))

    def restore(self, name: str) -> Cost:
        shutil.copy(self.root.with_name(f"{self.root.name}-{name}"), self.root / "data.dvc")
        return self.run([*DVC, "checkout", "-q"])


class OurTool(Tool):
    """The library call, timed inside a fresh process."""

    def start(self) -> None:
        for path in (".git", ".dvc", ".ddoc", "data.dvc", ".gitignore", ".dvcignore", "code"):
            remove(self.root / path)
        self._call("init")

    def save(self, *, sync: bool = True) -> Cost:
        return self._call("save" if sync else "save-without-sync")

    def restore(self, name: str) -> Cost:
        return self._call("restore", name)

    def _call(self, *arguments: str) -> Cost:
        return self.run([sys.executable, str(HERE / "ours.py"), str(self.root), *arguments])

    def cost(self, wall: float, cpu: float, memory: float, said: str) -> Cost:
        found = json.loads(said)
        return Cost(found["wall"], found["cpu"], memory)


def remove(path: Path) -> None:
    """Remove a file or folder if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def make_rows() -> list[Row]:
    """Return the rows to be filled: operations and the ratios that are wanted."""
    return [
        Row("first snapshot", 1.6, [], []),
        Row("first snapshot, neither syncs", 3.0, [], []),
        Row("unchanged", 12, [], []),
        Row("1 % changed", 12, [], []),
        Row("restore 1 %", 14, [], []),
        Row("restore 50 %", 4, [], []),
        Row("restore all", 2.5, [], []),
    ]


def measure(rows: list[Row], dvc: DvcTool, ours: OurTool, reps: int) -> None:
    """Run every operation in turn on both."""
    first, unsynced, unchanged, one, restore_one, restore_half, restore_all = rows
    for _ in range(reps):
        dvc.start()
        first.dvc.append(dvc.save())
        ours.start()
        unsynced.ours.append(ours.save(sync=False))
        ours.start()
        first.ours.append(ours.save())
    unsynced.dvc = first.dvc
    dvc.keep("v1")
    take_turns(unchanged, reps, dvc.save, ours.save)
    for salt in range(reps):
        for tool in (dvc, ours):
            change(tool.data, every=100, salt=salt + 1)
        take_turns(one, 1, dvc.save, ours.save)
    dvc.keep("v2")
    second = f"v{1 + reps}"
    for tool in (dvc, ours):
        change(tool.data, every=2, salt=99)
        tool.save()
    dvc.keep("v3")
    third = f"v{2 + reps}"
    for _ in range(reps):
        for tool, name in ((dvc, "v1"), (ours, "v1")):
            tool.restore(name)
        take_turns(restore_one, 1, lambda: dvc.restore("v2"), lambda: ours.restore(second))
        for tool in (dvc, ours):
            tool.restore("v1")
        take_turns(restore_half, 1, lambda: dvc.restore("v3"), lambda: ours.restore(third))
    for _ in range(reps):
        for tool in (dvc, ours):
            remove(tool.data)
            tool.data.mkdir()
        take_turns(restore_all, 1, lambda: dvc.restore("v1"), lambda: ours.restore("v1"))
    require_equal(dvc.data, ours.data)


def take_turns(row: Row, reps: int, dvc: Callable[[], Cost], ours: Callable[[], Cost]) -> None:
    """Measure both, one after the other."""
    for _ in range(reps):
        row.dvc.append(dvc())
        row.ours.append(ours())


def require_equal(a: Path, b: Path) -> None:
    """Both tools must have brought the same bytes back."""
    if subprocess.run(["diff", "-rq", str(a), str(b)], check=False).returncode:
        raise SystemExit("the two tools disagree about the data")


def table(rows: list[Row], heading: str) -> str:
    """Return the results as a Markdown table."""
    lines = [
        heading,
        "",
        "| operation | dvc s | ours s | ratio | goal | ratio of CPU | dvc MB | ours MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in (row for row in rows if row.dvc and row.ours):
        walls = [statistics.median(c.wall for c in side) for side in (row.dvc, row.ours)]
        memory = [max(c.memory for c in side) for side in (row.dvc, row.ours)]
        lines.append(
            f"| {row.name} | {walls[0]:.2f} | {walls[1]:.3f} | **{row.ratio():.1f}×** | {row.goal:g}× "
            f"| {row.ratio('cpu'):.1f}× | {memory[0]:.0f} | {memory[1]:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--here", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that the file system is unmounted
    size = max(8, options.files * 25_000 * 8 >> 30)
    rows = make_rows()
    with file_system(options.here, size) as (folder, name):
        dvc, ours = DvcTool(folder / "dvc"), OurTool(folder / "ours")
        for tool in (dvc, ours):
            tool.root.mkdir()
            make_data(tool.data, options.files)
        try:
            measure(rows, dvc, ours, options.reps)
        finally:
            report(rows, options, name)


def report(rows: list[Row], options: argparse.Namespace, name: str) -> None:
    """Print the table of what was measured, whole or until it was stopped."""
    load = os.getloadavg()[0]
    heading = (
        f"{options.files:,} files, {name}; medians of {options.reps}; {datetime.now(UTC):%Y-%m-%d}, "
        f"dvc {importlib.metadata.version('dvc')}, Python {platform.python_version()}, "
        f"{len(os.sched_getaffinity(0))} cores, load {load:.1f}"
    )
    print(table(rows, heading), flush=True)
    if options.json:
        options.json.write_text(json.dumps({"heading": heading, "rows": [asdict(r) for r in rows]}, indent=1))


if __name__ == "__main__":
    main()
