"""Everything before the first line of user code: checks, snapshot, export, the run in MLflow, the run's folder."""

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol, cast

from ddoc.errors import InvalidInputError, UnavailableError
from ddoc.experiment.checks import missing_needs
from ddoc.experiment.clock import milliseconds, now
from ddoc.experiment.launcher import Orders
from ddoc.experiment.limits import Limits
from ddoc.experiment.records import RunRecord, load_record, save_record
from ddoc.experiment.run_data import Materialiser, RunData
from ddoc.experiment.runner.folder import RunFolder
from ddoc.experiment.runs import RunRequest
from ddoc.experiment.supervision import DryRunData, Supervision
from ddoc.experiment.tracking import Tracking
from ddoc.experiment.trainers import DataFormat, Trainer, find_trainer, read_config
from ddoc.experiment.uploads import copy_code
from ddoc.paths import Layout
from ddoc.progress import Progress, no_progress

_MLFLOW_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Version:
    """The version of the data that a run trains on."""

    snapshot_id: str
    data_hash: str


class Versions(Materialiser, Protocol):
    """What runs need of a workspace's snapshots."""

    def version(self, snapshot_id: str | None, *, message: str, progress: Progress) -> Version:
        """Return the version `snapshot_id` (an id or alias), or the present data's, snapshotted first if changed."""
        ...


