"""Analyses: run them, read their results."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from app.dependencies import AnalysesDep
from app.problems import problems
from app.replies import JobReplyDep, job_responses
from app.schemas import Id
from app.schemas_analysis import (
    AnalysisResults,
    AttributesBody,
    DuplicatesOut,
    EmbeddingBody,
    EncoderOut,
    SimilarOut,
)
from app.schemas_job import JobOut

router = APIRouter(prefix="/workspace/{workspace_id}", tags=["analysis"])


@router.post(
    "/analyze/attributes",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 409),
    summary="Compute attributes",
)
def analyze_attributes(
    analyses: AnalysesDep, reply: JobReplyDep, workspace_id: Id, body: AttributesBody | None = None
) -> Response:
    """Measure brightness, contrast, sharpness and the rest, of images not yet measured. Result: the summary."""
    force = body.force if body else False
    return reply(lambda key: analyses.run_attributes(workspace_id, force=force, idempotency_key=key))


@router.post(
    "/analyze/embedding",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 409, 503),
    summary="Compute embeddings",
)
def analyze_embedding(
    analyses: AnalysesDep, reply: JobReplyDep, workspace_id: Id, body: EmbeddingBody | None = None
) -> Response:
    """Embed images not yet embedded, then cluster and lay them out. Result: the summary."""
    chosen = body or EmbeddingBody()
    return reply(
        lambda key: analyses.run_embedding(
            workspace_id, encoder=chosen.encoder, force=chosen.force, idempotency_key=key
        )
    )


@router.get("/analysis/results", responses=problems(404), summary="What is known")
def results(analyses: AnalysesDep, workspace_id: Id, encoder: str | None = None) -> AnalysisResults:
    """Return the results of all analyses from the cache; it knows the data that they were computed from."""
    return AnalysisResults.model_validate(analyses.results(workspace_id, encoder=encoder))


@router.get(
    "/analysis/embedding/map",
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "planar little-endian columns"},
        **problems(404),
    },
    response_class=Response,
    summary="The 2-D map",
)
def embedding_map(analyses: AnalysesDep, workspace_id: Id, encoder: str | None = None) -> Response:
    """Return the map: a JSON head line, then the columns item_id (uint64), x, y (float32), cluster (int32), split (uint8).

    The head `{n, splits, encoder, projection, columns}` ends with a newline and is padded with spaces so that the
    columns start at a multiple of eight bytes. An item id is its number in sixteen hexadecimal digits. Points are shuffled: any prefix is a fair sample.
    """
    return Response(
        analyses.embedding_map(workspace_id, encoder=encoder), media_type="application/octet-stream"
    )


@router.get("/analysis/similar", responses=problems(404), summary="The nearest images")
def similar(
    analyses: AnalysesDep,
    workspace_id: Id,
    item_id: str,
    limit: Annotated[int, Query(ge=1, le=200)] = 24,
    encoder: str | None = None,
) -> SimilarOut:
    """Return the items that look most like one."""
    return SimilarOut.model_validate(analyses.similar(workspace_id, item_id, limit=limit, encoder=encoder))


@router.get("/analysis/duplicates", responses=problems(404), summary="Groups of duplicates")
def duplicates(
    analyses: AnalysesDep, workspace_id: Id, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> DuplicatesOut:
    """Return the groups of exact and near duplicates, largest first."""
    return DuplicatesOut.model_validate(analyses.duplicates(workspace_id, limit=limit))


@router.get("/analysis/encoders", responses=problems(404), summary="The encoders")
def encoders(analyses: AnalysesDep, workspace_id: Id) -> list[EncoderOut]:
    """Return the encoders and whether each can be used now."""
    return [EncoderOut.model_validate(e) for e in analyses.encoders(workspace_id)]
