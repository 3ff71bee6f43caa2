"""Synthetic roots for the benchmarks: an index of n items made from a scan table, with few real files behind it."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa

from ddoc.dataset.dataset import Dataset
from ddoc.dataset.info import write_info
from ddoc.dataset.items import DatasetInfo
from ddoc.dataset.schema import SCAN_SCHEMA

CLASSES = tuple(f"class_{n:02d}" for n in range(20))
ATTRIBUTES = (
    "brightness", "contrast", "entropy", "dark_share", "bright_share", "colorfulness", "saturation",
    "sharpness", "noise", "aspect",
)  # fmt: skip
SPLITS = ("train", "val", "test")


def info() -> DatasetInfo:
    """Return the info of every synthetic root."""
    return DatasetInfo("synthetic", "detect", CLASSES, SPLITS)


def scan_table(n: int, *, seed: int = 0) -> pa.Table:
    """Return the scan of n items with about five boxes each, as if read from files (SCAN_SCHEMA)."""
    rng = np.random.default_rng(seed)
    names = [f"{i:08d}.jpg" for i in range(n)]
    splits = np.array(SPLITS)[rng.choice(3, n, p=[0.8, 0.1, 0.1])]
    iids = [int(hashlib.sha256(f"\0{name}".encode()).hexdigest()[:16], 16) for name in names]
    sizes = np.array([(640, 480), (1280, 720), (800, 800), (1024, 768)])[rng.integers(0, 4, n)]
    hashes = [hashlib.md5(name.encode()).hexdigest() for name in names]
    for at in rng.integers(1, n, n // 50):
        hashes[at] = hashes[at - 1]
    counts = rng.poisson(5, n).astype(np.int32)
    total = int(counts.sum())
    main = rng.choice(len(CLASSES), n, p=_zipf(len(CLASSES)))
    classes = np.where(rng.random(total) < 0.6, np.repeat(main, counts), rng.integers(0, len(CLASSES), total))
    x1, y1 = rng.random(total) * 500, rng.random(total) * 350
    boxes = pa.StructArray.from_arrays(
        [
            pa.array(CLASSES).take(pa.array(classes)),
            pa.array(np.zeros(total, np.uint8)),
            *(
                pa.array(v.astype(np.float32))
                for v in (x1, y1, x1 + 4 + rng.gamma(2, 30, total), y1 + 4 + rng.gamma(2, 30, total))
            ),
        ],
        fields=list(SCAN_SCHEMA.field("annotations").type.value_type),
    )
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    empty = pa.ListArray.from_arrays(
        np.zeros(n + 1, np.int32), pa.array([], SCAN_SCHEMA.field("issues").type.value_type)
    )
    columns = {
        "path": [f"images/{split}/{name}" for split, name in zip(splits, names, strict=True)],
        "present": np.ones(n, bool),
        "name": names,
        "split": splits,
        "iid": pa.array(iids, pa.uint64()),
        "bytes": rng.integers(20_000, 200_000, n),
        "mtime_ns": np.full(n, 1_700_000_000_000_000_000),
        "inode": np.arange(n, dtype=np.int64) + (1 << 40),
        "label_sig": np.ones(n, np.int64),
        "content_hash": hashes,
        "width": sizes[:, 0].astype(np.int32),
        "height": sizes[:, 1].astype(np.int32),
        "color": rng.integers(0, 1 << 24, n).astype(np.int32),
        "annotated": np.ones(n, bool),
        "annotations": pa.ListArray.from_arrays(offsets, boxes),
        "issues": empty,
    }
    return pa.table(columns, schema=SCAN_SCHEMA)


def _zipf(n: int) -> np.ndarray:
    weights = 1 / np.arange(1, n + 1)
    return weights / weights.sum()


def attributes_table(hashes: pa.ChunkedArray, *, seed: int = 1) -> pa.Table:
    """Return attribute values for these contents."""
    rng = np.random.default_rng(seed)
    columns = {name: rng.beta(2, 3, len(hashes)).astype(np.float32) for name in ATTRIBUTES}
    return pa.table({"content_hash": hashes, **columns})


def groups_table(hashes: pa.ChunkedArray, *, seed: int = 2) -> pa.Table:
    """Return clusters, duplicate groups, outlier scores and a map for these contents."""
    rng = np.random.default_rng(seed)
    n = len(hashes)
    group = np.where(rng.random(n) < 0.05, rng.integers(0, max(1, n // 50), n), -1)
    return pa.table(
        {
            "content_hash": hashes,
            "cluster": rng.integers(0, 64, n).astype(np.int32),
            "duplicate_group": pa.array(group.astype(np.int32), mask=group < 0),
            "outlier": rng.random(n).astype(np.float32),
            "x": rng.normal(size=n).astype(np.float32),
            "y": rng.normal(size=n).astype(np.float32),
        }
    )


def scores_table(hashes: pa.ChunkedArray, *, seed: int = 3) -> pa.Table:
    """Return drift scores for these contents."""
    rng = np.random.default_rng(seed)
    n = len(hashes)
    return pa.table(
        {
            "content_hash": hashes,
            "score": rng.random(n).astype(np.float32),
            "p_value": rng.random(n).astype(np.float32),
            "outlier": rng.random(n).astype(np.float32),
        }
    )


def make_root(root: Path, n: int) -> None:
    """Make a root whose index holds n items; no image file exists yet."""
    data = root / "data"
    data.mkdir(parents=True, exist_ok=True)
    write_info(data, info())
    with Dataset.open(root) as dataset:
        dataset.apply_scan(scan_table(n))


def make_files(dataset: Dataset, paths: list[str]) -> None:
    """Make real images and labels at these paths, and tell the index."""
    data = dataset.layout.data
    pixels = np.full((48, 64, 3), 127, np.uint8)
    for number, path in enumerate(paths):
        pixels[0, 0] = (number % 256, number // 256, 0)
        image, label = data / path, data / path.replace("images/", "labels/").replace(".jpg", ".txt")
        image.parent.mkdir(parents=True, exist_ok=True)
        label.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())
        label.write_text("0 0.5 0.5 0.2 0.2\n1 0.4 0.4 0.1 0.1\n")
    dataset.rescan(paths)