class Preparation:
    """Prepares the runs of one root."""

    def __init__(
        self,
        layout: Layout,
        workspace: str,
        versions: Versions,
        tracking: Tracking,
        supervision: Supervision,
        limits: Limits,
    ) -> None:
        self._layout = layout
        self._workspace = workspace
        self._versions = versions
        self._tracking = tracking
        self._supervision = supervision
        self._limits = limits
        self._data = RunData(layout, versions)

    def prepare(
        self, request: RunRequest, *, job_id: str | None = None, progress: Progress = no_progress
    ) -> str:
        """Do all that comes before the first line of user code: check, snapshot, export, run in MLflow, folder.

        Returns the run's id. Raises NotFoundError (trainer, snapshot), InvalidInputError (params, limits, missing
        packages), UnavailableError when MLflow does not come back within a minute.
        """
        known = None if job_id is None else self.run_of_job(job_id)
        if known is not None:
            return known
        trainer = find_trainer(self._layout.trainers, request.trainer)
        params, limits = self._checked(trainer, request)
        version = self._versions.version(
            request.snapshot_id, message=f"before {request.name or request.trainer}", progress=progress
        )
        self._data.full(version.snapshot_id, version.data_hash, trainer.config.format, progress=progress)
        name = request.name or f"{trainer.name} on {version.snapshot_id}"
        record = RunRecord(
            experiment_id="",
            mlflow_experiment="",
            workspace=self._workspace,
            name=name,
            trainer=trainer.name,
            snapshot_id=version.snapshot_id,
            data_hash=version.data_hash,
            code_hash=trainer.code_hash,
            data_format=trainer.config.format,
            params=params,
            limits=asdict(limits.resolved()),
            created_at=now(),
            job_id=job_id,
        )
        return self._make_folder(self._track(record, progress), trainer)

    def _make_folder(self, record: RunRecord, trainer: Trainer) -> str:
        folder = RunFolder(self._layout.runs / record.experiment_id)
        if folder.code.exists():
            shutil.rmtree(folder.code)
        copy_code(trainer.folder, folder.code)
        # written last: a run that has a record has everything else
        save_record(folder, record)
        return record.experiment_id

    def check(self, request: RunRequest) -> None:
        """Raise what `prepare` raises for a trainer, params or limits that cannot be."""
        self._checked(find_trainer(self._layout.trainers, request.trainer), request)

    def run_of_job(self, job_id: str) -> str | None:
        """Return the id of the run that a job prepared, None when it has not come that far."""
        records = map(load_record, self._supervision.folders())
        return next((record.experiment_id for record in records if record.job_id == job_id), None)

    def _checked(self, trainer: Trainer, request: RunRequest) -> tuple[dict[str, Any], Limits]:
        missing = missing_needs(trainer.config.needs)
        if missing:
            raise InvalidInputError(
                f"the trainer needs packages that are not installed: {', '.join(missing)}",
                code="trainer-needs-missing",
                pointer="/trainer",
            )
        limits = self._limits.overridden(trainer.config.limits).overridden(request.limits)
        return trainer.config.complete(request.params), limits

    def _track(self, record: RunRecord, progress: Progress) -> RunRecord:
        """Create the run in MLflow, or find the one that this job made before it was cut off."""
        deadline = time.monotonic() + _MLFLOW_PATIENCE
        while True:
            try:
                return self._tracked(record)
            except UnavailableError:
                if time.monotonic() > deadline:
                    raise
                progress(0, None, unit="steps", message="waiting for MLflow")
                time.sleep(1)

    def _tracked(self, record: RunRecord) -> RunRecord:
        experiment = self._tracking.ensure_experiment(self._workspace)
        run_id = None
        if record.job_id is not None:
            same_job, _ = self._tracking.search(
                [experiment], filter_=f"tags.`ddoc.job_id` = '{record.job_id}'", limit=1
            )
            run_id = same_job[0].run_id if same_job else None
        if run_id is None:
            run_id = self._tracking.create_run(
                experiment_id=experiment,
                name=record.name,
                started_ms=milliseconds(record.created_at),
                tags=_tags(record),
                params=record.params,
            )
        self._tracking.log_input(
            run_id,
            name=self._workspace,
            digest=record.data_hash,
            source=f"ddoc:{self._workspace}/{record.snapshot_id}",
        )
        return record.with_(experiment_id=run_id, mlflow_experiment=experiment)

    def orders(self, run_id: str) -> Orders:
        """Return what the run's shim is told. Makes the export again if it is gone."""
        record = load_record(self._supervision.folder(run_id))
        dataset = self._data.full(record.snapshot_id, record.data_hash, _format(record))
        return Orders(
            dataset=dataset,
            params=record.params,
            limits=Limits(**record.limits),
            environment={
                "MLFLOW_TRACKING_URI": self._tracking.uri,
                "MLFLOW_RUN_ID": run_id,
                "MLFLOW_EXPERIMENT_ID": record.mlflow_experiment,
                "MLFLOW_ENABLE_ASYNC_LOGGING": "true",
                "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "true",
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "DO_NOT_TRACK": "true",
                "DDOC_SNAPSHOT_ID": record.snapshot_id,
                "DDOC_VECTORS_PATH": str(self._layout.vectors),
            },
            read=(dataset.parent, self._layout.vectors),
            tracking_uri=self._tracking.uri,
        )

    def few_images(self, run_id: str) -> DryRunData | None:
        """Return what makes the data of a dry run, None when the trainer wants no dry run."""
        record = load_record(self._supervision.folder(run_id))
        if not read_config(RunFolder(self._layout.runs / run_id).code / "config.yaml").dry_run:
            return None
        return lambda: self._data.few(record.snapshot_id, record.data_hash, _format(record))

    def prune(self) -> None:
        """Remove exports that no open run needs and that were not used for the longest time."""
        open_runs = [load_record(f) for f in self._supervision.folders() if not f.settled.exists()]
        self._data.prune({record.data_hash for record in open_runs})


def _format(record: RunRecord) -> DataFormat:
    return cast("DataFormat", record.data_format)


def _tags(record: RunRecord) -> Mapping[str, str]:
    return {
        "ddoc.workspace_id": record.workspace,
        "ddoc.snapshot_id": record.snapshot_id,
        "ddoc.data_hash": record.data_hash,
        "ddoc.code_hash": record.code_hash,
        "ddoc.trainer": record.trainer,
        "ddoc.data_format": record.data_format,
        "ddoc.params": json.dumps(dict(record.params)),
        "ddoc.state": record.state,
        **({} if record.job_id is None else {"ddoc.job_id": record.job_id}),
    }
