"""Fifty users on a workspace of a million items while four upload and two jobs run: what everyone waits.

    python -m tests.bench.load [--items 1000000] [--users 50] [--minutes 3] [--work FOLDER]

A user opens a page of the list, filters (a class, a range and a split, chosen anew) and looks at thumbnails, with a
pause of one to three seconds after each. Uploaders send an archive of 400 images by resumable upload and wait until
it is a dataset; two more users compare such datasets again and again. A prober asks for the health five times a
second. Every answer must be 2xx.
"""

import argparse
import asyncio
import base64
import random
import statistics
import tempfile
import time
import zipfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import httpx

from tests.bench.data.api import BASE, NAME, build, prepare, running
from tests.fixtures.make_data import make_yolo

ASKED = {"list": 200, "filter": 200, "thumbnail": 100, "health": 100}  # p95, health p99; milliseconds
PART = 1 << 20
TUS = {"Tus-Resumable": "1.0.0"}


class Load:
    """All users of one run, and what they waited."""

    def __init__(
        self, client: httpx.AsyncClient, items: int, real: list[str], archive: bytes, until: float
    ) -> None:
        self._client, self._items, self._real, self._archive = client, items, real, archive
        self._until = until
        self.waited: dict[str, list[float]] = defaultdict(list)
        self.ended: Counter[str] = Counter()
        self.failed: list[str] = []
        self.datasets: list[str] = []

    async def run(self, users: int) -> None:
        """Let everyone work until the time is over."""
        people = [self._user(random.Random(n)) for n in range(users)]
        uploads = [self._uploader(n) for n in range(4)]
        await asyncio.gather(*people, *uploads, self._comparer(0), self._comparer(1), self._prober())

    async def _ask(self, kind: str, method: str, path: str, **options: Any) -> httpx.Response | None:
        begun = time.perf_counter()
        try:
            answer = await self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            self.failed.append(f"{method} {path}: {error!r}")
            return None
        self.waited[kind].append((time.perf_counter() - begun) * 1e3)
        if answer.is_success:
            return answer
        self.failed.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return None

    async def _user(self, chance: random.Random) -> None:
        await asyncio.sleep(chance.uniform(0, 3))
        while time.perf_counter() < self._until:
            kind = chance.choice(("list", "filter", "thumbnails"))
            if kind == "list":
                offset = chance.randrange(self._items - 200)
                await self._ask("list", "GET", f"{BASE}/items?offset={offset}&limit=200")
            elif kind == "filter":
                await self._filter(chance)
            else:
                for item in chance.sample(self._real, 12):
                    await self._ask("thumbnail", "GET", f"{BASE}/item/{item}/preview?size=256")
            await asyncio.sleep(chance.uniform(1, 3))

    async def _filter(self, chance: random.Random) -> None:
        low = round(chance.uniform(0.2, 0.6), 3)
        wanted = {
            "class_name": f"class_{chance.randrange(8):02d}",
            "split": chance.choice(("train", "val")),
            "attribute": [{"name": "brightness", "min": low, "max": low + 0.2}],
        }
        view = await self._ask("filter", "POST", f"{BASE}/views", json={"filter": wanted})
        if view is not None:
            await self._ask("list", "GET", f"{BASE}/views/{view.json()['view_id']}/items?limit=100")

    async def _uploader(self, number: int) -> None:
        rounds = 0
        while time.perf_counter() < self._until:
            rounds += 1
            named = {
                "filename": f"load-{number}.zip",
                "filetype": "application/zip",
                "name": f"load {number} {rounds}",
            }
            metadata = ",".join(
                f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in named.items()
            )
            headers = {**TUS, "Upload-Length": str(len(self._archive)), "Upload-Metadata": metadata}
            begun = await self._ask("upload", "POST", "/uploads/", headers=headers)
            if begun is None:
                return
            answer: httpx.Response | None = begun
            for start in range(0, len(self._archive), PART):
                headers = {
                    **TUS,
                    "Upload-Offset": str(start),
                    "Content-Type": "application/offset+octet-stream",
                }
                part = self._archive[start : start + PART]
                answer = await self._ask(
                    "part of 1 MiB", "PATCH", f"/{begun.headers['location']}", headers=headers, content=part
                )
                if answer is None:
                    return
                await asyncio.sleep(0.1)
            job = await self._ended(answer.headers["x-ddoc-job"])
            if job is not None:
                self.datasets.append(job["result"]["dataset_id"])

    async def _comparer(self, number: int) -> None:
        chance = random.Random(1000 + number)
        while time.perf_counter() < self._until:
            if len(self.datasets) < 2:
                await asyncio.sleep(1)
                continue
            base, target = chance.sample(self.datasets, 2)
            body = {"base_dataset_id": base, "target_dataset_id": target, "seed": chance.randrange(10_000)}
            begun = await self._ask("compare", "POST", "/drift", json=body)
            if begun is not None:
                await self._ended(begun.json()["job_id"])

    async def _ended(self, job_id: str) -> dict[str, Any] | None:
        """Wait for a job; None where the run's time ended before."""
        while True:
            answer = await self._ask("job", "GET", f"/jobs/{job_id}")
            job = answer.json() if answer is not None else {}
            if job.get("state") == "succeeded":
                self.ended[job["kind"]] += 1
                return job
            if job.get("state") in {"failed", "cancelled"}:
                self.failed.append(f"job {job_id}: {job}")
                return None
            if time.perf_counter() > self._until:
                return None
            await asyncio.sleep(0.5)

    async def _prober(self) -> None:
        while time.perf_counter() < self._until:
            await self._ask("health", "GET", "/health")
            await asyncio.sleep(0.2)


