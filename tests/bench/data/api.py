"""The data routes of the running service at 10,000, 100,000 and 1,000,000 items: medians of a warm service.

    python -m tests.bench.data.api [--items 10000 100000 1000000] [--runs 15] [--work FOLDER]

The service is the application under uvicorn in a process of its own, asked over HTTP on one kept connection; a time
is from sending to the last byte of the answer. The index is the synthetic one of index.py, so the service is handed
the opened root instead of scanning files that do not exist; the 500 items that are moved have real files. "Fresh"
answers follow an edit of one item, so nothing of the asked version is cached. Beside them: the bare renames and
folder flushes of the same files; index.py gives the same questions to the library alone.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from ddoc.dataset.dataset import Dataset
from ddoc.dataset.filters import Filter
from tests.bench.data import index as library
from tests.bench.data import synthetic

NAME = "bench"
BASE = f"/workspace/{NAME}/data"
TARGETS = {
    "first page (100)": 25,
    "view: page anywhere (200)": 25,
    "class + range + split: view, page and total": 60,
    "all histograms, train, fresh": 120,
    "statistics, fresh": 100,
    "move 500 items": 1_000,
    "undo it": 1_000,
}
WANTED = {
    "class_name": "class_03",
    "split": "train",
    "attribute": [{"name": "brightness", "min": 0.4, "max": 0.6}],
}


def serve(workspaces: Path, port: int) -> None:
    """Run the service over `workspaces`, whose one workspace is opened as its index is."""
    import uvicorn

    from app.main import create_app
    from app.settings import Settings
    from app.stores.catalog import WorkspaceRecord

    app = create_app(
        Settings(workspaces_root=workspaces, mlruns_root=workspaces.parent / "mlruns", min_free_bytes=0)
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            services = app.state.services
            services.catalog.workspaces.put(WorkspaceRecord(NAME, NAME, "detect", "yolo"))
            root = services.roots.workspace_root(NAME)
            services.roots._open[root] = Dataset.open(root, refresh=False)

    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, access_log=False, server_header=False
    )
    Server(config).run()


class Client:
    """One kept connection to the service."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self.bytes = 0

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer's JSON. An answer that is not 2xx is an error."""
        status, data = self.raw(method, path, body)
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {data[:500]!r}")
        return json.loads(data)

    def raw(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Send one request and read the whole answer."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        data = answer.read()
        self.bytes = len(data)
        return answer.status, data


class Bench:
    """The measurements on one running service."""

    def __init__(self, client: Client, process: int, runs: int) -> None:
        self.client, self.process, self.runs = client, process, runs
        self.rows: dict[str, tuple[float, float, int]] = {}
        self.single: str = ""

    def time(
        self, name: str, call: Callable[[], Any], *, before: Callable[[], Any] | None = None, runs: int = 0
    ) -> None:
        """Record the medians of wall time and of the service's processor time, and the size of the answer."""
        wall, used = [], []
        for _ in range(runs or self.runs):
            if before is not None:
                before()
            busy, begun = self.busy(), time.perf_counter()
            call()
            wall.append(time.perf_counter() - begun)
            used.append(self.busy() - busy)
        self.rows[name] = (statistics.median(wall) * 1e3, statistics.fmean(used) * 1e3, self.client.bytes)

    def busy(self) -> float:
        """Return the processor time of the service so far, in seconds."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> dict[str, float]:
        """Return MiB resident now and at most."""
        lines = Path(f"/proc/{self.process}/status").read_text().splitlines()
        kept = dict(line.split(":", 1) for line in lines)
        return {
            key: int(kept[name].split()[0]) / 1024
            for key, name in (("resident_mib", "VmRSS"), ("peak_mib", "VmHWM"))
        }

    def expect(self, method: str, path: str, body: Any = None) -> Callable[[], Any]:
        """Return the call of one route that must succeed."""

        def call() -> None:
            status, data = self.client.raw(method, path, body)
            assert status < 300, (method, path, status, data[:300])

        return call

    def touch(self) -> None:
        """Make a new data version: move the one item to another split, and back the next time."""
        item = self.client.ask("GET", f"{BASE}/item/{self.single}")
        target = "val" if item["split"] == "train" else "train"
        self.client.ask("POST", f"{BASE}/move", {"item_ids": [self.single], "target_split": target})

    def view(self, wanted: dict[str, Any], sort: str | None = None) -> Any:
        """Resolve a filter."""
        return self.client.ask("POST", f"{BASE}/views", {"filter": wanted, "sort": sort})

    def reads(self, n: int) -> None:
        """Measure lists, views, histograms and statistics."""
        page = self.client.ask("GET", f"{BASE}/items?limit=100")
        get = self.expect
        self.time("first page (100)", get("GET", f"{BASE}/items?limit=100"))
        self.time("next page by cursor", get("GET", f"{BASE}/items?limit=100&cursor={page['next_cursor']}"))
        self.time("one item with its boxes", get("GET", f"{BASE}/item/{self.single}"))
        every = self.view({}, "-sharpness")["view_id"]

        def anywhere() -> None:
            offset = random.randrange(n - 200)
            get("GET", f"{BASE}/views/{every}/items?offset={offset}&limit=200")()

        self.time("view: page anywhere (200)", anywhere)

        def listed() -> None:
            view = self.view(WANTED)
            page = self.client.ask("GET", f"{BASE}/views/{view['view_id']}/items?limit=100")
            assert page["total"] == view["total"] > 0

        self.time("class + range + split: view, page and total", listed, before=self.touch)
        self.time(
            "class and split in the list, fresh",
            get("GET", f"{BASE}/items?limit=100&split=train&class_filter=class_03"),
            before=self.touch,
        )
        self.time("text in names, fresh", get("GET", f"{BASE}/items?limit=100&text=00123"), before=self.touch)
        for title, wanted in (("train", {"split": "train"}), ("class + range + split", WANTED)):
            held: list[str] = []

            def renewed(wanted: dict[str, Any] = wanted, held: list[str] = held) -> None:
                self.touch()
                held[:] = [self.view(wanted)["view_id"]]

            def drawn(held: list[str] = held) -> None:
                get("GET", f"{BASE}/views/{held[0]}/histograms")()

            self.time(f"all histograms, {title}, fresh", drawn, before=renewed)
        self.time("statistics, fresh", get("GET", f"{BASE}/stats"), before=self.touch)
        self.time("statistics, cached", get("GET", f"{BASE}/stats"))

    def edits(self, ids: list[str]) -> None:
        """Measure a move of these items, and its undo."""
        body = {"item_ids": ids, "target_split": "val"}
        self.time("move 500: preview", self.expect("POST", f"{BASE}/move", {**body, "dry_run": True}), runs=5)
        moved: list[tuple[float, float]] = []
        undone: list[tuple[float, float]] = []
        for _ in range(7):
            for times, path, sent in ((moved, "move", body), (undone, "undo", {})):
                busy, begun = self.busy(), time.perf_counter()
                answer = self.client.ask("POST", f"{BASE}/{path}", sent)
                times.append((time.perf_counter() - begun, self.busy() - busy))
                assert answer["changed"] == len(ids)
        for name, times in (("move 500 items", moved), ("undo it", undone)):
            wall, used = (statistics.median(column) * 1e3 for column in zip(*times, strict=True))
            self.rows[name] = (wall, used, self.client.bytes)


def prepare(root: Path) -> tuple[list[str], list[str]]:
    """Make real files for 501 items. Returns (their ids, their paths); the first is for small edits."""
    with Dataset.open(root, refresh=False) as dataset:
        items = dataset.index.page(Filter(split="train"), limit=500).items
        items = (*items, *dataset.index.page(Filter(split="train"), offset=500, limit=1).items)
        synthetic.make_files(dataset, [item.path for item in items])
        return [item.item_id for item in items], [item.path for item in items]


def run_size(scratch: Path, n: int, runs: int, built: Path | None) -> dict[str, Any]:
    """Measure the service over a root of n items: the one that was `built` before, which is used up, or a new one."""
    workspaces = scratch / f"workspaces-{n}"
    root = workspaces / NAME
    workspaces.mkdir()
    (built or build(scratch, n)).rename(root)
    ids, paths = prepare(root)
    with running(workspaces, scratch / "service.log") as (service, client):
        bench = Bench(client, service.pid, runs)
        bench.single = ids[0]
        for path in (f"{BASE}/items?limit=1", f"{BASE}/stats"):
            client.ask("GET", path)
        client.ask("GET", f"{BASE}/views/{bench.view({})['view_id']}/histograms")
        warm = bench.memory()
        bench.reads(n)
        bench.edits(ids[1:])
        result = {"rows": bench.rows, **bench.memory(), "warm_mib": warm["resident_mib"]}
    with Dataset.open(root, refresh=False) as dataset:
        bare = []
        for _ in range(5):
            begun = time.perf_counter()
            library.bare(dataset, paths[1:])
            bare.append(time.perf_counter() - begun)
    shutil.rmtree(workspaces)
    return {**result, "bare": statistics.median(bare) * 1e3}


def build(scratch: Path, n: int) -> Path:
    """Make a root of n items in `scratch` and return it."""
    made = [
        sys.executable,
        "-m",
        "tests.bench.data.index",
        "--one",
        str(n),
        "--build",
        "--work",
        str(scratch),
    ]
    subprocess.run(made, check=True, capture_output=True)
    return scratch / f"root-{n}"


@contextlib.contextmanager
def running(workspaces: Path, log: Path) -> Generator[tuple[subprocess.Popen[bytes], Client]]:
    """Run the service over `workspaces` in a process of its own; give it and a client."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.bench.data.api", "--serve", str(workspaces), "--port", str(port)]
    with log.open("wb") as out:
        service = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            yield service, connect(port, service)
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(60)


