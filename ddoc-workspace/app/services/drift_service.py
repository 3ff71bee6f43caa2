"""Drift: compare two sides as a job, read the reports."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow.parquet as pq

from app.jobs import Job, JobContext, JobKind, Jobs, Params
from app.services.roots import OpenRoots
from app.services.tables import write_items
from app.settings import Settings
from app.stores.catalog import Catalog, DriftRecord, RecordPage
from ddoc.core.snapshot_service import SnapshotService
from ddoc.dataset.filters import Filter
from ddoc.dataset.selections import Selection
from ddoc.drift import load_report, report_html
from ddoc.errors import InvalidInputError
from ddoc.ids import check_id, new_id

Language = Literal["en", "ko"]
SideName = Literal["base", "target"]


@dataclass(frozen=True, slots=True)
class ScorePage:
    """A page of scored images as plain data."""

    items: list[dict[str, Any]]
    next_cursor: str | None
    total: int


class DriftReports:
    """All drift reports of the service."""

    def __init__(self, settings: Settings, catalog: Catalog, roots: OpenRoots, jobs: Jobs) -> None:
        self._settings = settings
        self._catalog = catalog
        self._roots = roots
        self._jobs = jobs
        jobs.register(
            JobKind(
                "drift",
                "app.services.bodies:compare_sides",
                prepare=self._prepare,
                finish=self._finish,
                cleanup=self._clean,
                slots=1,
            )
        )

    def run(self, request: Mapping[str, Any], *, idempotency_key: str | None) -> Job:
        """Submit the comparison that `request` (the fields of the API's body) asks for.

        Raises NotFoundError for an unknown dataset, workspace or snapshot, at once.
        """
        sides = {name: self._side(request, name) for name in ("base", "target")}
        if sides["base"] == sides["target"]:
            raise InvalidInputError(
                "both sides are the same", code="same-sides", pointer="/target_dataset_id"
            )
        report_id = new_id("dr")
        params = {
            "report_id": report_id,
            "folder": str(self._settings.drift_folder / report_id),
            **sides,
            "encoder": request["encoder"] or "descriptor",
            "alpha": request["alpha"],
            "effect_threshold": request["effect_threshold"],
            "seed": request["seed"],
            "workers": self._settings.workers,
        }
        return self._jobs.submit("drift", params=params, idempotency_key=idempotency_key)

    def page(self, *, limit: int, cursor: str | None) -> RecordPage[DriftRecord]:
        """Return a page of reports, newest first."""
        return self._catalog.drift_reports.page(limit=limit, cursor=cursor)

    def get(self, report_id: str) -> dict[str, Any]:
        """Return a report as the API's plain data. Raises NotFoundError `unknown-drift-report`."""
        self._catalog.drift_reports.get(report_id)
        report = load_report(self._settings.drift_folder / check_id(report_id)).to_json()
        made = self._catalog.workspaces.page(limit=500, drift_report_id=report_id).items
        return {
            **report,
            "report_id": report_id,
            "workspaces": {w.role: w.workspace_id for w in reversed(made) if w.role},
        }

    def delete(self, report_id: str) -> None:
        """Delete a report and its scores."""
        self._catalog.drift_reports.delete(report_id)
        shutil.rmtree(self._settings.drift_folder / check_id(report_id), ignore_errors=True)

    def html(self, report_id: str, *, lang: Language) -> str:
        """Return a report as one self-contained HTML page."""
        self._catalog.drift_reports.get(report_id)
        return report_html(self._settings.drift_folder / check_id(report_id), language=lang)

    def items(
        self, report_id: str, *, side: SideName, sort: str, limit: int, cursor: str | None
    ) -> ScorePage:
        """Return a page of the scored images of one side. Raises InvalidInputError `invalid-cursor`."""
        record = self._catalog.drift_reports.get(report_id)
        table = pq.read_table(
            self._settings.drift_folder / check_id(report_id) / f"scores-{side}.parquet", memory_map=False
        )
        start = _position(cursor, table.num_rows)
        field, order = sort.removeprefix("-"), "descending" if sort.startswith("-") else "ascending"
        rows = table.sort_by([(field, order), ("item_id", "ascending")]).slice(start, limit).to_pylist()
        origin = record.base if side == "base" else record.target
        return ScorePage(
            items=self._shown(origin, rows),
            next_cursor=str(start + limit) if start + limit < table.num_rows else None,
            total=table.num_rows,
        )

    def _shown(self, origin: Mapping[str, Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        dataset_id, workspace_id = origin.get("dataset_id"), origin.get("workspace_id")
        names: dict[str, str] = {}
        if workspace_id is not None and self._catalog.workspaces.find(workspace_id) is not None:
            opened, base = self._roots.workspace(workspace_id), f"/workspace/{workspace_id}/data"
        elif dataset_id is not None and self._catalog.datasets.find(dataset_id) is not None:
            opened, base = self._roots.dataset(dataset_id), f"/datasets/{dataset_id}"
        else:
            opened, base = None, f"/datasets/{dataset_id}"
        if opened is not None:
            names = {item.item_id: item.name for item in opened.index.items([r["item_id"] for r in rows])}
        return [
            {
                "item_id": row["item_id"],
                "dataset_id": dataset_id,
                "workspace_id": workspace_id,
                "score": row["score"],
                "p_value": row["p_value"],
                "outlier": row.get("outlier"),
                "file_name": names.get(row["item_id"], row["item_id"]),
                "thumbnail_url": f"{base}/item/{row['item_id']}/preview?size=256",
            }
            for row in rows
        ]

    def _side(self, request: Mapping[str, Any], name: str) -> dict[str, Any]:
        dataset_id = request[f"{name}_dataset_id"]
        if dataset_id is not None:
            record = self._catalog.datasets.get(dataset_id)
            return {
                "dataset_id": dataset_id,
                "name": record.name,
                "root": str(self._roots.dataset_root(dataset_id)),
            }
        workspace_id = request[f"{name}_workspace_id"]
        workspace = self._catalog.workspaces.get(workspace_id)
        root = self._roots.workspace_root(workspace_id)
        side: dict[str, Any] = {"workspace_id": workspace_id, "name": workspace.name, "root": str(root)}
        if request[f"{name}_snapshot_id"] is not None:
            side["snapshot_id"] = SnapshotService(root).get(request[f"{name}_snapshot_id"]).snapshot_id
        if request[f"{name}_selection"] is not None:
            side["selection"] = request[f"{name}_selection"]
        return side

    def _prepare(self, context: JobContext, params: Params) -> Params:
        prepared = dict(params)
        for name in ("base", "target"):
            side = params[name]
            workspace_id = side.get("workspace_id")
            if side.get("snapshot_id") is not None:
                continue
            if workspace_id is None:
                dataset, ids = self._roots.dataset(side["dataset_id"]), None
            else:
                dataset = self._roots.workspace(workspace_id)
                dataset.refresh()
                chosen = side.get("selection")
                ids = dataset.resolve(selection_of(chosen)) if chosen else None
            prepared[name] = {
                **side,
                "all": write_items(dataset, context.folder / name / "all"),
                "chosen": write_items(dataset, context.folder / name / "chosen", ids=ids) if ids else None,
            }
        return prepared

    def _finish(self, _context: JobContext, params: Params, output: Any) -> Any:
        report = output
        keys = ("dataset_id", "workspace_id", "snapshot_id", "name")
        sides = {
            name: {k: params[name][k] for k in keys if params[name].get(k)}
            | {"items": report[name].get("items")}
            for name in ("base", "target")
        }
        record = DriftRecord(
            report_id=params["report_id"],
            base=sides["base"],
            target=sides["target"],
            status=report["status"],
            score=report["score"],
            p_value=report["p_value"],
        )
        if self._catalog.drift_reports.find(record.report_id) is None:
            self._catalog.drift_reports.put(record)
        for name in ("base", "target"):
            place = params[name].get("workspace_id")
            root = (
                self._roots.workspace_root(place)
                if place
                else self._roots.dataset_root(params[name]["dataset_id"])
            )
            self._roots.reload_results(root)
        return self.get(record.report_id)

    def _clean(self, _context: JobContext, params: Params) -> None:
        if self._catalog.drift_reports.find(params["report_id"]) is None:
            shutil.rmtree(params["folder"], ignore_errors=True)


def selection_of(data: Mapping[str, Any]) -> Selection:
    """Return the selection that a body's plain data means."""
    wanted = data.get("filter")
    named = data.get("item_ids")
    return Selection(
        item_ids=tuple(named) if named is not None else None,
        filter=Filter.from_json(wanted) if wanted is not None else None,
        except_ids=tuple(data.get("except_ids") or ()),
        sample_id=data.get("sample_id"),
    )


def _position(cursor: str | None, rows: int) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal() or int(cursor) > rows:
        raise InvalidInputError("this cursor is not one of ours", code="invalid-cursor", pointer="/cursor")
    return int(cursor)
