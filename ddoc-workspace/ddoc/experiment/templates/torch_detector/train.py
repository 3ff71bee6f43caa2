"""Train a compact detector and measure it by the COCO metric."""

import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from network import STRIDE, Detector, boxes_of, detect
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torch import nn

import ddoc
from ddoc.dataset.info import read_info
from ddoc.experiment.training_data import read_items


class Pictures:
    """Images fitted into a square, with their boxes in its pixels."""

    def __init__(self, items: list[Any], names: list[str], size: int) -> None:
        self.items = items
        self.names = names
        self.pixels = np.zeros((len(items), size, size, 3), np.uint8)
        self.boxes: list[torch.Tensor] = []
        self.scales: list[float] = []
        for i, item in enumerate(items):
            scale = size / max(item.width, item.height)
            with Image.open(item.image) as file:
                small = file.convert("RGB").resize(
                    (max(1, round(item.width * scale)), max(1, round(item.height * scale)))
                )
            self.pixels[i, : small.height, : small.width] = np.asarray(small)
            rows = [
                [
                    a.box.x1 * scale,
                    a.box.y1 * scale,
                    a.box.x2 * scale,
                    a.box.y2 * scale,
                    names.index(a.class_name),
                ]
                for a in item.annotations or ()
                if a.box is not None
            ]
            self.boxes.append(torch.tensor(rows, dtype=torch.float32).reshape(-1, 5))
            self.scales.append(scale)

    def batch(self, positions: list[int]) -> torch.Tensor:
        """Return the images at `positions` as float (n, 3, s, s) in 0…1."""
        return torch.from_numpy(self.pixels[positions]).permute(0, 3, 1, 2).float() / 255


def train(dataset_path: Path, output_dir: Path, **params: Any) -> dict[str, Any]:
    """Fit on the split `train`, measure on all others (on a held-out fifth where there is no other)."""
    torch.manual_seed(params["seed"])
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", len(os.sched_getaffinity(0)))))
    size = params["image_size"]
    if size % 16:
        raise SystemExit("image_size must be a multiple of 16")
    names = list(read_info(dataset_path).classes)
    items = [item for item in read_items(dataset_path) if item.annotations is not None]
    to_fit = [item for item in items if item.split == "train"]
    to_measure = [item for item in items if item.split != "train"]
    if not to_fit or not to_measure:
        to_fit, to_measure = [x for i, x in enumerate(items) if i % 5], items[::5]
    print(f"{len(to_fit)} images to train on, {len(to_measure)} to measure on, classes {names}")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = Detector(len(names), params["width"]).to(device)
    if params["weights"]:
        begin_with(model, Path(os.environ["DDOC_CODE_PATH"], params["weights"]))
    fit(model, Pictures(to_fit, names, size), output_dir, params)
    metrics = measure(model, Pictures(to_measure, names, size), output_dir)
    torch.save(
        {"state": model.state_dict(), "classes": names, "width": params["width"]}, output_dir / "model.pt"
    )
    return {"model_path": "model.pt", "metrics": metrics, "artifacts": ["predictions.json"]}


def begin_with(model: nn.Module, weights: Path) -> None:
    """Take over all weights that fit by name and shape."""
    saved = torch.load(weights, map_location="cpu", weights_only=True)
    saved = saved.get("state", saved)
    own = model.state_dict()
    fitting = {k: v for k, v in saved.items() if k in own and own[k].shape == v.shape}
    print(f"{len(fitting)} of {len(own)} weights are from {weights.name}")
    model.load_state_dict(own | fitting)


def fit(model: Detector, data: Pictures, output_dir: Path, params: dict[str, Any]) -> None:
    """One-cycle AdamW with flips; a checkpoint after every epoch."""
    device = next(model.parameters()).device
    steps = -(-len(data.items) // params["batch_size"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=params["learning_rate"], weight_decay=0.01)
    total_steps = steps * params["epochs"] + 1
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, params["learning_rate"], total_steps=total_steps
    )
    for epoch in range(params["epochs"]):
        model.train()
        sums = torch.zeros(2)
        for positions in torch.randperm(len(data.items)).split(params["batch_size"]):
            images = data.batch(positions.tolist()).to(device)
            boxes = [data.boxes[i].to(device) for i in positions]
            if torch.rand(()) < 0.5:
                images = images.flip(3)
                boxes = [mirrored(b, images.shape[3]) for b in boxes]
            where, what = losses(model, images, boxes)
            optimizer.zero_grad()
            (where + what).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 10)
            optimizer.step()
            schedule.step()
            sums += torch.tensor([where.item(), what.item()]) / steps
        ddoc.report(epoch, loss=float(sums.sum()), box_loss=float(sums[0]), class_loss=float(sums[1]))
        print(f"epoch {epoch}: box loss {sums[0]:.4f}, class loss {sums[1]:.4f}")
        torch.save({"state": model.state_dict(), "epoch": epoch}, output_dir / "checkpoint.pt")


def mirrored(boxes: torch.Tensor, side: int) -> torch.Tensor:
    """Return the boxes of a mirrored image."""
    return torch.stack((side - boxes[:, 2], boxes[:, 1], side - boxes[:, 0], boxes[:, 3], boxes[:, 4]), 1)


