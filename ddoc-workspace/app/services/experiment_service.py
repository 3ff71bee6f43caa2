"""Experiments of the workspaces: trainer code, and runs as jobs that outlive the service."""

import contextlib
import logging
import math
import shutil
import threading
from collections.abc import Generator, Mapping
from dataclasses import asdict, replace
from typing import Any, BinaryIO

from app.jobs import Job, JobContext, JobKind, Jobs, JobState, Params, request_key
from app.services.roots import OpenRoots
from app.services.snapshot_service import Snapshots
from app.settings import Settings
from app.stores.catalog import Catalog
from ddoc.core.mlflow_experiment_service import MLflowExperimentService
from ddoc.errors import BusyError, ConflictError, DdocError, TooLargeError, UnavailableError
from ddoc.experiment.checks import missing_needs
from ddoc.experiment.runs import LogChunk, Run, RunDetail, RunRequest
from ddoc.experiment.trainers import Trainer
from ddoc.experiment.uploads import MAX_CODE_BYTES, Uploaded
from ddoc.ids import new_id
from ddoc.paths import Layout
from ddoc.progress import Progress

KIND = "experiment"
RECONCILE_SECONDS = 60.0
_FINAL: frozenset[JobState] = frozenset({"succeeded", "failed", "cancelled"})
_log = logging.getLogger(__name__)