def connect(port: int, service: subprocess.Popen[bytes]) -> Client:
    """Return a client of the service as soon as it answers for the workspace."""
    for _ in range(600):
        if service.poll() is not None:
            raise RuntimeError("the service ended; see service.log")
        try:
            client = Client(port)
            client.ask("GET", f"{BASE}/items?limit=1")
        except (OSError, http.client.HTTPException, RuntimeError):
            time.sleep(0.1)
        else:
            return client
    raise RuntimeError("the service does not answer")


def main() -> None:
    """Run every size and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--built", type=Path, help="a root of the one size, as index.py --build leaves it")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.port)
        return
    with tempfile.TemporaryDirectory(dir=options.work) as scratch:
        results = {n: run_size(Path(scratch), n, options.runs, options.built) for n in options.items}
    report(results)


def report(results: dict[int, dict[str, Any]]) -> None:
    """Print markdown: milliseconds, wall (processor of the service)."""
    sizes = list(results)
    print(
        "| through the API, median ms: wall (processor) | asked | "
        + " | ".join(f"{n:,}" for n in sizes)
        + " |"
    )
    print("|---|---|" + "---|" * len(sizes))
    for name in results[sizes[0]]["rows"]:
        cells = [f"{results[n]['rows'][name][0]:.1f} ({results[n]['rows'][name][1]:.0f})" for n in sizes]
        asked = f"{TARGETS[name]:,}" if name in TARGETS else ""
        print(f"| {name} | {asked} | " + " | ".join(cells) + " |")
    for key, title, asked in (
        ("bare", "bare: 1,000 renames, 4 folders flushed, 1,000 renames back, ms", ""),
        ("warm_mib", "resident when warm, MiB", "1,000"),
        ("resident_mib", "resident at the end, MiB", "1,000"),
        ("peak_mib", "largest resident, MiB", "1,000"),
    ):
        print(f"| {title} | {asked} | " + " | ".join(f"{results[n][key]:.1f}" for n in sizes) + " |")


if __name__ == "__main__":
    main()
