"""Drift: compare two sides, read the reports."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response, status
from fastapi.responses import HTMLResponse

from app.dependencies import CatalogDep, DriftDep, ExperimentsDep
from app.problems import problems
from app.replies import JobReplyDep, job_responses
from app.schemas import Id, Limit
from app.schemas_dataset import (
    DriftBody,
    DriftItemOut,
    DriftItemPage,
    DriftPage,
    DriftReportOut,
    DriftReportSummary,
)
from app.schemas_guard import BeforeAfterOut
from app.schemas_job import JobOut
from app.services.base_runs import runs_of_bases

router = APIRouter(tags=["drift"])


@router.post(
    "/drift",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 409, 503),
    summary="Compare a base with a target",
)
def run_drift(drift: DriftDep, reply: JobReplyDep, body: DriftBody) -> Response:
    """Test whether the target drifted from the base, and score every image. The job's result is the report."""
    return reply(lambda key: drift.run(body.model_dump(mode="json"), idempotency_key=key))


@router.get("/drift", summary="List drift reports")
def list_reports(
    drift: DriftDep, limit: Annotated[Limit, Query()] = 100, cursor: str | None = None
) -> DriftPage:
    """Return the reports, newest first."""
    page = drift.page(limit=limit, cursor=cursor)
    return DriftPage(
        items=[DriftReportSummary.model_validate(r) for r in page.items],
        next_cursor=page.next_cursor,
        total=page.total,
    )


@router.get("/drift/{report_id}", responses=problems(404), summary="One drift report")
def get_report(drift: DriftDep, report_id: Id) -> DriftReportOut:
    """Return a report: verdict, tests, and what changed."""
    return DriftReportOut.model_validate(drift.get(report_id))


@router.delete(
    "/drift/{report_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(404),
    summary="Delete a report",
)
def delete_report(drift: DriftDep, report_id: Id) -> None:
    """Delete a report and its scores."""
    drift.delete(report_id)


@router.get("/drift/{report_id}/items", responses=problems(404), summary="Every image with its score")
def report_items(
    drift: DriftDep,
    report_id: Id,
    side: Literal["base", "target"] = "target",
    sort: Literal["score", "-score", "outlier", "-outlier"] = "-score",
    limit: Annotated[Limit, Query()] = 100,
    cursor: str | None = None,
) -> DriftItemPage:
    """Return the scored images of one side. A high score looks like the target, a low one like the base."""
    page = drift.items(report_id, side=side, sort=sort, limit=limit, cursor=cursor)
    return DriftItemPage(
        items=[DriftItemOut.model_validate(i) for i in page.items],
        next_cursor=page.next_cursor,
        total=page.total,
    )


@router.get("/drift/{report_id}/ids", responses=problems(404), summary="Ids of one side, or of a cluster")
def report_ids(
    drift: DriftDep,
    report_id: Id,
    side: Literal["base", "target"] = "target",
    cluster: Annotated[
        int | None, Query(description="a cluster of both sides, as `new_clusters` numbers it")
    ] = None,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=100_000)] = 10_000,
) -> list[str]:
    """Return item ids of one side from `offset` on, those most like the target first, for selections."""
    return drift.ids(report_id, side=side, cluster=cluster, offset=offset, limit=limit)


@router.get("/drift/{report_id}/related", responses=problems(404), summary="Reports on the same target")
def related_reports(drift: DriftDep, report_id: Id) -> list[DriftReportSummary]:
    """Return the other reports on the very same target images, newest first: what before and after can be of."""
    return [DriftReportSummary.model_validate(r) for r in drift.related(report_id)]


@router.get("/drift/{report_id}/before-after", responses=problems(404), summary="Did it help?")
def drift_before_after(
    drift: DriftDep,
    experiments: ExperimentsDep,
    catalog: CatalogDep,
    report_id: Id,
    before: Annotated[Id, Query(description="an earlier report on the same target")],
) -> BeforeAfterOut:
    """Return how drift changed from an earlier report to this one, and the runs trained on both bases."""
    found = drift.before_after(report_id, before)
    old, new = found.pop("records")
    runs_before, runs_after = runs_of_bases(experiments, catalog, old, new)
    return BeforeAfterOut.model_validate(
        {
            "before": {"report": old, "runs": runs_before},
            "after": {"report": new, "runs": runs_after},
            **found,
        }
    )


@router.get(
    "/drift/{report_id}/report.html",
    responses=problems(404),
    response_class=HTMLResponse,
    summary="The report as one self-contained file",
)
def report_html(drift: DriftDep, report_id: Id, lang: Literal["ko", "en"] = "en") -> Response:
    """Return the report as an HTML file for download."""
    return Response(
        drift.html(report_id, lang=lang),
        media_type="text/html; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="drift-{report_id}.html"'},
    )
