"""Following runs from start to settled: start or adopt, tail, stop, finish, and put right what was missed."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from ddoc.errors import CancelledError, NotFoundError, UnavailableError
from ddoc.experiment.clock import from_seconds, now
from ddoc.experiment.dry_run import DryRun
from ddoc.experiment.launcher import Orders, liveness, reap_lost, request_stop, start_shim, write_orders
from ddoc.experiment.publishing import Publisher
from ddoc.experiment.records import RunRecord, judge, load_record, save_record
from ddoc.experiment.runner.folder import RunFolder, read_json, write_json
from ddoc.experiment.tracking import MetricPoint, Tracking
from ddoc.ids import check_id
from ddoc.paths import Layout
from ddoc.progress import Progress

_POLL = 0.1
_SYNC_EVERY = 1.0
_STOP_PATIENCE = 25.0

log = logging.getLogger(__name__)


class DryRunData(Protocol):
    """Makes the few images of a dry run, when they are needed."""

    def __call__(self) -> Path:
        """Return the folder of the few images."""
        ...


class Supervision:
    """Follows the runs of one root. Its methods can be repeated at any point, also after the service was killed."""

    def __init__(self, layout: Layout, tracking: Tracking) -> None:
        self._layout = layout
        self._tracking = tracking
        self._publisher = Publisher(tracking)

    def folder(self, run_id: str) -> RunFolder:
        """Return a run's folder. Raises NotFoundError when there is no such run here."""
        folder = RunFolder(self._layout.runs / check_id(run_id, what="experiment"))
        if not folder.record.exists():
            raise NotFoundError("there is no such experiment", code="experiment-not-found")
        return folder

    def folders(self) -> Iterator[RunFolder]:
        """Yield the folders of all runs that were recorded."""
        if self._layout.runs.is_dir():
            for place in sorted(self._layout.runs.iterdir()):
                if (folder := RunFolder(place)).record.exists():
                    yield folder

    def follow(self, run_id: str, orders: Orders, few: DryRunData | None, *, progress: Progress) -> RunRecord:
        """Start the run, or adopt it when it was started before, and follow it to its end.

        `few` is given when the code may need a dry run first. Raises CancelledError when `progress` does, after
        the run was stopped. Any other way out (the service ends) leaves the run alone: the next call adopts it.
        """
        folder = self.folder(run_id)
        try:
            if liveness(folder) == "absent" and not self._try_first(folder, orders, few, progress):
                return self.finish(run_id)
            self._start(folder, orders)
            self._tail(folder, progress)
        except CancelledError:
            self.stop(run_id)
            self.wait(run_id)
            self.finish(run_id)
            raise
        return self.finish(run_id)

    def _try_first(
        self, folder: RunFolder, orders: Orders, few: DryRunData | None, progress: Progress
    ) -> bool:
        """Do the dry run if one is due. Returns whether the run may start."""
        record = load_record(folder)
        dry = DryRun(self._layout, folder, code_hash=record.code_hash, data_format=record.data_format)
        if few is None or not dry.is_needed():
            return not self._is_stopped_before_start(folder)
        dry.start(orders, few())
        while dry.is_running():
            progress(0, None, unit="steps", message="dry run on a few images")
            if folder.stop.exists():
                dry.stop()
            time.sleep(_POLL)
        reason = dry.conclude()
        if reason is not None:
            self._write_exit(folder, reason)
            return False
        return not self._is_stopped_before_start(folder)

    def _is_stopped_before_start(self, folder: RunFolder) -> bool:
        if not folder.stop.exists():
            return False
        self._write_exit(folder, "stopped")
        return True

    def _write_exit(self, folder: RunFolder, reason: str) -> None:
        folder.control.mkdir(parents=True, exist_ok=True)
        size = folder.log.stat().st_size if folder.log.exists() else 0
        nothing = {"code": None, "killed": 0, "left": 0, "peak_memory": 0, "log_bytes": size}
        write_json(folder.exit, {"reason": reason, "ended_at": time.time(), **nothing}, durable=True)

    def _start(self, folder: RunFolder, orders: Orders) -> None:
        if liveness(folder) == "absent":
            write_orders(folder, orders)
            start_shim(folder)
        record = load_record(folder)
        if record.state == "queued":
            isolation = read_json(folder.isolation) or {}
            record = record.with_(state="running", started_at=now(), isolation=isolation)
            save_record(folder, record)
            self._tell(record)

    def _tell(self, record: RunRecord) -> None:
        try:
            self._publisher.state(record)
        except UnavailableError as error:
            log.warning("MLflow does not answer; run %s is told later: %s", record.experiment_id, error)

    def _tail(self, folder: RunFolder, progress: Progress) -> None:
        next_sync = 0.0
        newest: MetricPoint | None = None
        while liveness(folder) == "running":
            if time.monotonic() >= next_sync:
                newest = self._sync(folder) or newest
                next_sync = time.monotonic() + _SYNC_EVERY
            if newest is None:
                progress(0, None, unit="steps", message="training")
            else:
                progress(newest.step, None, unit="steps", message=f"{newest.key} {newest.value:.4g}")
            time.sleep(_POLL)

    def _sync(self, folder: RunFolder) -> MetricPoint | None:
        try:
            return self._publisher.metrics(folder, folder.root.name)
        except UnavailableError as error:
            log.warning(
                "MLflow does not answer; metrics of %s wait in their file: %s", folder.root.name, error
            )
            return None

    def stop(self, run_id: str) -> None:
        """Ask for the run's end. Repeating it, or stopping an ended run, changes nothing."""
        folder = self.folder(run_id)
        folder.control.mkdir(parents=True, exist_ok=True)
        if not folder.exit.exists():
            request_stop(folder)

    def wait(self, run_id: str) -> None:
        """Wait until a run that was asked to stop has no process any more; one that resists its shim is killed."""
        folder = self.folder(run_id)
        deadline = time.monotonic() + _STOP_PATIENCE
        while liveness(folder) == "running" and time.monotonic() < deadline:
            time.sleep(_POLL)
        dry = folder.dry_run
        if dry.shim.exists() and liveness(dry) == "running":
            request_stop(dry)
            while liveness(dry) == "running" and time.monotonic() < deadline:
                time.sleep(_POLL)
        if liveness(folder) == "absent":
            self._write_exit(folder, "stopped")

    def finish(self, run_id: str) -> RunRecord:
        """Write down how an ended or lost run ended and bring it to MLflow; when that is down, `reconcile` does.

        A lost run's processes are killed first.
        """
        folder = self.folder(run_id)
        record = self._conclude(folder)
        try:
            self._publish(folder, record)
        except UnavailableError as error:
            log.warning("MLflow does not answer; the outcome of %s is logged later: %s", run_id, error)
        return record

    def _conclude(self, folder: RunFolder) -> RunRecord:
        record = load_record(folder)
        if record.is_final:
            return record
        if liveness(folder) == "lost":
            reap_lost(folder)
        state, ended = judge(folder)
        times = read_json(folder.exit) or {}
        record = record.with_(
            state=state,
            exit=ended,
            ended_at=from_seconds(times.get("ended_at", time.time())),
            isolation=read_json(folder.isolation) or record.isolation,
        )
        save_record(folder, record)
        return record

    def _publish(self, folder: RunFolder, record: RunRecord) -> None:
        try:
            self._publisher.outcome(folder, record)
        except NotFoundError:
            log.warning("run %s was deleted in MLflow; its outcome stays in its folder", record.experiment_id)
            folder.settled.touch()

    def reconcile(self) -> list[RunRecord]:
        """Finish the runs that ended or were lost while nobody followed them, and settle those MLflow missed.

        Also puts right the status of running runs that MLflow's client changed. Returns the runs that it settled.
        Raises UnavailableError when MLflow is down, after everything that needs no MLflow was done.
        """
        settled: list[RunRecord] = []
        down: UnavailableError | None = None
        for folder in self.folders():
            if folder.settled.exists():
                continue
            try:
                if (record := self._settle(folder)) is not None:
                    settled.append(record)
            except UnavailableError as error:
                down = error
        if down is not None:
            raise down
        return settled

    def _settle(self, folder: RunFolder) -> RunRecord | None:
        alive = liveness(folder)
        if alive in {"ended", "lost"}:
            record = self._conclude(folder)
            self._publish(folder, record)
            return record
        if alive == "running":
            self._publisher.metrics(folder, folder.root.name)
            self._publisher.correct(self._tracking.run(folder.root.name), load_record(folder))
        return None
