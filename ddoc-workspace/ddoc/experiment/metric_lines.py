"""The lines of `ddoc.report` on their way to MLflow: read in batches, each once."""

import json
from dataclasses import dataclass
from pathlib import Path

from ddoc.experiment.tracking import MetricPoint

_MAX_BLOCK = 4 << 20


@dataclass(frozen=True, slots=True)
class MetricBatch:
    """Points read from the file, and where to go on reading."""

    points: tuple[MetricPoint, ...]
    next_offset: int


def read_points(path: Path, offset: int) -> MetricBatch:
    """Read the whole lines after `offset`, at most 4 MiB. Lines that are no report are passed over.

    A trainer can write anything into the file, so nothing in it is trusted: names are cut to MLflow's rules.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            block = file.read(_MAX_BLOCK)
    except FileNotFoundError:
        return MetricBatch((), offset)
    end = block.rfind(b"\n") + 1
    if end == 0:
        # a line longer than the block cannot be one of ours
        return MetricBatch((), offset + len(block) if len(block) == _MAX_BLOCK else offset)
    points = [point for line in block[:end].splitlines() for point in _points(line)]
    return MetricBatch(tuple(points), offset + end)


def _points(line: bytes) -> list[MetricPoint]:
    try:
        entry = json.loads(line)
        step, timestamp = int(entry["step"]), int(entry["time"] * 1000)
        return [MetricPoint(metric_name(k), float(v), timestamp, step) for k, v in entry["metrics"].items()]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return []


def metric_name(name: str) -> str:
    """Return `name` as MLflow takes it: at most 250 of letters, digits, `_ - . /` and space, others as `_`."""
    kept = "".join(c if c.isalnum() or c in "_-. /" else "_" for c in str(name)[:250])
    return kept.strip("/ ") or "_"
