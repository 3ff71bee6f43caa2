"""Datasets: upload or register, list, delete."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile, status
from fastapi.responses import Response as PlainResponse

from app.dependencies import DatasetsDep
from app.problems import problems
from app.replies import JobReplyDep, job_responses
from app.routers.images import image_response, thumbnail_response
from app.schemas import Id, Limit, Name
from app.schemas_dataset import DatasetOut, DatasetPage, FormatName, RegisterBody
from app.schemas_job import JobOut

router = APIRouter(tags=["datasets"])


@router.post(
    "/datasets",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(409, 413, 507),
    summary="Upload a dataset",
)
def upload_dataset(
    datasets: DatasetsDep,
    reply: JobReplyDep,
    file: Annotated[UploadFile, File(description=".zip, .tar, .tar.gz or .tar.zst")],
    name: Annotated[Name | None, Form()] = None,
    format: Annotated[FormatName | None, Form()] = None,  # noqa: A002 the contract's field name
) -> Response:
    """Take an archive and ingest it. The job's result is the Dataset with its ingest report."""
    return reply(
        lambda key: datasets.upload(
            file.file, file_name=file.filename or "", name=name, format=format, idempotency_key=key
        )
    )


@router.post(
    "/datasets/register",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobOut,
    responses=job_responses(404, 409, 507),
    summary="Register a folder or archive on the server",
)
def register_dataset(datasets: DatasetsDep, reply: JobReplyDep, body: RegisterBody) -> Response:
    """Ingest a folder or archive that lies beneath one of the import roots."""
    return reply(
        lambda key: datasets.register(body.path, name=body.name, format=body.format, idempotency_key=key)
    )


@router.get("/datasets", summary="List datasets")
def list_datasets(
    datasets: DatasetsDep, limit: Annotated[Limit, Query()] = 100, cursor: str | None = None
) -> DatasetPage:
    """Return the datasets, newest first."""
    page = datasets.page(limit=limit, cursor=cursor)
    return DatasetPage(
        items=[DatasetOut.model_validate(d) for d in page.items],
        next_cursor=page.next_cursor,
        total=page.total,
    )


@router.get("/datasets/{dataset_id}", responses=problems(404), summary="One dataset")
def get_dataset(datasets: DatasetsDep, dataset_id: Id) -> DatasetOut:
    """Return a dataset with what its ingest found."""
    return DatasetOut.model_validate(datasets.get(dataset_id))


@router.delete(
    "/datasets/{dataset_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(404, 409),
    summary="Delete a dataset",
)
def delete_dataset(datasets: DatasetsDep, dataset_id: Id) -> None:
    """Move a dataset to the trash. Workspaces made from it are independent copies and stay."""
    datasets.delete(dataset_id)


@router.get(
    "/datasets/{dataset_id}/item/{item_id}/preview",
    responses=problems(404),
    response_class=PlainResponse,
    summary="A thumbnail of an image of a dataset",
)
def dataset_preview(
    datasets: DatasetsDep,
    request: Request,
    dataset_id: Id,
    item_id: Id,
    size: Annotated[int, Query(ge=32, le=1024)] = 256,
) -> Response:
    """Return a WebP thumbnail; immutable, since it is named by content."""
    return thumbnail_response(request, datasets.open(dataset_id), item_id, size)


@router.get(
    "/datasets/{dataset_id}/item/{item_id}/image",
    responses=problems(404),
    response_class=PlainResponse,
    summary="An image of a dataset",
)
def dataset_image(datasets: DatasetsDep, dataset_id: Id, item_id: Id) -> Response:
    """Return the original as an attachment."""
    return image_response(datasets.open(dataset_id), item_id)
