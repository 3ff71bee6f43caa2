"""Attributes: speed against cleanvision, scaling, memory, and whether blur and noise are found across scenes."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sklearn.metrics import roc_auc_score

from ddoc.execution_local import LocalExecutor
from ddoc_plugin_vision.data_utils import measures
from ddoc_plugin_vision.data_utils.attribute_chunk import measure_chunk
from tests.bench.vision.memory import memory
from tests.bench.vision.peers import peer
from tests.bench.vision.scenes import corrupt, scene

SETS = {"VGA": (640, 480, 120), "full HD": (1920, 1080, 32)}
ONE_PROCESS = """
import json, sys, time
from ddoc.execution_local import keep_heap
from ddoc_plugin_vision.data_utils.attribute_chunk import measure_chunk
keep_heap()
chunk = tuple((str(i), path) for i, path in enumerate(sys.argv[2:]))
measure_chunk(chunk[:4])
cpu, wall = [], []
for _ in range(int(sys.argv[1])):
    start, start_cpu = time.perf_counter(), time.process_time()
    measure_chunk(chunk)
    wall.append(time.perf_counter() - start)
    cpu.append(time.process_time() - start_cpu)
print(json.dumps({"cpu": sorted(cpu), "wall": sorted(wall)}))
"""


def run(scratch: Path, peers: Path, *, repeats: int = 5) -> list[dict[str, Any]]:
    """Return rows of the table; each holds its own peer, measured in the same run."""
    clean = peer("cleanvision", peers)
    rows: list[dict[str, Any]] = []
    for name, (width, height, count) in SETS.items():
        files = _files(scratch / name.replace(" ", "-"), width, height, count)
        ours, theirs = [], []
        for _ in range(2):  # twice in turn, so that a busy moment does not decide
            ours.append(_one_process(files, repeats))
            theirs.append(clean.run("peer_cleanvision.py", str(files[0].parent), str(repeats)))
        cpu = statistics.median(s for part in ours for s in part["cpu"])
        row: dict[str, Any] = {
            "set": name,
            "images": count,
            "images/s per core (CPU time)": count / cpu,
            "images/s, one process": count / statistics.median(s for part in ours for s in part["wall"]),
            **_two_processes(files, repeats),
        }
        if "error" in theirs[0]:
            row["cleanvision"] = theirs[0]["error"]
        else:
            peer_cpu = statistics.median(s for part in theirs for s in part["cpu"])
            row["cleanvision images/s per core"] = count / peer_cpu
            row["times cleanvision"] = peer_cpu / cpu
        rows.append(row)
    return [*rows, _found_across_scenes()]


def _files(folder: Path, width: int, height: int, count: int) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{seed}.jpg" for seed in range(count)]
    for seed, path in enumerate(paths):
        if not path.exists():
            image = scene(seed, width=width, height=height)[0]
            cv2.imwrite(str(path), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    return paths


def _one_process(files: list[Path], repeats: int) -> dict[str, Any]:
    command = [sys.executable, "-c", ONE_PROCESS, str(repeats), *(str(f) for f in files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _two_processes(files: list[Path], repeats: int) -> dict[str, float]:
    """Return how much faster two worker processes are than one, and what memory a worker needs."""
    chunks = [
        tuple((str(i), str(f)) for i, f in enumerate(files[s : s + 16])) for s in range(0, len(files), 16)
    ]
    chunks *= 4
    found: dict[int, list[float]] = {}
    for workers in (1, 2):
        with LocalExecutor(workers) as executor:
            list(executor.map(measure_chunk, chunks[: 2 * workers]))
            for _ in range(repeats):
                start = time.perf_counter()
                list(executor.map(measure_chunk, chunks))
                found.setdefault(workers, []).append(time.perf_counter() - start)
            used = [value for _, value in executor.map(memory, range(8)) if isinstance(value, tuple)]
    one, two = (statistics.median(found[w]) for w in (1, 2))
    return {
        "images/s, two processes": 4 * len(files) / two,
        "two processes / one": one / two,
        "worker's peak MB": max(peak for peak, _ in used),
        "of which its own share MB": max(share for _, share in used),
    }


def _found_across_scenes(count: int = 120) -> dict[str, Any]:
    """Return the AUROC of sharpness for a blur of σ 1.5 and of noise for σ 15, on JPEGs of different scenes."""
    half = count // 2
    values: dict[str, list[float]] = {}
    for name in ("clean", "blur_1.5", "noise_15"):
        for seed in range(count):
            image = corrupt(scene(seed)[0], name, seed)
            _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])
            parts = measures.tiles(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))
            values.setdefault(f"{name}:sharpness", []).append(measures.sharpness(parts))
            values.setdefault(f"{name}:noise", []).append(measures.noise(parts))
    touched = np.arange(count) >= half

    def auroc(name: str, sign: int) -> float:
        condition, attribute = name.split(":")
        mixed = values[f"clean:{attribute}"][:half] + values[f"{condition}:{attribute}"][half:]
        return float(roc_auc_score(touched, sign * np.array(mixed)))

    return {
        "set": "across scenes",
        "AUROC blur σ 1.5": auroc("blur_1.5:sharpness", -1),
        "AUROC noise σ 15": auroc("noise_15:noise", 1),
    }
