"""The dry run: new code is tried on a few images under tight limits before it gets the whole data."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ddoc.experiment.launcher import Orders, liveness, reap_lost, request_stop, start_shim, write_orders
from ddoc.experiment.records import judge
from ddoc.experiment.runner.folder import RunFolder, read_json, write_json
from ddoc.experiment.uploads import copy_code
from ddoc.paths import Layout, write_atomic

SECONDS = 120.0
_NOTE_PASSED = "[ddoc] the dry run on a few images went well; what follows is the run\n"
_NOTE_FAILED = "[ddoc] the dry run on a few images failed, so the run was not started\n"


class DryRun:
    """The dry run of one run; lives in `dry-run/` of its folder."""

    def __init__(self, layout: Layout, folder: RunFolder, *, code_hash: str, data_format: str) -> None:
        self._main = folder
        self._folder = folder.dry_run
        self._passed = layout.meta / "cache" / "dry-runs" / f"{code_hash}-{data_format}.json"

    def is_needed(self) -> bool:
        """Whether this code has not yet passed with this format."""
        return not self._passed.exists()

    def start(self, orders: Orders, dataset: Path) -> None:
        """Start it on `dataset`, a few images; a repeat starts nothing. It logs nothing to the run in MLflow."""
        alive = liveness(self._folder)
        if alive == "lost":
            # it had no effect yet, so unlike a run it may simply be tried again
            reap_lost(self._folder)
            shutil.rmtree(self._folder.root)
        elif alive != "absent":
            return
        if not self._folder.code.exists():
            copy_code(self._main.code, self._folder.code)
        limits = replace(orders.limits, wall_seconds=min(SECONDS, orders.limits.wall_seconds))
        scratch = self._folder.work / "mlflow.db"
        tracking = {
            name: value
            for name, value in orders.environment.items()
            if name not in {"MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI"}
        }
        write_orders(
            self._folder,
            replace(
                orders,
                dataset=dataset,
                params=_shortened(orders.params),
                limits=limits,
                environment={**tracking, "MLFLOW_TRACKING_URI": f"sqlite:///{scratch}", "DDOC_DRY_RUN": "1"},
                tracking_uri=None,
            ),
        )
        start_shim(self._folder)

    def is_running(self) -> bool:
        """Whether it goes on."""
        return liveness(self._folder) == "running"

    def stop(self) -> None:
        """Ask it to stop."""
        request_stop(self._folder)

    def conclude(self) -> str | None:
        """Return None when the run may start, else the reason why not; the dry run's log begins the run's log.

        Reaching the time limit is no failure: the code ran that long.
        """
        state, ended = judge(self._folder)
        passed = state == "succeeded" or ended["reason"] == "time-limit"
        said = self._folder.log.read_bytes() if self._folder.log.exists() else b""
        write_atomic(self._main.log, said + (_NOTE_PASSED if passed else _NOTE_FAILED).encode())
        if passed:
            write_atomic(self._passed, json.dumps({"exit": ended}).encode())
            return None
        if state == "stopped":
            return "stopped"
        isolation = read_json(self._folder.isolation)
        if isolation is not None:
            write_json(self._main.isolation, isolation)
        return "dry-run-failed"


def _shortened(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params with one epoch, where the trainer counts in `epochs`."""
    epochs = params.get("epochs")
    return {**params, "epochs": 1} if isinstance(epochs, int) and epochs > 1 else dict(params)
