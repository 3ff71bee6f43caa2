"""Embeddings: the descriptor's speed, CLIP against the naive loop and against the processor's matmul limit."""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ddoc.analysis import get_encoder
from ddoc.execution_local import LocalExecutor
from ddoc_plugin_vision.encoders.clip_model import cpu_precision, load_model
from ddoc_plugin_vision.encoders.descriptor_math import describe, thumbnail
from ddoc_plugin_vision.encoders.torchvision_shim import prepare_torchvision
from tests.bench.vision.bench_attributes import SETS, _files
from tests.bench.vision.scenes import scene

MODEL = "ViT-B-32"
# multiply-adds of the image tower of ViT-B/32 at 224 px, as open_clip counts them
GIGA_MACS = 4.41


def run(scratch: Path, *, images: int = 64) -> list[dict[str, Any]]:
    """Return rows of the table."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    weights = _random_weights(scratch)
    files = _files(scratch / "VGA", *SETS["VGA"])[:images]
    os.environ["DDOC_CLIP_WEIGHTS"] = str(weights)
    return [_descriptor(), _clip(files, weights)]


def _descriptor(count: int = 512) -> dict[str, Any]:
    batch = np.stack([thumbnail(scene(seed)[0]) for seed in range(64)])
    cpu: list[float] = []
    for _ in range(7):
        start = time.process_time()
        for _ in range(count // 64):
            describe(batch)
        cpu.append(time.process_time() - start)
    return {
        "encoder": "descriptor",
        "images/s per core after decode (CPU time)": count / statistics.median(cpu),
    }


def _clip(files: list[Path], weights: Path) -> dict[str, Any]:
    import torch

    encoder = get_encoder("clip", model=MODEL)
    chunks = [
        tuple((str(i), str(f)) for i, f in enumerate(files[s : s + 32])) for s in range(0, len(files), 32)
    ]
    worker = encoder.worker()
    with LocalExecutor(1) as executor:

        def ours() -> None:
            for _, (_, pixels, _) in executor.map(worker, chunks):
                encoder.encode(pixels)

        ours()
        our_seconds = _median(ours, 3)
    naive_seconds = _naive(files[:16], weights) * len(files) / 16
    model = load_model(MODEL, weights, None)
    pixels = np.random.default_rng(0).integers(0, 255, (32, 224, 224, 3), dtype=np.uint8)
    inside = 32 / _median(lambda: model.encode(pixels), 5)
    limit = _matmul_limit(getattr(torch, cpu_precision())) / (2 * GIGA_MACS)
    return {
        "encoder": f"clip {MODEL}, {cpu_precision()}, {torch.get_num_threads()} threads",
        "images/s, files to vectors": len(files) / our_seconds,
        "naive loop images/s": len(files) / naive_seconds,
        "times the naive loop": naive_seconds / our_seconds,
        "images/s inside the model": inside,
        "matmul limit images/s": limit,
        "share of the limit": inside / limit,
    }


def _naive(files: list[Path], weights: Path) -> float:
    """Return the seconds of the loop that everybody writes: one image at a time, the library's transform, float32."""
    prepare_torchvision()
    import open_clip
    import torch
    from PIL import Image

    model, _, transform = open_clip.create_model_and_transforms(MODEL, pretrained=str(weights))
    model.eval()

    def loop() -> None:
        with torch.no_grad():
            for file in files:
                features = model.encode_image(transform(Image.open(file)).unsqueeze(0))
                features /= features.norm(dim=-1, keepdim=True)

    loop()
    return _median(loop, 3)


def _matmul_limit(kind: Any) -> float:
    """Return giga-operations a second of the model's largest product at its own shape: the most that was seen."""
    import torch

    a, b = torch.randn(32 * 50, 768).to(kind), torch.randn(768, 3072).to(kind)
    seconds = min(_median(lambda: torch.mm(a, b), 1) for _ in range(30))  # a limit, so not the median
    return 2 * 1600 * 768 * 3072 / seconds / 1e9


def _median(function: Callable[[], Any], repeats: int) -> float:
    found: list[float] = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def _random_weights(scratch: Path) -> Path:
    path = scratch / "clip-random.pt"
    if not path.exists():
        prepare_torchvision()
        import open_clip
        import torch

        torch.manual_seed(0)
        torch.save(open_clip.create_model(MODEL, pretrained_text=False).state_dict(), path)
    return path
