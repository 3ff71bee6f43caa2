"""Index and edits at 10,000, 100,000 and 1,000,000 items: medians of a warm library, beside bare file-system costs.

    python -m tests.bench.data.index [--items 10000 100000 1000000] [--runs 15] [--files 20000] [--work FOLDER]

The index is made from a synthetic scan (about five boxes an item, ten attributes, clusters, one drift report), so that
no million of files is needed; the 500 items that are moved have real files. Cached answers are measured apart from
fresh ones: a fresh one follows a change of the data. `processor` is the time of all threads, which a busy machine does
not change. Each size runs in a process of its own; its largest resident set is printed.
"""

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from ddoc.dataset.dataset import Dataset
from ddoc.dataset.edits import Edits
from ddoc.dataset.filters import AttributeRange, Filter, ScoreRange
from ddoc.dataset.scan import scan_changes, walk
from ddoc.dataset.selections import Selection
from tests.bench.data import synthetic

TARGETS = {
    "first page": 25,
    "view: page anywhere (200)": 25,
    "class + range + split: page and total": 60,
    "all histograms, train": 120,
    "statistics, fresh": 100,
    "move 500 items": 1000,
    "undo it": 1000,
}


class Clock:
    """Collects medians by name, in milliseconds: (wall, processor)."""

    def __init__(self, runs: int) -> None:
        self.runs = runs
        self.rows: dict[str, tuple[float, float]] = {}

    def time(self, name: str, call: Callable[[], Any], *, before: Callable[[], Any] | None = None) -> None:
        """Time `call`, each run after `before`."""
        wall, processor = [], []
        for _ in range(self.runs):
            if before is not None:
                before()
            c, w = time.process_time(), time.perf_counter()
            call()
            wall.append(time.perf_counter() - w)
            processor.append(time.process_time() - c)
        self.rows[name] = (statistics.median(wall) * 1e3, statistics.median(processor) * 1e3)

    def pairwise(self, name: str, back: str, call: Callable[[], Any], undo: Callable[[], Any]) -> Any:
        """Time `call` and `undo` in turn, as `name` and `back`. Returns what the last undo did."""
        times: list[tuple[float, ...]] = []
        done = None
        for _ in range(self.runs):
            clocks = [(time.perf_counter(), time.process_time())]
            for act in (call, undo):
                done = act()
                clocks.append((time.perf_counter(), time.process_time()))
            times.append(tuple(b - a for x, y in pairwise(clocks) for a, b in zip(x, y, strict=True)))
        medians = [statistics.median(column) * 1e3 for column in zip(*times, strict=True)]
        self.rows[name], self.rows[back] = (medians[0], medians[1]), (medians[2], medians[3])
        return done


def build(root: Path, n: int) -> dict[str, float]:
    """Make the root. Returns seconds per step."""
    table = synthetic.scan_table(n)
    (root / "data").mkdir(parents=True)
    synthetic.write_info(root / "data", synthetic.info())
    seconds: dict[str, float] = {}

    def step(name: str, call: Callable[[], Any]) -> None:
        begun = time.perf_counter()
        call()
        seconds[name] = time.perf_counter() - begun

    with Dataset.open(root) as dataset:
        step("put the scan in", lambda: dataset.apply_scan(table))
        hashes = dataset.index.items_table().column("content_hash")
        step("load attributes", lambda: dataset.index.load_attributes(synthetic.attributes_table(hashes)))
        step("load groups", lambda: dataset.index.load_groups(synthetic.groups_table(hashes)))
        step("load a drift report", lambda: dataset.index.load_scores("r1", synthetic.scores_table(hashes)))
    return seconds


