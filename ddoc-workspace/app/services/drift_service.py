"""Drift: compare two sides as a job, read the reports."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow.compute as pc

from app.jobs import Job, JobContext, JobKind, Jobs, Params
from app.services.roots import OpenRoots
from app.services.sides import Sides, recorded_side
from app.services.tables import Table
from app.settings import Settings
from app.stores.catalog import Catalog, DriftRecord, RecordPage
from ddoc.dataset.previews import thumbnail_of
from ddoc.drift import Comparison, before_after, load_report, load_scores, report_html
from ddoc.errors import InvalidInputError
from ddoc.hashing import md5_bytes
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

    def __init__(
        self, settings: Settings, catalog: Catalog, roots: OpenRoots, jobs: Jobs, sides: Sides
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._roots = roots
        self._jobs = jobs
        self._sides = sides
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
        sides = {name: self._sides.named(request, name) for name in ("base", "target")}
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
        record = self._catalog.drift_reports.get(report_id)
        report = load_report(self._folder(report_id)).to_json()
        made = self._catalog.workspaces.page(limit=500, drift_report_id=report_id).items
        return {
            **report,
            "report_id": report_id,
            "guard": record.guard,
            "workspaces": {w.role: w.workspace_id for w in reversed(made) if w.role},
        }

    def delete(self, report_id: str) -> None:
        """Delete a report and its scores."""
        self._catalog.drift_reports.delete(report_id)
        shutil.rmtree(self._folder(report_id), ignore_errors=True)

    def html(self, report_id: str, *, lang: Language) -> str:
        """Return a report as one self-contained HTML page."""
        record = self._catalog.drift_reports.get(report_id)
        return report_html(self._folder(report_id), language=lang, thumbnails=self.thumbnails(record))

    def items(
        self, report_id: str, *, side: SideName, sort: str, limit: int, cursor: str | None
    ) -> ScorePage:
        """Return a page of the scored images of one side. Raises InvalidInputError `invalid-cursor`."""
        record = self._catalog.drift_reports.get(report_id)
        table = load_scores(self._folder(report_id), side)
        start = _position(cursor, table.num_rows)
        rows = _ordered(table, sort).slice(start, limit).to_pylist()
        origin = record.base if side == "base" else record.target
        return ScorePage(
            items=self._sides.shown(origin, rows),
            next_cursor=str(start + limit) if start + limit < table.num_rows else None,
            total=table.num_rows,
        )

    def ids(
        self, report_id: str, *, side: SideName, cluster: int | None, offset: int, limit: int
    ) -> list[str]:
        """Return item ids of one side, those most like the target first; of one joint cluster, if given."""
        self._catalog.drift_reports.get(report_id)
        table = load_scores(self._folder(report_id), side)
        if cluster is not None:
            table = table.filter(pc.call_function("equal", [table["cluster"], cluster]))
        return _ordered(table, "-score")["item_id"].slice(offset, limit).to_pylist()

    def related(self, report_id: str) -> list[DriftRecord]:
        """Return the other reports on the very same target images, newest first."""
        record = self._catalog.drift_reports.get(report_id)
        digest = record.summary.get("target_digest")
        if digest is None:
            return []
        same = self._catalog.drift_reports.page(limit=500, summary={"target_digest": digest}).items
        return [one for one in same if one.report_id != report_id]

    def before_after(self, report_id: str, before: str) -> dict[str, Any]:
        """Return how drift towards one target changed from the report `before` to the report `report_id`.

        Raises NotFoundError `unknown-drift-report`, InvalidInputError `targets-differ`.
        """
        records = [self._catalog.drift_reports.get(rid) for rid in (before, report_id)]
        old, new = (self._comparison(rid) for rid in (before, report_id))
        return {"records": records, **before_after(old, new).to_json()}

    def thumbnails(self, record: DriftRecord) -> Callable[[SideName, str], bytes | None]:
        """Return what gives the thumbnail of an image of a side by its content hash; None where it is gone."""
        folder = self._folder(record.report_id)
        sides: dict[SideName, Mapping[str, Any]] = {"base": record.base, "target": record.target}
        opened = {name: self._sides.opened(side) for name, side in sides.items()}
        scores = {name: load_scores(folder, name) for name in sides}

        def thumbnail(side: SideName, content_hash: str) -> bytes | None:
            dataset = opened[side]
            if dataset is None:
                return None
            row = scores[side]["content_hash"].index(content_hash).as_py()
            found = dataset.index.items([scores[side]["item_id"][row].as_py()])
            if not found or found[0].content_hash != content_hash:
                return None
            return thumbnail_of(dataset.layout, found[0], 256)

        return thumbnail

    def record(self, params: Params, report: Mapping[str, Any], **summary: Any) -> None:
        """Put a finished report into the catalog, and its scores into the indexes of both sides."""
        sides = {name: recorded_side(params[name], report[name].get("items")) for name in ("base", "target")}
        record = DriftRecord(
            report_id=params["report_id"],
            base=sides["base"],
            target=sides["target"],
            status=report["status"],
            score=report["score"],
            p_value=report["p_value"],
            summary={"target_digest": _digest(self._folder(params["report_id"])), **summary},
        )
        if self._catalog.drift_reports.find(record.report_id) is None:
            self._catalog.drift_reports.put(record)
        for side in sides.values():
            self._roots.reload_results(self._sides.root(side))

    def _folder(self, report_id: str) -> Path:
        return self._settings.drift_folder / check_id(report_id)

    def _comparison(self, report_id: str) -> Comparison:
        folder = self._folder(report_id)
        return Comparison(load_report(folder), *(load_scores(folder, side) for side in ("base", "target")))

    def _prepare(self, context: JobContext, params: Params) -> Params:
        sides = {name: self._sides.prepared(context, params[name], name) for name in ("base", "target")}
        return {**params, **sides}

    def _finish(self, _context: JobContext, params: Params, output: Any) -> Any:
        self.record(params, output)
        return self.get(params["report_id"])

    def _clean(self, _context: JobContext, params: Params) -> None:
        if self._catalog.drift_reports.find(params["report_id"]) is None:
            shutil.rmtree(params["folder"], ignore_errors=True)


def _digest(folder: Path) -> str:
    """Return what is equal for equal target images, whatever they are called."""
    hashes: list[str] = load_scores(folder, "target")["content_hash"].to_pylist()
    return md5_bytes("".join(sorted(set(hashes))).encode())


def _ordered(table: Table, sort: str) -> Table:
    """Return the scores sorted by a field, downwards with a minus before it, and by item id where it is equal."""
    order = "descending" if sort.startswith("-") else "ascending"
    return table.sort_by([(sort.removeprefix("-"), order), ("item_id", "ascending")])


def _position(cursor: str | None, rows: int) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal() or int(cursor) > rows:
        raise InvalidInputError("this cursor is not one of ours", code="invalid-cursor", pointer="/cursor")
    return int(cursor)
