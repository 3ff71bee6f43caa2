"""DriftReport: what a comparison found, and its folder on disk."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from ddoc.drift.sides import Table
from ddoc.errors import NotFoundError
from ddoc.paths import atomic_path, write_atomic

Status = Literal["none", "warning", "drift"]
SideName = Literal["base", "target"]


@dataclass(frozen=True, slots=True)
class DriftReport:
    """A finished comparison; `content` holds the fields of api.md's DriftReport as JSON values.

    The properties are those that programs branch on.
    """

    content: Mapping[str, Any]

    @property
    def report_id(self) -> str:
        """The report's id."""
        return self.content["report_id"]

    @property
    def status(self) -> Status:
        """The verdict: `none`; `warning` (significant, but small); `drift`."""
        return self.content["status"]

    @property
    def score(self) -> float:
        """How far apart the sides are, 0–1."""
        return self.content["score"]

    @property
    def p_value(self) -> float:
        """The verdict's p-value, corrected for all tests that decide it."""
        return self.content["p_value"]

    def to_json(self) -> dict[str, Any]:
        """Return the report as api.md words it."""
        return dict(self.content)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A report with the scores of both sides' items.

    Tables have the columns item_id, content_hash, score (0–1), p_value, outlier (0–1) and cluster (of the joint
    clustering; −1 without vectors), in the sides' order.
    """

    report: DriftReport
    base: Table
    target: Table


def scores_table(columns: Mapping[str, Any]) -> Table:
    """Return a table of item scores from its columns."""
    types = {
        "item_id": pa.string(),
        "content_hash": pa.string(),
        "score": pa.float64(),
        "p_value": pa.float64(),
        "outlier": pa.float64(),
        "cluster": pa.int32(),
    }
    return pa.table({name: pa.array(columns[name], type_) for name, type_ in types.items()})


def save_comparison(comparison: Comparison, folder: Path) -> None:
    """Write `report.json`, `scores-base.parquet` and `scores-target.parquet`; the report last, so that a folder with
    a report is whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for side, table in (("base", comparison.base), ("target", comparison.target)):
        with atomic_path(folder / f"scores-{side}.parquet") as temporary:
            pq.write_table(table, temporary, compression="zstd")
    text = json.dumps(comparison.report.to_json(), ensure_ascii=False, allow_nan=False, indent=1)
    write_atomic(folder / "report.json", text.encode(), durable=True)


def load_report(folder: Path) -> DriftReport:
    """Return the report of a folder. Raises NotFoundError `unknown-report` where there is none."""
    path = folder / "report.json"
    if not path.exists():
        raise NotFoundError("there is no such drift report", code="unknown-report")
    return DriftReport(json.loads(path.read_text("utf-8")))


def load_scores(folder: Path, side: SideName) -> Table:
    """Return the item scores of one side. Raises NotFoundError `unknown-report`."""
    path = folder / f"scores-{side}.parquet"
    if not path.exists():
        raise NotFoundError("there is no such drift report", code="unknown-report")
    return pq.read_table(path, memory_map=False)