def measure(root: Path, n: int, runs: int) -> dict[str, Any]:
    """Measure a warm library on a root that `build` made."""
    begun = time.perf_counter()
    dataset = Dataset.open(root, refresh=False)
    opened = time.perf_counter() - begun
    index, clock = dataset.index, Clock(runs)
    begun = time.perf_counter()
    first = index.page(limit=100)
    cold = time.perf_counter() - begun
    wanted = Filter(class_name="class_03", split="train", attribute=(AttributeRange("brightness", 0.4, 0.6),))
    fresh = forget(index)
    clock.time("first page", lambda: index.page(limit=100))
    clock.time("next page by cursor", lambda: index.page(limit=100, cursor=first.next_cursor))
    clock.time("first page by sharpness", lambda: index.page(sort="-sharpness", limit=100))
    view = index.create_view(None, "-sharpness")
    clock.time(
        "view: page anywhere (200)",
        lambda: index.view_page(view.view_id, offset=random.randrange(n - 200), limit=200),
    )
    clock.time("view: made from all, sorted", lambda: index.create_view(None, "-sharpness"), before=fresh)
    clock.time("class + range + split: page and total", lambda: index.page(wanted, limit=100), before=fresh)
    clock.time(
        "drift score over 0.9: page and total",
        lambda: index.page(Filter(drift_score=ScoreRange("r1", 0.9))),
        before=fresh,
    )
    clock.time(
        "text in names: page and total", lambda: index.page(Filter(text="00123"), limit=100), before=fresh
    )
    clock.time("one item", lambda: index.get(first.items[50].item_id))
    index.histograms()
    train = Filter(split="train")
    index.histograms(train)
    clock.time("all histograms, train", lambda: index.histograms(train), before=lambda: forget_answers(index))
    clock.time(
        "all histograms, class + range + split",
        lambda: index.histograms(wanted),
        before=lambda: forget_answers(index),
    )
    clock.time("statistics, fresh", dataset.statistics, before=fresh)
    clock.time("statistics, all counted again", dataset.statistics, before=lambda: forget_totals(index))
    clock.time("statistics, cached", dataset.statistics)
    clock.time("statistics of train, fresh", lambda: dataset.statistics(train), before=fresh)
    edits(dataset, clock)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
    dataset.close()
    return {
        "rows": clock.rows, "open_s": opened, "first_page_cold_s": cold, "peak_mib": peak, "resident_mib": resident,
        "index_mib": dataset.layout.index.stat().st_size / 2**20,
    }  # fmt: skip


def forget(index: Any) -> Callable[[], None]:
    """Return what makes the next answer a fresh one: no cached totals, statistics, histograms or views."""

    def act() -> None:
        forget_answers(index)
        index._views = type(index._views)(index._views._folder)

    return act


def forget_answers(index: Any) -> None:
    """Forget cached answers, but not resolved views."""
    index._store._cache.clear()


def forget_totals(index: Any) -> None:
    """Forget cached answers and the totals that edits keep up to date."""
    forget_answers(index)
    index._store._memory = replace(index._store._memory, totals=None)


def edits(dataset: Dataset, clock: Clock) -> None:
    """Time a move of 500 items and its undo, with real files, beside the bare renames."""
    names = dataset.index.page(Filter(split="train"), limit=500).items
    synthetic.make_files(dataset, [item.path for item in names])
    chosen = Selection.of([item.item_id for item in names])
    acting = Edits(dataset)
    runs, clock.runs = clock.runs, 5
    clock.time("move 500: preview", lambda: acting.move(chosen, target_split="val", dry_run=True))
    undone = clock.pairwise(
        "move 500 items", "undo it", lambda: acting.move(chosen, target_split="val"), acting.undo
    )
    assert undone.changed == 500
    clock.time("relabel 500: preview", lambda: acting.relabel(chosen, new_label="class_07", dry_run=True))

    def relabel() -> Any:
        return acting.relabel(chosen, new_label="class_07", from_label="class_00")

    clock.pairwise("relabel 500 items", "undo that", relabel, acting.undo)
    clock.time("bare: 1,000 renames, 4 folders synced", lambda: bare(dataset, [item.path for item in names]))
    clock.runs = runs


