"""A snapshot asked of the running service, against the same of the library and against `dvc add`; prints a table.

    python tests/bench/snapshots/through_api.py ARCHIVE [--reps 7]

ARCHIVE is a dataset that the service reads (bccd-voc.zip). One per cent of the images is rewritten before each
measurement; request, library and dvc take turns. The request is `POST …/snapshot` with `Prefer: wait`, from its
first byte to the finished job; the library call is made in a process that runs already; dvc is the command that a
user types, in a repository of its own with the same data.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from ddoc.core.snapshot_service import SnapshotService

ROOT = Path(__file__).parents[3]
DVC = [sys.executable, "-m", "dvc"]
WAIT = {"Prefer": "wait=120"}


def serve(root: Path) -> tuple[subprocess.Popen[bytes], httpx.Client]:
    """Start the service on `root` and wait for its first answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "WORKSPACES_ROOT": str(root / "workspaces"),
        "MLRUNS_ROOT": str(root / "mlruns"),
        "DDOC_PORT": str(port),
        "DDOC_IMPORT_ROOTS": str(root / "import"),
        "PYTHONPATH": str(ROOT / "ddoc-workspace"),
    }
    environment.pop("DDOC_TOKEN", None)
    process = subprocess.Popen([sys.executable, "-m", "app"], cwd=ROOT, env=environment)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=150, trust_env=False)
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("the service ended")
        with contextlib.suppress(httpx.TransportError):
            client.get("/health")
            return process, client
        time.sleep(0.1)
    raise RuntimeError("the service does not answer")


def job(client: httpx.Client, path: str, body: dict[str, object]) -> dict[str, object]:
    answer = client.post(path, json=body, headers=WAIT).json()
    if answer.get("state") != "succeeded":
        raise RuntimeError(json.dumps(answer))
    return answer["result"]


def change(data: Path, salt: int) -> int:
    """Append to every hundredth image; returns how many."""
    images = sorted((data / "images").rglob("*.jpg"))[salt % 100 :: 100]
    for path in images:
        new = path.with_suffix(".new")
        new.write_bytes(path.read_bytes() + salt.to_bytes(8, "little"))
        new.replace(path)
    return len(images)


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(client: httpx.Client, root: Path, reps: int) -> dict[str, list[float]]:
    workspace = root / "workspaces" / "bench"
    theirs = root / "dvc"
    shutil.copytree(workspace / "data", theirs / "data")
    for command in (["git", "init", "-q"], [*DVC, "init", "-q"], [*DVC, "add", "-q", "data"]):
        subprocess.run(command, cwd=theirs, check=True)
    library = SnapshotService(workspace)
    found: dict[str, list[float]] = {"request": [], "library": [], "dvc add": []}
    for rep in range(reps):
        change(workspace / "data", 3 * rep)
        found["request"].append(
            seconds(lambda: job(client, "/workspace/bench/snapshot", {"message": "Benchmark"}))
        )
        change(workspace / "data", 3 * rep + 1)
        found["library"].append(seconds(lambda: library.create_snapshot("Benchmark")))
        change(theirs / "data", 3 * rep + 2)
        found["dvc add"].append(
            seconds(lambda: subprocess.run([*DVC, "add", "-q", "data"], cwd=theirs, check=True))
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--reps", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ddoc-bench-") as folder:
        root = Path(folder)
        (root / "import").mkdir()
        shutil.copy(chosen.archive, root / "import")
        process, client = serve(root)
        try:
            place = str(root / "import" / chosen.archive.name)
            made = job(client, "/workspace/create", {"workspace_id": "bench", "path": place})
            found = measure(client, root, chosen.reps)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
    median = {name: statistics.median(values) for name, values in found.items()}
    print(f"{chosen.archive.name}: {made['items']} images, 1 % rewritten, medians of {chosen.reps}")
    for name, value in median.items():
        print(f"  {name:8} {value:7.3f} s")
    print(f"  the request adds {median['request'] - median['library']:.3f} s to the library's")
    print(f"  dvc add takes {median['dvc add'] / median['request']:.1f} times the request")


if __name__ == "__main__":
    main()
