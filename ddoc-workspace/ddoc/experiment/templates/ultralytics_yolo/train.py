"""Train a YOLO model with ultralytics on the snapshot's YOLO export."""

import os
import shutil
from pathlib import Path
from typing import Any

from ultralytics import YOLO, settings

import ddoc


def train(
    dataset_path: Path,
    output_dir: Path,
    *,
    model: str,
    epochs: int,
    image_size: int,
    batch_size: int,
    seed: int,
) -> dict[str, Any]:
    """Return the best model, its metrics on the split `val`, and ultralytics' plots."""
    # it would log to MLflow by itself, to a run of its own
    settings.update({"mlflow": False, "sync": False})
    given = Path(os.environ["DDOC_CODE_PATH"], model)
    yolo = YOLO(str(given) if given.exists() else model)
    yolo.add_callback("on_fit_epoch_end", report)
    yolo.train(
        data=str(data_of(dataset_path, yolo.task)),
        epochs=epochs,
        imgsz=image_size,
        batch=batch_size,
        seed=seed,
        project=str(output_dir),
        name="train",
        exist_ok=True,
        pretrained=given.exists(),
        workers=min(4, len(os.sched_getaffinity(0))),
    )
    best = output_dir / "train" / "weights" / "best.pt"
    shutil.copyfile(best, output_dir / "model.pt")
    metrics = {clean(name): float(value) for name, value in yolo.metrics.results_dict.items()}
    plots = [
        path for path in (output_dir / "train").iterdir() if path.suffix in {".png", ".jpg", ".csv", ".yaml"}
    ]
    return {"model_path": "model.pt", "metrics": metrics, "artifacts": plots}


def data_of(dataset_path: Path, task: str) -> Path:
    """Return what ultralytics wants as `data`: a folder of classes to classify, else the data.yaml."""
    if task == "classify":
        return dataset_path
    found = sorted(dataset_path.glob("*.yaml"))
    if not found:
        raise SystemExit("the export has no data.yaml")
    return found[0]


def report(trainer: Any) -> None:
    """Send an epoch's losses and metrics."""
    values = {**trainer.label_loss_items(trainer.tloss, prefix="train"), **trainer.metrics}
    ddoc.report(trainer.epoch, **{clean(name): float(value) for name, value in values.items()})


def clean(name: str) -> str:
    """Return a metric's name without what MLflow does not take."""
    return name.replace("(B)", "").replace("(M)", "_mask").replace("(", "_").replace(")", "")
