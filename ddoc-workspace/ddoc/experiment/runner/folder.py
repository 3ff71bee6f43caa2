"""The folder of one run: who writes what, and where."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Places in a run's folder. `control/` belongs to the shim and the service; the trainer writes the others."""

    root: Path

    @property
    def record(self) -> Path:
        """What the service knows of the run."""
        return self.root / "run.json"

    @property
    def code(self) -> Path:
        """A copy of the trainer as it was when the run began."""
        return self.root / "code"

    @property
    def work(self) -> Path:
        """The trainer's working folder, home and scratch space; empty at start."""
        return self.root / "work"

    @property
    def output(self) -> Path:
        """The trainer's `output_dir`."""
        return self.root / "output"

    @property
    def report(self) -> Path:
        """What the harness in the trainer's process writes: metrics and the result."""
        return self.root / "report"

    @property
    def metrics(self) -> Path:
        """Lines of `ddoc.report`."""
        return self.report / "metrics.jsonl"

    @property
    def result(self) -> Path:
        """What the trainer returned."""
        return self.report / "result.json"

    @property
    def dry_run(self) -> "RunFolder":
        """The folder of the dry run."""
        return RunFolder(self.root / "dry-run")

    @property
    def control(self) -> Path:
        """State of the shim; a confined trainer cannot touch it."""
        return self.root / "control"

    @property
    def log(self) -> Path:
        """Output of the trainer, capped."""
        return self.control / "log.txt"

    @property
    def spec(self) -> Path:
        """What the shim is told to run."""
        return self.control / "spec.json"

    @property
    def shim(self) -> Path:
        """Identity of the shim: pid, start time, boot id. Written once, before the trainer starts."""
        return self.control / "shim.json"

    @property
    def heartbeat(self) -> Path:
        """Rewritten every second by the shim: time, processes, memory, size of the log."""
        return self.control / "heartbeat.json"

    @property
    def isolation(self) -> Path:
        """What is in force around the trainer; written before its code starts."""
        return self.control / "isolation.json"

    @property
    def exit(self) -> Path:
        """How it ended; written once, after no process of the run is left."""
        return self.control / "exit.json"

    @property
    def stop(self) -> Path:
        """Exists when the run shall stop."""
        return self.control / "stop"

    @property
    def settled(self) -> Path:
        """Exists when everything about the run has reached MLflow."""
        return self.control / "settled"


def write_json(path: Path, value: Mapping[str, Any], *, durable: bool = False) -> None:
    """Replace `path` by `value` as JSON, in one step; with `durable`, on the disk before this returns.

    Several threads and processes may write one file at a time: the last whole one stays.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    with temporary.open("w") as file:
        json.dump(value, file)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    temporary.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object at `path`, None when there is no such file."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    return json.loads(text)
