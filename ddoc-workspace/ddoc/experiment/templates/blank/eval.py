"""Optional: called after `train` when that returned a `model_path`. Its metrics are added to the run's."""

from pathlib import Path
from typing import Any


def evaluate(model_path: Path, dataset_path: Path, output_dir: Path, **params: Any) -> dict[str, Any]:
    """Return `{"metrics": {…}, "artifacts": […]}`, as `train` does."""
    return {"metrics": {}, "artifacts": []}
