"""Attributes and descriptors of clean and corrupted scenes, computed by the product's own workers and cached."""

import argparse
from pathlib import Path

import cv2
import numpy as np

from ddoc.drift import COMPARED_ATTRIBUTES
from ddoc.execution_local import LocalExecutor
from ddoc_plugin_vision.data_utils.attribute_chunk import measure_chunk
from ddoc_plugin_vision.encoders.descriptor_chunk import describe_chunk
from tests.bench.vision.scenes import MILD, corrupt, scene

CONDITIONS = ("clean", *MILD)


def features_of(job: tuple[int, int, str]) -> tuple[list[int], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return (kinds, attributes per condition, vectors per condition) of the scenes with seeds start … stop − 1."""
    start, stop, scratch = job
    scenes = [scene(seed) for seed in range(start, stop)]
    attributes: dict[str, np.ndarray] = {}
    vectors: dict[str, np.ndarray] = {}
    for condition in CONDITIONS:
        chunk = []
        for seed, (image, _) in zip(range(start, stop), scenes, strict=True):
            path = Path(scratch) / f"{start}-{seed}.jpg"
            changed = corrupt(image, condition, seed)
            cv2.imwrite(str(path), changed[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
            chunk.append((f"{seed:032x}", str(path)))
        _, columns, _ = measure_chunk(tuple(chunk))
        attributes[condition] = np.stack([columns[name] for name in COMPARED_ATTRIBUTES], axis=1)
        vectors[condition] = describe_chunk(tuple(chunk))[1].astype(np.float16)
    return [kind for _, kind in scenes], attributes, vectors


def load_features(path: Path, *, count: int, scratch: Path, workers: int) -> dict[str, np.ndarray]:
    """Return kinds and per condition `<condition>:attributes`, `<condition>:vectors`; computed once."""
    if not path.exists():
        scratch.mkdir(parents=True, exist_ok=True)
        jobs = [(i, min(i + 40, count), str(scratch)) for i in range(0, count, 40)]
        with LocalExecutor(workers) as executor:
            parts = [
                result for _, result in sorted(executor.map(features_of, jobs), key=lambda pair: pair[0])
            ]
        out = {"kinds": np.concatenate([p[0] for p in parts])}
        for condition in CONDITIONS:
            out[f"{condition}:attributes"] = np.concatenate([p[1][condition] for p in parts])
            out[f"{condition}:vectors"] = np.concatenate([p[2][condition] for p in parts])
        np.savez(path, **out)
    with np.load(path) as data:
        return {name: data[name] for name in data.files}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--count", type=int, default=2400)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    load_features(
        arguments.path, count=arguments.count, scratch=Path("/dev/shm/ddoc-bench"), workers=arguments.workers
    )
