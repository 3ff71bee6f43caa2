"""Drift guards: a saved base with thresholds, against which every new upload is checked."""

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.jobs import Job, JobContext, JobKind, Jobs, Params
from app.services.drift_service import DriftReports
from app.services.sides import Sides, recorded_side
from app.settings import Settings
from app.stores.catalog import Catalog, DriftRecord, RecordPage
from ddoc.errors import NotFoundError
from ddoc.ids import check_id, new_id
from ddoc.paths import write_atomic

_ABOUT = "about.json"
_FINDINGS = "guard-findings.json"


class Guards:
    """All guards of the service: a folder each, with what the library keeps of the base beside `about.json`."""

    def __init__(
        self, settings: Settings, catalog: Catalog, jobs: Jobs, sides: Sides, drift: DriftReports
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._jobs = jobs
        self._sides = sides
        self._drift = drift
        jobs.register(
            JobKind(
                "guard",
                "app.services.bodies:make_guard",
                prepare=self._prepare_make,
                finish=self._finish_make,
                cleanup=self._clean_make,
                slots=1,
            )
        )
        jobs.register(
            JobKind(
                "guard-check",
                "app.services.bodies:check_guard",
                prepare=self._prepare_check,
                finish=self._finish_check,
                cleanup=self._clean_check,
                slots=1,
            )
        )

    def create(self, request: Mapping[str, Any], *, idempotency_key: str | None) -> Job:
        """Submit the job that analyses and saves a base; `request` has the fields of the API's body."""
        guard_id = new_id("guard")
        params = {
            "guard_id": guard_id,
            "folder": str(self._folder(guard_id)),
            "name": request["name"],
            "base": self._sides.named(request, "base"),
            "encoder": request["encoder"] or "descriptor",
            **{field: request[field] for field in ("alpha", "effect_threshold", "seed")},
            "workers": self._settings.workers,
        }
        return self._jobs.submit("guard", params=params, idempotency_key=idempotency_key)

    def list(self) -> list[dict[str, Any]]:
        """Return the guards, newest first."""
        found = [self._read(path.parent) for path in self._settings.guards_folder.glob(f"*/{_ABOUT}")]
        return sorted(found, key=lambda guard: (guard["created_at"], guard["guard_id"]), reverse=True)

    def get(self, guard_id: str) -> dict[str, Any]:
        """Return a guard. Raises NotFoundError `unknown-guard`."""
        folder = self._folder(guard_id)
        if not (folder / _ABOUT).exists():
            raise NotFoundError("no guard has this id", code="unknown-guard")
        return self._read(folder)

    def delete(self, guard_id: str) -> None:
        """Delete a guard; the reports of its checks stay. Raises NotFoundError `unknown-guard`."""
        self.get(guard_id)
        folder = self._folder(guard_id)
        # without its description a guard is gone, however much of the folder a crash leaves behind
        (folder / _ABOUT).unlink()
        shutil.rmtree(folder, ignore_errors=True)

    def check(self, guard_id: str, request: Mapping[str, Any], *, idempotency_key: str | None) -> Job:
        """Submit the comparison of a target with a guard's base. Raises NotFoundError."""
        guard = self.get(guard_id)
        report_id = new_id("dr")
        params = {
            "guard_id": guard_id,
            "guard_folder": str(self._folder(guard_id)),
            "report_id": report_id,
            "folder": str(self._settings.drift_folder / report_id),
            "base": guard["base"],
            "target": self._sides.named(request, "target"),
            "encoder": guard["encoder"],
            "workers": self._settings.workers,
        }
        return self._jobs.submit("guard-check", params=params, idempotency_key=idempotency_key)

    def checks(self, guard_id: str, *, limit: int, cursor: str | None) -> RecordPage[DriftRecord]:
        """Return a page of a guard's checks, newest first, as the reports that they are."""
        self.get(guard_id)
        return self._catalog.drift_reports.page(limit=limit, cursor=cursor, summary={"guard_id": guard_id})

    def findings(self, guard_id: str, report_id: str) -> dict[str, Any]:
        """Return a check's outcome with the ids of the failing images, most target-like first.

        Raises NotFoundError `unknown-guard`, `unknown-drift-report`, `unknown-check`.
        """
        self.get(guard_id)
        record = self._catalog.drift_reports.get(report_id)
        if record.summary.get("guard_id") != guard_id:
            raise NotFoundError("this report is not of a check of this guard", code="unknown-check")
        path = self._settings.drift_folder / check_id(report_id) / _FINDINGS
        return {"report": record, **json.loads(path.read_text("utf-8"))}

    def _folder(self, guard_id: str) -> Path:
        return self._settings.guards_folder / check_id(guard_id, what="guard_id")

    def _read(self, folder: Path) -> dict[str, Any]:
        about = json.loads((folder / _ABOUT).read_text("utf-8"))
        last = self._catalog.drift_reports.page(limit=1, summary={"guard_id": about["guard_id"]})
        outcome = last.items[0].summary["guard"] if last.items else None
        return {**about, "checks": last.total, "last_check": outcome}

    def _prepare_make(self, context: JobContext, params: Params) -> Params:
        return {**params, "base": self._sides.prepared(context, params["base"], "base")}

    def _finish_make(self, _context: JobContext, params: Params, output: Any) -> Any:
        folder = Path(params["folder"])
        about = {
            "guard_id": params["guard_id"],
            "name": params["name"],
            "base": recorded_side(params["base"], output["items"]),
            "encoder": params["encoder"],
            "alpha": output["alpha"],
            "effect_threshold": output["effect_threshold"],
            "seed": params["seed"],
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        if not (folder / _ABOUT).exists():
            write_atomic(folder / _ABOUT, json.dumps(about, ensure_ascii=False).encode(), durable=True)
        return self._read(folder)

    def _clean_make(self, _context: JobContext, params: Params) -> None:
        if not (Path(params["folder"]) / _ABOUT).exists():
            shutil.rmtree(params["folder"], ignore_errors=True)

    def _prepare_check(self, context: JobContext, params: Params) -> Params:
        return {**params, "target": self._sides.prepared(context, params["target"], "target")}

    def _finish_check(self, _context: JobContext, params: Params, output: Any) -> Any:
        findings = {"outcome": output["outcome"], "failing": output["failing"]}
        write_atomic(
            Path(params["folder"]) / _FINDINGS,
            json.dumps(findings, ensure_ascii=False).encode(),
            durable=True,
        )
        verdict = {
            "guard_id": params["guard_id"],
            "report_id": params["report_id"],
            "outcome": output["outcome"],
            "failing": len(output["failing"]),
        }
        self._drift.record(params, output["report"], guard_id=params["guard_id"], guard=verdict)
        return {**verdict, "report": self._drift.get(params["report_id"])}

    def _clean_check(self, _context: JobContext, params: Params) -> None:
        if self._catalog.drift_reports.find(params["report_id"]) is None:
            shutil.rmtree(params["folder"], ignore_errors=True)