def bare(dataset: Dataset, paths: list[str]) -> None:
    """Rename the files there and back, and flush the folders."""
    data = dataset.layout.data
    pairs = [(path, path.replace("/train/", "/bare/")) for path in paths]
    pairs += [
        (
            p.replace("images/", "labels/").replace(".jpg", ".txt"),
            t.replace("images/", "labels/").replace(".jpg", ".txt"),
        )
        for p, t in pairs
    ]
    for folder in {os.path.dirname(target) for _, target in pairs}:
        (data / folder).mkdir(parents=True, exist_ok=True)
    for source, target in pairs:
        os.rename(data / source, data / target)
    for folder in {os.path.dirname(p) for pair in pairs for p in pair}:
        descriptor = os.open(data / folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    for source, target in pairs:
        os.rename(data / target, data / source)


def scan_files(folder: Path, n: int) -> dict[str, float]:
    """Build an index of n real files, and rescan them, beside the bare walk: thousands of images per second."""
    images, labels = folder / "data/images/train", folder / "data/labels/train"
    images.mkdir(parents=True)
    labels.mkdir(parents=True)
    synthetic.write_info(folder / "data", synthetic.info())
    import cv2
    import numpy as np

    rng = np.random.default_rng(0)
    encoded = [
        cv2.imencode(".jpg", rng.integers(0, 255, (240, 320, 3), dtype=np.uint8))[1].tobytes()
        for _ in range(16)
    ]
    for i in range(n):
        (images / f"{i:07d}.jpg").write_bytes(encoded[i % 16] + i.to_bytes(4, "big"))
        (labels / f"{i:07d}.txt").write_text("0 0.5 0.5 0.2 0.2\n1 0.4 0.4 0.1 0.1\n")
    time.sleep(0.1)
    rates: dict[str, float] = {}

    def rate(name: str, call: Callable[[], Any]) -> Any:
        begun = time.perf_counter()
        result = call()
        rates[name] = n / (time.perf_counter() - begun) / 1e3
        return result

    rate("bare walk and stat", lambda: walk(folder / "data"))
    dataset = rate("built from nothing, one process", lambda: Dataset.open(folder))
    known = dataset.index.known()
    rate("rescan, nothing changed", lambda: scan_changes(folder, known))
    dataset.close()
    return rates


def main() -> None:
    """Run every size and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--build", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        root = options.work / f"root-{options.one}"
        done = build(root, options.one) if options.build else measure(root, options.one, options.runs)
        print(json.dumps(done))
        return
    with tempfile.TemporaryDirectory(dir=options.work) as scratch:
        results = {n: run_size(Path(scratch), n, options.runs) for n in options.items}
        rates = scan_files(Path(scratch) / "files", options.files) if options.files else {}
    report(results, rates, options.files)


def run_size(scratch: Path, n: int, runs: int) -> dict[str, Any]:
    """Build and measure one size, each in a fresh process."""
    command = [
        sys.executable,
        "-m",
        "tests.bench.data.index",
        "--one",
        str(n),
        "--work",
        str(scratch),
        "--runs",
        str(runs),
    ]
    made = subprocess.run([*command, "--build"], check=True, capture_output=True, text=True)
    measured = subprocess.run(command, check=True, capture_output=True, text=True)
    shutil.rmtree(scratch / f"root-{n}")
    return {**json.loads(measured.stdout), "build": json.loads(made.stdout)}


def report(results: dict[int, dict[str, Any]], rates: dict[str, float], files: int) -> None:
    """Print markdown: milliseconds, wall (processor)."""
    sizes = list(results)
    print("| median, ms: wall (processor) | " + " | ".join(f"{n:,}" for n in sizes) + " | target |")
    print("|---|" + "---|" * (len(sizes) + 1))
    for name in results[sizes[0]]["rows"]:
        cells = []
        for n in sizes:
            wall, processor = results[n]["rows"][name]
            cells.append(f"{wall:.1f}" + (f" ({processor:.1f})" if processor == processor else ""))
        print(f"| {name} | " + " | ".join(cells) + f" | {TARGETS.get(name, '')} |")
    for key, title in (
        ("open_s", "open, s"),
        ("first_page_cold_s", "first page after opening, s"),
        ("resident_mib", "resident, MiB"),
        ("peak_mib", "largest resident, MiB"),
        ("index_mib", "index file, MiB"),
    ):
        print(f"| {title} | " + " | ".join(f"{results[n][key]:.2f}" for n in sizes) + " | |")
    for step in results[sizes[0]]["build"]:
        print(f"| {step}, s | " + " | ".join(f"{results[n]['build'][step]:.2f}" for n in sizes) + " | |")
    for name, value in rates.items():
        print(f"\n{files:,} files of 240×320, {name}: {value:.1f} thousand images/s")


if __name__ == "__main__":
    main()
