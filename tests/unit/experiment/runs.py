"""Starts a trainer's code under the real shim, without MLflow, and waits for its end."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ddoc.experiment.launcher import Orders, liveness, start_shim, write_orders
from ddoc.experiment.limits import Limits
from ddoc.experiment.runner.folder import RunFolder
from ddoc.experiment.runner.processes import start_time
from ddoc.experiment.uploads import copy_code, list_templates


def start_run(
    root: Path,
    code: str,
    *,
    limits: Limits | None = None,
    params: Mapping[str, Any] | None = None,
    tracking_uri: str | None = None,
    confined: bool = True,
) -> RunFolder:
    """Write `code` as a trainer, with an export of one file, and start its shim."""
    folder = RunFolder(root / "run")
    folder.code.mkdir(parents=True)
    (folder.code / "train.py").write_text(code)
    dataset = root / "export"
    dataset.mkdir()
    (dataset / "a.txt").write_text("data")
    orders = Orders(
        dataset=dataset,
        params=params or {},
        limits=limits or Limits(grace_seconds=1, wall_seconds=60),
        environment={},
        tracking_uri=tracking_uri,
        confined=confined,
    )
    write_orders(folder, orders)
    start_shim(folder)
    return folder


def start_template(root: Path, template: str, dataset: Path, params: Mapping[str, Any]) -> RunFolder:
    """Start a template of the library on a folder laid out like `data/`."""
    trainer = next(t for t in list_templates() if t.name == template)
    folder = RunFolder(root / "run")
    copy_code(trainer.folder, folder.code)
    orders = Orders(
        dataset=dataset,
        params=trainer.config.complete(params),
        limits=Limits(wall_seconds=120),
        # threads that wait for each other are slow where tests share the processors
        environment={"DDOC_VECTORS_PATH": str(root / "vectors"), "OMP_NUM_THREADS": "1"},
        read=(root / "vectors",),
    )
    write_orders(folder, orders)
    start_shim(folder)
    return folder


def wait_for_end(folder: RunFolder, *, seconds: float = 15.0) -> None:
    """Wait until the run ended or was lost."""
    deadline = time.monotonic() + seconds
    while liveness(folder) == "running":
        assert time.monotonic() < deadline, "the run did not end in time"
        time.sleep(0.02)


def wait_for(path: Path, *, seconds: float = 10.0) -> str:
    """Wait until a file exists and has text; return the text."""
    deadline = time.monotonic() + seconds
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < deadline, f"{path.name} did not appear"
        time.sleep(0.02)
    return path.read_text()


def alive(pids: list[int]) -> list[int]:
    """Return those of the processes that still run."""
    return [pid for pid in pids if start_time(pid) is not None]
