"""Embeddings: the descriptor's speed, CLIP against the naive loop and against the processor's matmul limit."""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ddoc.analysis.protocol import Chunk
from ddoc.execution_local import LocalExecutor
from ddoc_plugin_vision.encoders.clip import ClipEncoder
from ddoc_plugin_vision.encoders.clip_model import cpu_precision
from ddoc_plugin_vision.encoders.descriptor_math import describe, thumbnail
from ddoc_plugin_vision.encoders.torchvision_shim import prepare_torchvision
from tests.bench.vision.bench_attributes import SETS, _files
from tests.bench.vision.scenes import scene
from tests.fixtures.clip_weights import random_clip_weights

MODEL = "ViT-B-32"
# multiply-adds of the image tower of ViT-B/32 at 224 px, as open_clip counts them
GIGA_MACS = 4.41


def run(scratch: Path, *, images: int = 128, calibration: int = 64) -> list[dict[str, Any]]:
    """Return rows of the table."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    weights = scratch / "clip-random.pt"
    if not weights.exists():
        random_clip_weights(weights, MODEL)
    files = _files(scratch / "VGA", *SETS["VGA"][:2], images + calibration)
    os.environ["DDOC_CLIP_WEIGHTS"] = str(weights)
    int8 = scratch / "clip-int8"
    if not int8.exists():
        ClipEncoder(MODEL).quantize(_chunk(files[images:]), int8, min_cosine=0.98)
    return [_descriptor(), *_clip(files[:images], weights, int8)]


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


def _clip(files: list[Path], weights: Path, int8: Path, *, rounds: int = 5) -> list[dict[str, Any]]:
    """Measure the exact model, the 8-bit one and the naive loop in turn, each from files to vectors."""
    import torch

    encoders = _encoder(None), _encoder(int8)
    chunks = [_chunk(files[s : s + 32]) for s in range(0, len(files), 32)]
    seconds: dict[Any, list[float]] = {encoder: [] for encoder in (*encoders, "naive")}
    naive = _naive(files[:16], weights)
    with LocalExecutor(1) as executor:

        def ours(encoder: ClipEncoder) -> None:
            for _, (_, pixels, _) in executor.map(encoder.worker(), chunks):
                encoder.encode(pixels)

        for _ in range(rounds):
            seconds["naive"].append(_median(naive, 1) * len(files) / 16)
            for encoder in encoders:
                seconds[encoder].append(_median(lambda encoder=encoder: ours(encoder), 1))
    pixels = np.random.default_rng(0).integers(0, 255, (32, 224, 224, 3), dtype=np.uint8)
    inside: dict[Any, list[float]] = {encoder: [] for encoder in (*encoders, "limit")}
    for _ in range(9):
        for encoder in encoders:
            inside[encoder].append(32 / _median(lambda encoder=encoder: encoder.encode(pixels), 1))
        inside["limit"].append(_matmul_limit(getattr(torch, cpu_precision())) / (2 * GIGA_MACS))
    limit = statistics.median(inside["limit"])
    naive_seconds = statistics.median(seconds["naive"])
    rows: list[dict[str, Any]] = []
    for encoder, precision in zip(encoders, (cpu_precision(), "int8"), strict=True):
        our_seconds = statistics.median(seconds[encoder])
        rows.append(
            {
                "encoder": f"clip {MODEL}, {precision}, {torch.get_num_threads()} threads",
                "images/s, files to vectors": len(files) / our_seconds,
                "naive loop images/s": len(files) / naive_seconds,
                "times the naive loop": naive_seconds / our_seconds,
                "images/s inside the model": statistics.median(inside[encoder]),
                f"matmul limit images/s, {cpu_precision()}": limit,
                "share of the limit": statistics.median(inside[encoder]) / limit,
            }
        )
    return rows


def _encoder(int8: Path | None) -> ClipEncoder:
    """Return an encoder that has loaded its model: the 8-bit one of a folder, or the exact one."""
    if int8 is None:
        os.environ.pop("DDOC_CLIP_INT8", None)
    else:
        os.environ["DDOC_CLIP_INT8"] = str(int8)
    encoder = ClipEncoder(MODEL)
    encoder.worker()
    return encoder


def _chunk(files: list[Path]) -> Chunk:
    return tuple((str(i), str(file)) for i, file in enumerate(files))


def _naive(files: list[Path], weights: Path) -> Callable[[], None]:
    """Return the loop that everybody writes: one image at a time, the library's transform, float32."""
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
    return loop


def _matmul_limit(kind: Any) -> float:
    """Return giga-operations a second of the model's largest product at its own shape."""
    import torch

    a, b = torch.randn(32 * 50, 768).to(kind), torch.randn(768, 3072).to(kind)
    seconds = _median(lambda: torch.mm(a, b), 15)
    return 2 * 1600 * 768 * 3072 / seconds / 1e9


def _median(function: Callable[[], Any], repeats: int) -> float:
    found: list[float] = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return statistics.median(found)
