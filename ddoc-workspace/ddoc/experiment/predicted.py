"""Finds the predictions that finished runs stored, for the queue of labels that look wrong."""

from dataclasses import dataclass
from pathlib import Path

from ddoc.errors import NotFoundError
from ddoc.experiment.records import load_record
from ddoc.experiment.runner.folder import RunFolder
from ddoc.ids import check_id
from ddoc.paths import Layout

FILE_NAME = "predictions.json"
"""What a trainer calls its predictions, in COCO's results form, in its `output_dir`."""


@dataclass(frozen=True, slots=True)
class StoredPredictions:
    """The predictions of a run on a snapshot."""

    experiment_id: str
    name: str
    snapshot_id: str
    path: Path


def stored_predictions(layout: Layout, experiment_id: str | None = None) -> StoredPredictions | None:
    """Return the predictions of a run, or of the run that succeeded last among those that stored some.

    None where no run did. Raises NotFoundError `no-predictions` for a named run that stored none.
    """
    if experiment_id is not None:
        found = _of(layout.runs / check_id(experiment_id, what="experiment_id"))
        if found is None:
            raise NotFoundError("this run stored no predictions", code="no-predictions")
        return found[1]
    every = [found for path in layout.runs.glob(f"*/output/{FILE_NAME}") if (found := _of(path.parents[1]))]
    return max(every, key=lambda one: one[0], default=(None, None))[1]


def _of(folder: Path) -> tuple[str, StoredPredictions] | None:
    """Return when a run ended, and its predictions, where it succeeded and stored some."""
    run = RunFolder(folder)
    path = run.output / FILE_NAME
    if not path.is_file() or path.is_symlink():
        return None
    try:
        record = load_record(run)
    except NotFoundError:
        return None
    if record.state != "succeeded":
        return None
    stored = StoredPredictions(record.experiment_id, record.name, record.snapshot_id, path)
    return record.ended_at or "", stored
