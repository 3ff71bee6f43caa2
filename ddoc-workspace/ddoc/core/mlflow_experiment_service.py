"""Experiments of one workspace: trainers, and runs that are runs of a real MLflow server."""

from collections.abc import Sequence
from pathlib import Path

from ddoc.core.snapshot_service import SnapshotService
from ddoc.core.snapshots import Snapshot
from ddoc.errors import CancelledError
from ddoc.experiment.limits import Limits
from ddoc.experiment.preparation import Preparation, Version
from ddoc.experiment.records import RunRecord, load_record
from ddoc.experiment.run_reader import MAX_LOG_CHUNK, RunReader
from ddoc.experiment.runs import (
    Comparison,
    LogChunk,
    Run,
    RunDetail,
    RunFailedError,
    RunPage,
    RunRequest,
    compare_runs,
)
from ddoc.experiment.supervision import Supervision
from ddoc.experiment.tracking import Tracking
from ddoc.experiment.trainers import Trainer, list_trainers
from ddoc.experiment.uploads import Uploaded, install_template, install_upload, list_templates
from ddoc.paths import Layout
from ddoc.progress import Progress, no_progress


class SnapshotVersions:
    """The snapshots of a workspace, as runs need them."""

    def __init__(self, snapshots: SnapshotService) -> None:
        self._snapshots = snapshots

    def version(self, snapshot_id: str | None, *, message: str, progress: Progress) -> Version:
        """Return a version by id or alias; without one, the present data's, snapshotted now if it was changed."""
        if snapshot_id is not None:
            return _version_of(self._snapshots.get(snapshot_id))
        current = self.current()
        if current is not None:
            return _version_of(self._snapshots.get(current))
        return _version_of(self._snapshots.create_snapshot(message, progress=progress))

    def current(self) -> str | None:
        """Return the id of the version that the data is now, None when it was changed. Changes of code do not count."""
        head = self._snapshots.head()
        changed = self._snapshots.status()
        same = not (changed.added or changed.removed or changed.modified or changed.other)
        return head if same else None

    def materialise(self, sid: str, target: Path, *, link: bool = True) -> None:
        """Make the new folder `target` the `data/` of a version."""
        self._snapshots.materialise(sid, target, link=link)


def _version_of(snapshot: Snapshot) -> Version:
    return Version(snapshot.snapshot_id, snapshot.data.hash)


