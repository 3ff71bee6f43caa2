"""A trainer, with what it is given and what it gives back. Fill in `train`; everything else may go.

Run as a function: `train(dataset_path, output_dir, **params)`. (A file without a function `train` is run as a
script instead; it reads DDOC_DATASET_PATH, DDOC_OUTPUT_DIR and DDOC_PARAMS, and logs with mlflow.)
"""

from pathlib import Path
from typing import Any

import ddoc


def train(dataset_path: Path, output_dir: Path, *, epochs: int, **params: Any) -> dict[str, Any]:
    """Train on the snapshot's data.

    dataset_path
        A read-only copy of the snapshot, in the `format` of config.yaml. By default it is laid out like `data/`:
        images/<split>/…, labels/<split>/…txt (YOLO), dataset.yaml.
    output_dir
        Write here; nothing else can be written, but for the working folder.
    params
        The defaults of config.yaml, with what the run changed.

    Return `model_path` (a file or folder in output_dir, or None), `metrics` (numbers) and `artifacts` (files and
    folders in output_dir); all of them are stored with the run. Raise, or exit with another code than 0, to fail.
    On stop the process gets SIGTERM and has ten seconds to save its state.
    """
    images = sorted(path for path in (dataset_path / "images").rglob("*") if path.is_file())
    for epoch in range(epochs):
        # live metrics: shown as curves while the run goes on (plain mlflow.log_metric works, too)
        ddoc.report(epoch, progress=(epoch + 1) / epochs)
        print(f"epoch {epoch}: {len(images)} images")
    listing = output_dir / "images.txt"
    listing.write_text("\n".join(str(path.relative_to(dataset_path)) for path in images))
    return {"model_path": None, "metrics": {"images": len(images)}, "artifacts": [listing]}