def losses(
    model: Detector, images: torch.Tensor, boxes: list[torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (box loss: 1 - GIoU at the centres, class loss: CenterNet's focal loss), each per object."""
    logits, distances = model(images)
    heat = torch.zeros_like(logits)
    image_at: list[int] = []
    rows: list[torch.Tensor] = []
    for n, found in enumerate(boxes):
        for box in found:
            paint(heat[n, int(box[4])], box)
            image_at.append(n)
            rows.append(box[:4])
    probability = logits.sigmoid().clamp(1e-4, 1 - 1e-4)
    hit = heat == 1
    positive = -((1 - probability) ** 2 * probability.log())[hit].sum()
    negative = -((1 - heat) ** 4 * probability**2 * (1 - probability).log())[~hit].sum()
    count = max(1, len(rows))
    if not rows:
        return distances.sum() * 0, negative / count
    wanted = torch.stack(rows)
    column, row = centre_of(wanted, logits.shape[-1])
    predicted = boxes_of(distances)[torch.tensor(image_at, device=logits.device), row, column]
    return (1 - generalised_overlap(predicted, wanted)).sum() / count, (positive + negative) / count


def centre_of(boxes: torch.Tensor, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the (column, row) of the map's places that hold the boxes' centres."""
    column = ((boxes[:, 0] + boxes[:, 2]) / 2 / STRIDE).long().clamp(0, side - 1)
    return column, ((boxes[:, 1] + boxes[:, 3]) / 2 / STRIDE).long().clamp(0, side - 1)


def paint(heat: torch.Tensor, box: torch.Tensor) -> None:
    """Raise the heat map around the box's centre: 1 there, a bell as wide as a sixth of the box around it."""
    column, row = (int(v) for v in centre_of(box[None, :4], heat.shape[-1]))
    spread = ((box[2:4] - box[:2]) / STRIDE / 6).clamp(min=0.3).tolist()
    radius = [max(1, int(3 * s)) for s in spread]
    left, right = max(0, column - radius[0]), min(heat.shape[1], column + radius[0] + 1)
    top, bottom = max(0, row - radius[1]), min(heat.shape[0], row + radius[1] + 1)
    x = torch.arange(left, right, device=heat.device) - column
    y = torch.arange(top, bottom, device=heat.device) - row
    bell = torch.exp(-(y[:, None] ** 2) / (2 * spread[1] ** 2) - x[None] ** 2 / (2 * spread[0] ** 2))
    part = heat[top:bottom, left:right]
    torch.maximum(part, bell, out=part)


def generalised_overlap(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the GIoU (Rezatofighi et al., 2019) of boxes in pairs: -1…1."""
    low, high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    common = (high - low).clamp(min=0).prod(1)
    union = (a[:, 2:] - a[:, :2]).clamp(min=0).prod(1) + (b[:, 2:] - b[:, :2]).clamp(min=0).prod(1) - common
    around = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).clamp(min=0).prod(1)
    return common / union.clamp(min=1e-6) - (around - union) / around.clamp(min=1e-6)


def measure(model: Detector, data: Pictures, output_dir: Path) -> dict[str, float]:
    """Return COCO's average precisions, all and per class; write the predictions as COCO results."""
    model.eval()
    device = next(model.parameters()).device
    results: list[dict[str, Any]] = []
    for positions in torch.arange(len(data.items)).split(16):
        found = detect(model, data.batch(positions.tolist()).to(device))
        for i, rows in zip(positions.tolist(), found, strict=True):
            for x1, y1, x2, y2, score, number in rows.tolist():
                box = [v / data.scales[i] for v in (x1, y1, x2 - x1, y2 - y1)]
                results.append({"image_id": i, "category_id": int(number), "bbox": box, "score": score})
    named = [
        {**r, "file_name": data.items[r["image_id"]].name, "split": data.items[r["image_id"]].split}
        for r in results
    ]
    (output_dir / "predictions.json").write_text(json.dumps(named))
    if not results:
        return {"map": 0.0, "map50": 0.0}
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = truth_of(data)
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision = evaluation.eval["precision"][:, :, :, 0, 2]  # IoU, recall, class
    per_class = {f"ap/{n}": average(precision[:, :, k]) for k, n in enumerate(data.names)}
    return {"map": float(evaluation.stats[0]), "map50": float(evaluation.stats[1])} | per_class


def average(values: np.ndarray) -> float:
    """Return the mean of the values that count (COCO marks the others with -1), 0 if none does."""
    counted = values[values > -1]
    return float(counted.mean()) if counted.size else 0.0


def truth_of(data: Pictures) -> dict[str, Any]:
    """Return the annotations as a COCO document."""
    annotations: list[dict[str, Any]] = []
    for i, (rows, scale) in enumerate(zip(data.boxes, data.scales, strict=True)):
        for x1, y1, x2, y2, number in (rows / torch.tensor([scale] * 4 + [1])).tolist():
            box = [x1, y1, x2 - x1, y2 - y1]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": i,
                    "category_id": int(number),
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                }
            )
    return {
        "images": [{"id": i, "width": x.width, "height": x.height} for i, x in enumerate(data.items)],
        "categories": [{"id": k, "name": n} for k, n in enumerate(data.names)],
        "annotations": annotations,
        "info": {},
    }