class MLflowExperimentService:
    """Trainers and runs of the workspace at `root`; its name is the experiment's name in MLflow.

    `public_url` is where a browser reaches MLflow (default:
    `tracking_uri`). One object per workspace and process; its methods may be called from several threads.
    """

    def __init__(
        self,
        root: Path,
        *,
        tracking_uri: str,
        workspace: str | None = None,
        public_url: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        name = workspace or root.name
        self._layout = Layout(root)
        self._snapshots = SnapshotService(root)
        self._versions = SnapshotVersions(self._snapshots)
        self._tracking = Tracking(tracking_uri)
        self._supervision = Supervision(self._layout, self._tracking)
        self._preparation = Preparation(
            self._layout, name, self._versions, self._tracking, self._supervision, limits or Limits()
        )
        self._reader = RunReader(
            self._layout, name, self._tracking, self._supervision, public_url=public_url or tracking_uri
        )

    def close(self) -> None:
        """Close the connections to MLflow. Runs go on."""
        self._tracking.close()

    def upload_trainer(self, name: str, file: Path, *, file_name: str) -> Uploaded:
        """Check and keep uploaded trainer code; see `install_upload`."""
        return install_upload(self._layout, name, file, file_name=file_name)

    def templates(self) -> list[Trainer]:
        """Return the trainers that come with the library."""
        return list_templates()

    def install_template(self, template: str, *, name: str | None = None) -> Uploaded:
        """Copy a template into the workspace; see `ddoc.experiment.uploads.install_template`."""
        return install_template(self._layout, template, name=name)

    def trainers(self) -> list[Trainer]:
        """Return the workspace's trainers, by name."""
        return list_trainers(self._layout.trainers)

    def check(self, request: RunRequest) -> None:
        """Raise what `prepare` would raise for a trainer, params, limits or snapshot that cannot be."""
        self._preparation.check(request)
        if request.snapshot_id is not None:
            self._version(request.snapshot_id)

    def current_version(self) -> str | None:
        """Return the id of the snapshot that the data is now, None when it was changed since."""
        return self._versions.current()

    def run_of_job(self, job_id: str) -> str | None:
        """Return the id of the run that a job prepared, None when it has not come that far."""
        return self._preparation.run_of_job(job_id)

    def end(self, run_id: str) -> RunRecord:
        """Stop a run, wait until no process of it is left, and write down its end. An ended run stays as it is."""
        self._supervision.stop(run_id)
        self._supervision.wait(run_id)
        return self._supervision.finish(run_id)

    def run_experiment(
        self, request: RunRequest, *, job_id: str | None = None, progress: Progress = no_progress
    ) -> Run:
        """Run a trainer on a snapshot, to its end. Called again with the same `job_id`, it goes on with that run.

        Raises RunFailedError when the trainer does not succeed, CancelledError when it was stopped, and what
        `Preparation.prepare` raises.
        """
        run_id = self._preparation.prepare(request, job_id=job_id, progress=progress)
        return self.outcome(self.follow(run_id, progress=progress))

    def prepare(
        self, request: RunRequest, *, job_id: str | None = None, progress: Progress = no_progress
    ) -> str:
        """Do all that comes before the first line of user code; see `Preparation.prepare`. Returns the run's id."""
        return self._preparation.prepare(request, job_id=job_id, progress=progress)

    def follow(self, run_id: str, *, progress: Progress = no_progress) -> RunRecord:
        """Start a prepared run, or adopt a started one, and follow it to its end; see `Supervision.follow`."""
        orders = self._preparation.orders(run_id)
        return self._supervision.follow(
            run_id, orders, self._preparation.few_images(run_id), progress=progress
        )

    def outcome(self, record: RunRecord) -> Run:
        """Return the run of a final record. Raises RunFailedError or CancelledError when it did not succeed."""
        if record.state == "stopped":
            raise CancelledError("the run was stopped", experiment_id=record.experiment_id)
        if record.state != "succeeded":
            ended = record.exit or {}
            raise RunFailedError(
                f"the run failed: {ended.get('detail', record.state)}",
                experiment_id=record.experiment_id,
                reason=ended.get("reason", record.state),
                exit_code=ended.get("code"),
            )
        return self._reader.of_record(record)

    def stop(self, run_id: str) -> Run:
        """Stop a run: SIGTERM to its processes, ten seconds to save their state, SIGKILL until none is left.

        Returns at once; whoever follows the run sees its end. Stopping an ended run changes nothing.
        """
        self._supervision.stop(run_id)
        return self._reader.of_record(load_record(self._supervision.folder(run_id)))

    def reconcile(self) -> list[RunRecord]:
        """Put right what was missed (at start, and every minute); see `Supervision.reconcile`."""
        self._preparation.prune()
        return self._supervision.reconcile()

    def get_experiments_by_dataset(
        self,
        dataset: str | None = None,
        *,
        snapshot_id: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> RunPage:
        """Return the runs on a dataset (a workspace's name; default: this one), newest first.

        With `snapshot_id`, those on that version's bytes: its data hash decides, so equal versions share their
        runs. Raises UnavailableError when MLflow is down.
        """
        data_hash = None if snapshot_id is None else self._version(snapshot_id).data_hash
        return self._reader.by_dataset(dataset, data_hash=data_hash, limit=limit, cursor=cursor)

    def get_experiment(self, run_id: str, *, max_points: int = 1000) -> RunDetail:
        """Return a run with its metric histories, thinned to about `max_points` each, and its artifacts."""
        return self._reader.detail(run_id, max_points=max_points)

    def compare(self, run_ids: Sequence[str]) -> Comparison:
        """Return runs side by side."""
        return compare_runs(tuple(self._reader.run(run_id) for run_id in run_ids))

    def log(self, run_id: str, *, offset: int = 0, limit: int = MAX_LOG_CHUNK) -> LogChunk:
        """Return a part of the log; see `RunReader.log`. Works without MLflow."""
        return self._reader.log(run_id, offset=offset, limit=limit)

    def _version(self, snapshot_id: str) -> Version:
        return self._versions.version(snapshot_id, message="", progress=no_progress)