class Experiments:
    """Trainers and runs of all workspaces. Registers the job kind `experiment` when it is made."""

    def __init__(
        self, settings: Settings, catalog: Catalog, roots: OpenRoots, jobs: Jobs, snapshots: Snapshots
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._roots = roots
        self._jobs = jobs
        self._snapshots = snapshots
        self._services: dict[str, MLflowExperimentService] = {}
        self._lock = threading.Lock()
        jobs.register(JobKind(KIND, self._run, cleanup=self._clean_up, slots=2))

    @contextlib.contextmanager
    def reconciling(self) -> Generator[None]:
        """Put right, now and every minute, what was missed while the service or MLflow was away."""
        ended = threading.Event()
        thread = threading.Thread(
            target=self._keep_reconciling, args=(ended,), name="reconcile-runs", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(timeout=30)

    def close(self) -> None:
        """Close the connections to MLflow, after the jobs have ended. Runs go on."""
        with self._lock:
            services, self._services = list(self._services.values()), {}
        for service in services:
            service.close()

    def of(self, workspace_id: str) -> MLflowExperimentService:
        """Return the experiments of one workspace. Raises NotFoundError `unknown-workspace`."""
        self._catalog.workspaces.get(workspace_id)
        root = self._roots.workspace_root(workspace_id)
        with self._lock:
            if workspace_id not in self._services:
                self._services[workspace_id] = MLflowExperimentService(
                    root, tracking_uri=self._settings.tracking_uri, public_url=PUBLIC_MLFLOW
                )
            return self._services[workspace_id]

    # -- trainers

    def upload(self, workspace_id: str, trainer: str, source: BinaryIO, *, file_name: str) -> dict[str, Any]:
        """Check and keep uploaded code. Raises what `MLflowExperimentService.upload_trainer` does."""
        service = self.of(workspace_id)
        folder = Layout(self._roots.workspace_root(workspace_id)).tmp
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / new_id("upload")
        try:
            with file.open("wb") as target:
                shutil.copyfileobj(_Capped(source), target, 1 << 20)
            with self._jobs.edit_guard(workspace_id):
                return _uploaded_json(service.upload_trainer(trainer, file, file_name=file_name))
        finally:
            file.unlink(missing_ok=True)

    def templates(self, workspace_id: str) -> list[dict[str, Any]]:
        """Return the templates."""
        return [trainer_json(t) for t in self.of(workspace_id).templates()]

    def install_template(self, workspace_id: str, template: str, *, name: str | None) -> dict[str, Any]:
        """Copy a template in. Raises NotFoundError `template-not-found`, ConflictError `trainer-exists`."""
        service = self.of(workspace_id)
        with self._jobs.edit_guard(workspace_id):
            return _uploaded_json(service.install_template(template, name=name))

    def trainers(self, workspace_id: str) -> list[dict[str, Any]]:
        """Return the workspace's trainers."""
        return [trainer_json(t) for t in self.of(workspace_id).trainers()]

    # -- runs

    def run(
        self,
        workspace_id: str,
        *,
        trainer: str,
        snapshot_id: str | None,
        params: Mapping[str, Any],
        name: str | None,
        limits: Mapping[str, float],
        idempotency_key: str | None,
    ) -> Job:
        """Submit the job that runs a trainer. What can be refused at once is: trainer, params, limits, snapshot."""
        service = self.of(workspace_id)
        request = RunRequest(trainer, snapshot_id, dict(params), name, dict(limits))
        service.check(request)
        return self._jobs.submit(
            KIND,
            workspace_id=workspace_id,
            params={"workspace_id": workspace_id, "request": asdict(request)},
            idempotency_key=idempotency_key,
        )

    def page(
        self, workspace_id: str, *, snapshot_id: str | None, limit: int, cursor: str | None
    ) -> dict[str, Any]:
        """Return a page of runs, newest first."""
        page = self.of(workspace_id).get_experiments_by_dataset(
            snapshot_id=snapshot_id, limit=limit, cursor=cursor
        )
        return {
            "experiments": [run_json(r) for r in page.runs],
            "next_cursor": page.next_cursor,
            "total": page.total,
        }

    def detail(self, workspace_id: str, experiment_id: str, *, max_points: int) -> dict[str, Any]:
        """Return a run with its histories and artifacts. Raises NotFoundError `experiment-not-found`."""
        return _detail_json(self.of(workspace_id).get_experiment(experiment_id, max_points=max_points))

    def stop(self, workspace_id: str, experiment_id: str) -> dict[str, Any]:
        """Stop a run; it has ten seconds to save its state."""
        return run_json(self.of(workspace_id).stop(experiment_id))

    def log(self, workspace_id: str, experiment_id: str, *, offset: int, limit: int) -> LogChunk:
        """Return a part of a run's log."""
        return self.of(workspace_id).log(experiment_id, offset=offset, limit=limit)

    def compare(self, workspace_id: str, experiment_ids: list[str]) -> dict[str, Any]:
        """Return runs side by side, with the difference of their data."""
        service = self.of(workspace_id)
        found = service.compare(experiment_ids)
        data = None
        if found.data_differs:
            first, last = found.runs[0], found.runs[-1]
            difference = self._snapshots.diff(
                workspace_id, first.snapshot_id, last.snapshot_id, change=None, limit=1, cursor=None
            )
            data = {"from": first.snapshot_id, "to": last.snapshot_id, **difference}
        return {
            "experiments": [run_json(r) for r in found.runs],
            "params": {name: list(values) for name, values in found.params.items()},
            "metrics": {name: [_finite(v) for v in values] for name, values in found.metrics.items()},
            "changed_params": list(found.changed_params),
            "data": data,
        }

    # -- the job

    def _run(self, context: JobContext, params: Params) -> dict[str, Any]:
        workspace_id = params["workspace_id"]
        service = self.of(workspace_id)
        progress = _heedful(context)
        run_id = service.run_of_job(context.job_id)
        if run_id is None:
            request = RunRequest(**params["request"])
            if request.snapshot_id is None:
                request = replace(request, snapshot_id=self._present(context, workspace_id))
            run_id = service.prepare(request, job_id=context.job_id, progress=progress)
        context.log(f"run {run_id}")
        return run_json(service.outcome(service.follow(run_id, progress=progress)))

    def _clean_up(self, context: JobContext, params: Params) -> None:
        """After a cancel that nobody followed: stop the run and write down its end."""
        service = self.of(params["workspace_id"])
        run_id = service.run_of_job(context.job_id)
        if run_id is not None:
            service.end(run_id)

    def _present(self, context: JobContext, workspace_id: str) -> str:
        """Return the version of the present data, snapshotted by a job of its own if it was changed."""
        current = self.of(workspace_id).current_version()
        if current is not None:
            return current
        key = request_key(context.job_id, scope="snapshot-before-run")
        while True:
            try:
                job = self._snapshots.create(
                    workspace_id,
                    message="Before a run",
                    alias=None,
                    allow_empty=True,
                    idempotency_key=key,
                )
                break
            except BusyError:
                context.progress(0, None, unit="steps", message="waiting for the workspace")
                context.control.wait(0.5)
        while job.state not in _FINAL:
            context.progress(0, None, unit="steps", message="taking a snapshot")
            context.control.wait(0.1)
            job = self._jobs.get(job.job_id)
        if job.state != "succeeded":
            detail = job.error.detail if job.error else "it was cancelled"
            raise ConflictError(f"the snapshot before the run failed: {detail}", code="snapshot-failed")
        return str(job.result["snapshot_id"])

    # -- reconciling

    def _keep_reconciling(self, ended: threading.Event) -> None:
        while True:
            for workspace_id in self._ids():
                if ended.is_set():
                    return
                self._reconcile(workspace_id)
            if ended.wait(RECONCILE_SECONDS):
                return

    def _ids(self) -> list[str]:
        ids: list[str] = []
        cursor: str | None = None
        while True:
            page = self._catalog.workspaces.page(limit=500, cursor=cursor)
            ids += [record.workspace_id for record in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return ids

    def _reconcile(self, workspace_id: str) -> None:
        if not Layout(self._roots.workspace_root(workspace_id)).runs.is_dir():
            return
        try:
            for record in self.of(workspace_id).reconcile():
                _log.info("run %s of %s was settled as %s", record.experiment_id, workspace_id, record.state)
        except UnavailableError as error:
            _log.warning("the runs of %s wait for MLflow: %s", workspace_id, error.detail)
        except (DdocError, OSError):
            # one workspace that cannot be reconciled (deleted meanwhile, a full disk) must not stop the others
            _log.exception("the runs of %s could not be reconciled", workspace_id)


PUBLIC_MLFLOW = "/mlflow"


class _Capped:
    """A file that refuses to give more than trainer code may have."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._size = 0

    def read(self, size: int = -1) -> bytes:
        """Read on. Raises TooLargeError."""
        block = self._source.read(size)
        self._size += len(block)
        if self._size > MAX_CODE_BYTES:
            raise TooLargeError("trainer code is too large", limit="code_bytes", value=self._size)
        return block


def _heedful(context: JobContext) -> Progress:
    """Return a progress that also lets the run go when the service stops."""

    def progress(done: int, total: int | None, *, unit: str = "steps", message: str = "") -> None:
        context.control.check()
        context.progress(done, total, unit=unit, message=message)

    return progress


def trainer_json(trainer: Trainer) -> dict[str, Any]:
    """Return a trainer or template as the API has it."""
    config = trainer.config
    return {
        "name": trainer.name,
        "title": config.title or trainer.name,
        "description": config.description,
        "task": list(config.tasks),
        "format": config.format,
        "params": [asdict(param) for param in config.params],
        "needs": list(config.needs),
        "missing": missing_needs(config.needs),
        "files": list(trainer.files),
        "code_hash": trainer.code_hash,
    }


def run_json(run: Run) -> dict[str, Any]:
    """Return a run as the API has it; JSON has no NaN, so what is no number is null."""
    fields = {name: getattr(run, name) for name in Run.__slots__}
    return {**fields, "metrics": {name: _finite(value) for name, value in run.metrics.items()}}


def _detail_json(detail: RunDetail) -> dict[str, Any]:
    histories = {
        name: [{"step": p.step, "value": _finite(p.value), "timestamp": p.timestamp} for p in points]
        for name, points in detail.histories.items()
    }
    artifacts = [{"path": a.path, "bytes": a.bytes} for a in detail.artifacts]
    return {**run_json(detail.run), "histories": histories, "artifacts": artifacts}


def _uploaded_json(uploaded: Uploaded) -> dict[str, Any]:
    return {
        "trainer": uploaded.trainer.name,
        "files": list(uploaded.trainer.files),
        "checks": [asdict(check) for check in uploaded.checks],
        "code_hash": uploaded.trainer.code_hash,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
