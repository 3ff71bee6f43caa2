"""Train a small CNN on images, or on the boxes of a detection set."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from network import small_cnn
from PIL import Image
from torch import nn

import ddoc
from ddoc.experiment.training_data import TrainingObject, read_objects

MIN_SIDE = 4


def train(dataset_path: Path, output_dir: Path, **params: Any) -> dict[str, Any]:
    """Fit on the split `train`, measure on all others (on a held-out fifth where there is no other)."""
    torch.manual_seed(params["seed"])
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", len(os.sched_getaffinity(0)))))
    rng = np.random.default_rng(params["seed"])
    objects = [
        o for o in read_objects(dataset_path) if o.box is None or min(o.box.width, o.box.height) >= MIN_SIDE
    ]
    if len(objects) > params["max_objects"]:
        objects = [objects[i] for i in sorted(rng.choice(len(objects), params["max_objects"], replace=False))]
    names = sorted({o.class_name for o in objects})
    if len(names) < 2:
        raise SystemExit(f"a classifier needs two classes at least; the data has {names}")
    images, labels = load(objects, names, params["image_size"])
    is_train = torch.tensor([o.split == "train" for o in objects])
    if is_train.all() or not is_train.any():
        is_train = torch.tensor(rng.random(len(objects)) > 0.2)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = small_cnn(len(names), params["width"]).to(device)
    if params["weights"]:
        begin_with(model, Path(os.environ["DDOC_CODE_PATH"], params["weights"]))
    print(
        f"{int(is_train.sum())} to train on, {int((~is_train).sum())} to measure on, classes {names}, {device}"
    )
    fit(
        model,
        (images[is_train], labels[is_train]),
        (images[~is_train], labels[~is_train]),
        output_dir,
        params,
    )
    metrics = measure(model, images[~is_train], labels[~is_train], names)
    torch.save(
        {"state": model.state_dict(), "classes": names, "width": params["width"]}, output_dir / "model.pt"
    )
    (output_dir / "classes.json").write_text(json.dumps(names))
    return {"model_path": "model.pt", "metrics": metrics, "artifacts": ["classes.json"]}


def load(objects: list[TrainingObject], names: list[str], size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (uint8 images (n, 3, size, size), labels (n)). Each image file is decoded once."""
    pictures = np.empty((len(objects), size, size, 3), np.uint8)
    at: dict[Path, list[int]] = {}
    for i, thing in enumerate(objects):
        at.setdefault(thing.image, []).append(i)
    for path, positions in at.items():
        with Image.open(path) as file:
            image = file.convert("RGB")
        for i in positions:
            box = objects[i].box
            corners = None if box is None else (box.x1, box.y1, box.x2, box.y2)
            pictures[i] = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box=corners))
    labels = torch.tensor([names.index(o.class_name) for o in objects])
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous(), labels


def begin_with(model: nn.Module, weights: Path) -> None:
    """Take over all weights that fit by name and shape."""
    saved = torch.load(weights, map_location="cpu", weights_only=True)
    saved = saved.get("state", saved)
    own = model.state_dict()
    fitting = {k: v for k, v in saved.items() if k in own and own[k].shape == v.shape}
    print(f"{len(fitting)} of {len(own)} weights are from {weights.name}")
    model.load_state_dict(own | fitting)


def fit(
    model: nn.Module,
    train_set: tuple[torch.Tensor, torch.Tensor],
    held_out: tuple[torch.Tensor, torch.Tensor],
    output_dir: Path,
    params: dict[str, Any],
) -> None:
    """One-cycle AdamW with flips; a checkpoint after every epoch."""
    images, labels = train_set
    device = next(model.parameters()).device
    steps = -(-len(labels) // params["batch_size"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=params["learning_rate"], weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, params["learning_rate"], total_steps=steps * params["epochs"] + 1
    )
    for epoch in range(params["epochs"]):
        model.train()
        total = 0.0
        for batch in torch.randperm(len(labels)).split(params["batch_size"]):
            if len(batch) == 1 and steps > 1:
                continue  # a batch of one has no variance to normalise by
            x = images[batch].to(device).float() / 255
            if torch.rand(()) < 0.5:
                x = x.flip(3)
            loss = nn.functional.cross_entropy(model(x), labels[batch].to(device), label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        accuracy = (
            (predict(model, held_out[0]) == held_out[1]).float().mean().item() if len(held_out[1]) else 0.0
        )
        ddoc.report(epoch, loss=total / len(labels), val_accuracy=accuracy)
        print(f"epoch {epoch}: loss {total / len(labels):.4f}, accuracy {accuracy:.4f}")
        torch.save({"state": model.state_dict(), "epoch": epoch}, output_dir / "checkpoint.pt")


@torch.no_grad()
def predict(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return the most likely class of each image."""
    model.eval()
    device = next(model.parameters()).device
    parts = [model(part.to(device).float() / 255).argmax(1).cpu() for part in images.split(256)]
    return torch.cat(parts) if parts else torch.empty(0, dtype=torch.long)


def measure(
    model: nn.Module, images: torch.Tensor, labels: torch.Tensor, names: list[str]
) -> dict[str, float]:
    """Return accuracy, macro F1, and F1 of every class that occurs."""
    predicted = predict(model, images)
    metrics: dict[str, float] = {
        "accuracy": (predicted == labels).float().mean().item(),
        "evaluated": len(labels),
    }
    scores: list[float] = []
    for number, name in enumerate(names):
        hit = ((predicted == number) & (labels == number)).sum().item()
        of_both = ((predicted == number).sum() + (labels == number).sum()).item()
        if of_both:
            scores.append(2 * hit / of_both)
            metrics[f"f1/{name}"] = scores[-1]
    return metrics | {"f1": sum(scores) / max(1, len(scores))}
