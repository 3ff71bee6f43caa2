"""What a request for the results of an analysis, and for similar images, costs at a million images.

Each in a process of its own; beside it, the bare reading of all vectors in blocks, which a search cannot do without.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ddoc.analysis import ResultsStore, VectorStore, find_similar, summary
from ddoc.analysis.contents import from_keys
from ddoc.analysis.groups import Groups, _digest, _save, view_path
from ddoc.analysis.projection import fit_view
from ddoc.paths import Layout

COUNT, DIM, BLOCK = 1_000_000, 680, 50_000
ENCODER = "descriptor-1"


def run(scratch: Path) -> list[dict[str, Any]]:
    """Return rows of the table."""
    root = scratch / f"reads-{COUNT}"
    if not (root / "made").exists():
        _make(root)
    return [
        json.loads(
            subprocess.run(
                [sys.executable, "-m", "tests.bench.vision.bench_reads", str(root), name],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for name in ("bare", "results", "similar")
    ]


def _make(root: Path) -> None:
    layout, rng = Layout(root), np.random.default_rng(0)
    contents = _contents()
    store = ResultsStore(layout.analysis, "attributes-1")
    names = ["brightness", *(f"attribute{i}" for i in range(16))]
    store.append(contents.to_pylist(), {n: rng.random(COUNT, np.float32) for n in names})
    store.compact()
    vectors = VectorStore(layout.vectors, ENCODER, dim=DIM)
    for start in range(0, COUNT, BLOCK):
        rows = rng.standard_normal((BLOCK, DIM), np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        vectors.append(contents[start : start + BLOCK].to_pylist(), rows)
        if start == 0:
            fit_view(rows).save(view_path(layout, ENCODER))
    table = pa.table(
        {
            "content_hash": contents,
            "cluster": pa.array(rng.integers(0, 256, COUNT), pa.int32()),
            "duplicate_group": pa.array(
                np.where(rng.random(COUNT) < 0.01, rng.integers(0, COUNT // 300, COUNT), -1), pa.int32()
            ),
            **{name: pa.array(rng.random(COUNT, np.float32)) for name in ("outlier", "x", "y")},
        }
    )
    _save(layout, Groups(ENCODER, table, {}, {}, _digest(contents)))
    (root / "made").touch()


def _contents() -> Any:
    return from_keys(np.frombuffer(np.random.default_rng(1).bytes(16 * COUNT), "V16"))


def _measure(root: Path, name: str) -> dict[str, Any]:
    layout, contents = Layout(root), _contents()
    calls: dict[str, Callable[[], Any]] = {
        "bare": lambda: _read_all(layout),
        "results": lambda: summary(layout, contents, encoder_key=ENCODER),
        "similar": lambda: find_similar(layout, ENCODER, contents[5].as_py(), contents),
    }
    before, peak, ended = _own_memory(), [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.01):
            peak[0] = max(peak[0], _own_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.perf_counter()
    calls[name]()
    seconds = time.perf_counter() - begun
    ended.set()
    watcher.join()
    titles = {
        "bare": "all vectors read and multiplied, nothing else",
        "results": "results of both analyses",
        "similar": "24 similar images",
    }
    return {
        f"{COUNT:,} images": titles[name],
        "seconds": seconds,
        "memory on top, MB": max(0.0, peak[0] - before),
    }


def _read_all(layout: Layout) -> None:
    store = VectorStore(layout.vectors, ENCODER)
    target = np.ones(DIM, np.float32)
    for start in range(0, COUNT, BLOCK):
        _ = store.at(np.arange(start, start + BLOCK)).astype(np.float32) @ target


def _own_memory() -> float:
    """Return the resident megabytes that are no mapped file."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) / 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure(Path(sys.argv[1]), sys.argv[2])))
