"""Datasets: take them in, list them, delete them."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from app.jobs import Job, JobContext, JobKind, Jobs
from app.services.places import server_path
from app.services.roots import OpenRoots
from app.settings import Settings
from app.stores.catalog import Catalog, DatasetRecord, RecordPage
from ddoc.dataset.dataset import Dataset
from ddoc.errors import ConflictError, DiskFullError, InvalidInputError, TooLargeError
from ddoc.ids import new_id

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.zst")
_BLOCK = 1 << 20


class Datasets:
    """The ingested datasets."""

    def __init__(self, settings: Settings, catalog: Catalog, roots: OpenRoots, jobs: Jobs) -> None:
        self._settings = settings
        self._catalog = catalog
        self._roots = roots
        self._jobs = jobs
        jobs.register(
            JobKind(
                "ingest",
                "app.services.bodies:ingest_dataset",
                finish=self._finish,
                cleanup=self._clean,
                slots=2,
            )
        )

    def upload(
        self,
        file: BinaryIO,
        *,
        file_name: str,
        name: str | None,
        format: str | None,  # noqa: A002 the contract's field name
        idempotency_key: str | None,
    ) -> Job:
        """Store an archive and ingest it.

        Raises InvalidInputError `unsupported-archive`, TooLargeError, DiskFullError.
        """
        stored = self.store_upload(file, file_name=file_name)
        title = name or _stem(file_name)
        return self.ingest(stored, name=title, format=format, uploaded=True, idempotency_key=idempotency_key)

    def store_upload(self, file: BinaryIO, *, file_name: str) -> Path:
        """Copy an uploaded archive to the uploads folder and return where it lies."""
        suffix = archive_suffix(file_name)
        folder = self._settings.uploads_folder
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{new_id('up')}{suffix}"
        try:
            with path.open("xb") as out:
                size = 0
                while block := file.read(_BLOCK):
                    size += len(block)
                    self._check_room(size)
                    out.write(block)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if size == 0:
            path.unlink()
            raise InvalidInputError("the file is empty", code="empty-upload", pointer="/file")
        return path

    def adopt(
        self,
        part: Path,
        *,
        file_name: str,
        name: str | None,
        format: str | None,  # noqa: A002 the contract's field name
        upload_id: str,
    ) -> Job:
        """Ingest an archive that was uploaded in parts; `part` is moved away. Repeated, it gives the same job."""
        stored = self._settings.uploads_folder / f"up-{upload_id}{archive_suffix(file_name)}"
        if part.exists():
            part.rename(stored)
        return self.ingest(
            stored,
            name=name or _stem(file_name),
            format=format,
            uploaded=True,
            idempotency_key=None,
        )

    def register(
        self,
        path: str,
        *,
        name: str,
        format: str | None,  # noqa: A002 the contract's field name
        idempotency_key: str | None,
    ) -> Job:
        """Ingest a folder or archive beneath an import root; it stays where it is."""
        source = server_path(path, self._settings.import_roots)
        if source.is_file():
            archive_suffix(source.name)
        return self.ingest(source, name=name, format=format, uploaded=False, idempotency_key=idempotency_key)

    def ingest(
        self,
        source: Path,
        *,
        name: str,
        format: str | None,  # noqa: A002 the contract's field name
        uploaded: bool,
        idempotency_key: str | None,
    ) -> Job:
        """Submit the job that ingests an archive or folder; with `uploaded`, the source is ours to remove."""
        dataset_id = new_id("ds")
        params = {
            "dataset_id": dataset_id,
            "name": name,
            "format": format,
            "source": str(source),
            "uploaded": uploaded,
            "root": str(self._roots.dataset_root(dataset_id)),
            "workers": self._settings.workers,
        }
        job = self._jobs.submit("ingest", params=params, idempotency_key=idempotency_key)
        if uploaded and job.params["source"] != params["source"]:
            source.unlink(missing_ok=True)
        return job

    def page(self, *, limit: int, cursor: str | None) -> RecordPage[DatasetRecord]:
        """Return a page of datasets, newest first."""
        return self._catalog.datasets.page(limit=limit, cursor=cursor)

    def get(self, dataset_id: str) -> DatasetRecord:
        """Return a dataset. Raises NotFoundError `unknown-dataset`."""
        return self._catalog.datasets.get(dataset_id)

    def open(self, dataset_id: str) -> Dataset:
        """Return a dataset, opened for reading."""
        return self._roots.dataset(dataset_id)

    def delete(self, dataset_id: str) -> None:
        """Move a dataset to the trash. Raises NotFoundError, ConflictError `dataset-busy` while a job reads it."""
        self._catalog.datasets.get(dataset_id)
        for job in self._jobs.page(states=("queued", "running"), limit=500).items:
            if dataset_id in _named(job.params):
                raise ConflictError("a job is reading this dataset", code="dataset-busy", job_id=job.job_id)
        root = self._roots.dataset_root(dataset_id)
        self._catalog.datasets.delete(dataset_id)
        self._roots.close(root)
        self._settings.trash_folder.mkdir(parents=True, exist_ok=True)
        if root.exists():
            root.rename(self._settings.trash_folder / f"{dataset_id}.dataset")

    def _finish(self, _context: JobContext, params: Mapping[str, Any], output: Any) -> Mapping[str, Any]:
        record = DatasetRecord(dataset_id=params["dataset_id"], name=params["name"], **output)
        known = self._catalog.datasets.find(record.dataset_id)
        if known is None:
            self._catalog.datasets.put(record)
        _remove_upload(params)
        return dataset_json(known or record)

    def _clean(self, _context: JobContext, params: Mapping[str, Any]) -> None:
        _remove_upload(params)
        shutil.rmtree(params["root"], ignore_errors=True)

    def _check_room(self, size: int) -> None:
        limit = self._settings.max_upload_bytes
        if size > limit:
            raise TooLargeError(f"an upload may have {limit} bytes at most", limit=limit, value=size)
        if size % (64 * _BLOCK) == 0 or size < _BLOCK:
            state = os.statvfs(self._settings.uploads_folder)
            if state.f_bavail * state.f_frsize < self._settings.min_free_bytes:
                raise DiskFullError("the disk is nearly full; free some space and upload again")


def dataset_json(record: DatasetRecord) -> dict[str, Any]:
    """Return a dataset as the API's plain data."""
    return {
        "dataset_id": record.dataset_id,
        "name": record.name,
        "format": record.format,
        "task": record.task,
        "items": record.items,
        "annotations": record.annotations,
        "splits": dict(record.splits),
        "classes": list(record.classes),
        "bytes": record.bytes,
        "created_at": record.created_at.isoformat(),
        "report": [dict(row) for row in record.report],
    }


def archive_suffix(file_name: str) -> str:
    """Return the archive suffix of a file name. Raises InvalidInputError `unsupported-archive`."""
    lower = file_name.lower()
    for suffix in sorted(ARCHIVES, key=len, reverse=True):
        if lower.endswith(suffix):
            return suffix
    raise InvalidInputError(f"send one of {', '.join(ARCHIVES)}", code="unsupported-archive", pointer="/file")


def _stem(file_name: str) -> str:
    suffix = archive_suffix(file_name)
    return file_name[: -len(suffix)].rsplit("/", 1)[-1].strip()[:200] or "dataset"


def _remove_upload(params: Mapping[str, Any]) -> None:
    if params["uploaded"]:
        Path(params["source"]).unlink(missing_ok=True)


def _named(params: Mapping[str, Any]) -> set[str]:
    """Return every id that a job's parameters name."""
    return {str(v) for v in params.values() if isinstance(v, str)} | {
        str(v) for side in params.values() if isinstance(side, Mapping) for v in side.values()
    }
