"""Remembers which edits of the journal the last snapshot holds, so that the next one stores only what came since."""

import json
from typing import Any

from ddoc.dataset.dataset import Dataset
from ddoc.dataset.edits import Edits
from ddoc.paths import write_atomic

_NAME = "snapshot-mark.json"


def mark_snapshot(dataset: Dataset) -> None:
    """Note that a snapshot holds all edits so far."""
    mark = {"edits": Edits(dataset).mark()}
    write_atomic(dataset.layout.meta / _NAME, json.dumps(mark).encode(), durable=True)


def edits_since_snapshot(dataset: Dataset) -> list[dict[str, Any]]:
    """Return the edits that stand and that no snapshot holds yet, oldest first."""
    path = dataset.layout.meta / _NAME
    mark = json.loads(path.read_text("utf-8"))["edits"] if path.exists() else 0
    return [
        {"edit_id": r.edit_id, "kind": r.kind, "changed": r.changed, "params": dict(r.params)}
        for r in Edits(dataset).since(mark)
    ]