def archive(folder: Path) -> bytes:
    """Return a zip of a YOLO dataset of 400 images."""
    make_yolo(folder / "set", n=400)
    with zipfile.ZipFile(folder / "set.zip", "w") as out:
        for file in sorted(p for p in (folder / "set").rglob("*") if p.is_file()):
            out.write(file, file.relative_to(folder / "set"))
    return (folder / "set.zip").read_bytes()


def main() -> None:
    """Build the workspace, start the service, let the users in and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work) as scratch:
        measure(Path(scratch), options.items, options.users, options.minutes)


def measure(scratch: Path, items: int, users: int, minutes: float) -> None:
    """Run the load in `scratch` and print the table."""
    workspaces = scratch / "workspaces"
    workspaces.mkdir()
    build(scratch, items).rename(workspaces / NAME)
    real, _ = prepare(workspaces / NAME)
    with running(workspaces, scratch / "service.log") as (service, client):
        load = asyncio.run(_users(client.port, items, real, archive(scratch), users, minutes))
        status = Path(f"/proc/{service.pid}/status").read_text().splitlines()
    peak = next(line for line in status if line.startswith("VmHWM"))
    report(load, f"{items:,} items, {users} users, {minutes:g} minutes", int(peak.split()[1]) / 1024)


async def _users(port: int, items: int, real: list[str], data: bytes, users: int, minutes: float) -> Load:
    limits = httpx.Limits(max_connections=None, keepalive_expiry=2)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits) as client:
        for item in real:  # thumbnails are asked for as cached ones
            (await client.get(f"{BASE}/item/{item}/preview?size=256")).raise_for_status()
        load = Load(client, items, real, data, time.perf_counter() + minutes * 60)
        await load.run(users)
        return load


def report(load: Load, title: str, peak: float) -> None:
    """Print markdown: requests, milliseconds, failures."""
    print(f"{title}; service's peak {peak:.0f} MiB; {len(load.failed)} failures")
    print("| | asked | requests | median ms | p95 ms | p99 ms |\n|---|---|---|---|---|---|")
    for kind, values in load.waited.items():
        cut = statistics.quantiles(values, n=100) if len(values) > 1 else values * 99
        print(
            f"| {kind} | {ASKED.get(kind, '')} | {len(values)} | {statistics.median(values):.0f}"
            f" | {cut[94]:.0f} | {cut[98]:.0f} |"
        )
    for kind, count in load.ended.items():
        print(f"| {kind} jobs ended | | {count} | | | |")
    for line in load.failed[:20]:
        print(f"- {line}")


if __name__ == "__main__":
    main()
