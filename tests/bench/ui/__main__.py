"""The UI in Chromium over a workspace of a million images, against its budgets; prints a table.

    python -m tests.bench.ui [--items 1000000] [--runs 3] [--work FOLDER]

A real service answers lists, views, histograms and the map from the synthetic index of tests/bench/data (there are no
image files, so every thumbnail is one small picture made beforehand, and the status of the workspace is not asked of
the files). Backend and UI are the real ones. Chromium draws in software. Medians of the runs.
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
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "frontend" / "tests" / "bench" / "large.mjs"
NAME = "bench"
BUDGETS = {
    "first route: LCP, ms": 1500,
    "first route: blocking time, ms": 200,
    "first route: layout shift": 0.02,
    "grid: frame p95, ms": 34,
    "grid: longest task, ms": 100,
    "grid: nodes": 1500,
    "grid: heap, MB": 60,
    "map: from its bytes to all points drawn, ms": 2500,
    "map: pan p95, ms": 120,
    "map: lasso, ms": 400,
}


def serve(workspaces: Path, port: int) -> None:
    """Run the service with a workspace that has an index and no files; every thumbnail is one picture."""
    from app.routers import images
    from ddoc.dataset.images import thumbnail
    from tests.bench.data import api
    from tests.fixtures.make_data import make_yolo

    made = workspaces.parent / "picture"
    make_yolo(made, n=1, size=(256, 192))
    picture = thumbnail(next(made.rglob("*.jpg")), 256)
    images.thumbnail_of = lambda *_: picture
    api.serve(workspaces, port)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def studio(scratch: Path, workspaces: Path) -> Iterator[str]:
    """Run service, backend and UI; yield the UI's address."""
    service, backend, ui = free_ports(3)
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'ddoc-workspace'}",
        "DDOC_SERVICE_URL": f"http://127.0.0.1:{service}",
        "BACKEND_URL": f"http://127.0.0.1:{backend}",
        "WORKSPACES_ROOT": str(workspaces),
    }
    environment.pop("DDOC_TOKEN", None)
    commands = [
        [sys.executable, "-m", "tests.bench.ui", "--serve", str(workspaces), "--port", str(service)],
        *(
            [
                sys.executable,
                "-m",
                "uvicorn",
                "--factory",
                f"backend.app.{module}:from_env",
                "--port",
                str(port),
            ]
            for module, port in (("main", backend), ("ui", ui))
        ),
    ]
    with (scratch / "services.log").open("wb") as log:
        running = [subprocess.Popen(c, cwd=ROOT, env=environment, stdout=log, stderr=log) for c in commands]
        try:
            wait_for(f"http://127.0.0.1:{ui}/api/workspace/{NAME}/data/items?limit=1", running, log.name)
            yield f"http://127.0.0.1:{ui}"
        finally:
            for process in running:
                process.send_signal(signal.SIGTERM)
            for process in running:
                process.wait(30)


def wait_for(address: str, running: list[subprocess.Popen[bytes]], log: str) -> None:
    """Wait until `address` answers. Raises RuntimeError where a process ends or time runs out."""
    for _ in range(600):
        if any(process.poll() is not None for process in running):
            break
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=30) as answer:
            answer.read()
            return
        time.sleep(0.2)
    raise RuntimeError("the studio does not answer:\n" + Path(log).read_text()[-3000:])


def build(scratch: Path, items: int) -> Path:
    """Make the workspace; returns the folder of workspaces."""
    index = [sys.executable, "-m", "tests.bench.data.index"]
    subprocess.run(
        [*index, "--one", str(items), "--build", "--work", str(scratch)], check=True, capture_output=True
    )
    workspaces = scratch / "workspaces"
    workspaces.mkdir()
    (scratch / f"root-{items}").rename(workspaces / NAME)
    return workspaces


def measure(address: str, items: int) -> dict[str, float]:
    """Return one run's figures."""
    done = subprocess.run(
        ["node", str(SCRIPT), address, NAME, str(items)],
        cwd=ROOT / "frontend",
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode:
        raise RuntimeError(done.stdout[-3000:] + done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.port)
        return
    with tempfile.TemporaryDirectory(dir=options.work) as scratch:
        workspaces = build(Path(scratch), options.items)
        with studio(Path(scratch), workspaces) as address:
            runs = [measure(address, options.items) for _ in range(options.runs)]
        shutil.rmtree(workspaces)
    print(
        f"| Chromium, {options.items:,} images, median of {options.runs} | budget | measured |\n|---|---|---|"
    )
    for name in runs[0]:
        value: Any = statistics.median(run[name] for run in runs)
        print(
            f"| {name} | {BUDGETS.get(name, '')} | {value:.3g} |"
            if value < 1
            else f"| {name} | {BUDGETS.get(name, '')} | {value:,.0f} |"
        )


if __name__ == "__main__":
    main()
