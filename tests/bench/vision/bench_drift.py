"""Drift: false alarms, power, scores of single images, speed and memory, beside the peers on the same features."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from ddoc.drift import Side, compare
from ddoc.drift.permutation import mmd_test
from ddoc.drift.views import attribute_view, embedding_view
from tests.bench.vision.features import load_features
from tests.bench.vision.peers import PEERS, peer
from tests.bench.vision.scenes import MEDIUM_AND_STRONG, MILD

Features = dict[str, np.ndarray]
PARTS = ("alarms", "power", "items", "large", "peers")
LARGE = """
import json, resource, sys, time
import numpy as np
from ddoc.drift import COMPARED_ATTRIBUTES, Side, compare
n = int(sys.argv[1])
rng = np.random.default_rng(0)
def side(name):
    vectors = np.empty((n, 680), np.float16)
    for i in range(0, n, 5000):
        block = rng.normal(size=(min(5000, n - i), 680)).astype(np.float32)
        vectors[i : i + 5000] = block / np.linalg.norm(block, axis=1, keepdims=True)
    attributes = rng.normal(10, 1, (n, len(COMPARED_ATTRIBUTES)))
    ids = [f"{i:032x}" for i in range(n)]
    return Side(name=name, item_ids=ids, content_hashes=ids, attributes=attributes, vectors=vectors, encoder="d")
sides = side("base"), side("target")
start = time.perf_counter()
compare(*sides)
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def run(
    scratch: Path, peers: Path, *, pairs: int = 200, workers: int = 2, parts: Sequence[str] = PARTS
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield (title, rows) of the tables of `parts`, each as soon as it is measured."""
    features = load_features(
        scratch / "features.npz", count=2400, scratch=scratch / "images", workers=workers
    )
    if "alarms" in parts:
        yield "False alarms", [false_alarms(features, n, pairs) for n in (100, 300, 1000)]
    if "power" in parts:
        yield "Found at n = 300 (all images touched)", [power(features, c) for c in MEDIUM_AND_STRONG]
    if "items" in parts:
        yield "AUROC of single images, 20 % touched", item_scores(features)
    if "large" in parts:
        yield "Speed and memory", [large(10_000), large(100_000)]
    if "peers" in parts:
        yield "Peers, MMD on the embedding view", peer_table(features, scratch, peers)


def side(
    features: Features, rows: np.ndarray, condition: str = "clean", touched: np.ndarray | None = None
) -> Side:
    """Return the side of these scenes, those of `touched` under `condition`."""
    attributes, vectors = features["clean:attributes"][rows], features["clean:vectors"][rows]
    if touched is not None:
        attributes[touched] = features[f"{condition}:attributes"][rows[touched]]
        vectors[touched] = features[f"{condition}:vectors"][rows[touched]]
    names = [str(r) for r in rows]
    return Side(
        name=condition,
        item_ids=names,
        content_hashes=names,
        attributes=attributes,
        vectors=vectors,
        encoder="d",
    )


def verdict_p(base: Side, target: Side, rng: np.random.Generator) -> float:
    """Return the corrected p-value that decides the verdict of `compare` for sides without annotations."""
    found = []
    for view in (attribute_view(base, target), embedding_view(base, target, rng)):
        assert view is not None
        found.append(mmd_test(view.base, view.target, rng).p_value)
    return min(1.0, 2 * min(found))


def false_alarms(features: Features, count: int, pairs: int) -> dict[str, Any]:
    """Return how often two random halves of the same scenes are called different."""
    total = len(features["kinds"])
    alarms = 0
    for seed in range(pairs):
        rng = np.random.default_rng(seed)
        rows = rng.permutation(total)
        alarms += (
            verdict_p(side(features, rows[:count]), side(features, rows[count : 2 * count]), rng) <= 0.05
        )
    return {"n per side": count, "pairs": pairs, "alarms": alarms / pairs}


def power(features: Features, condition: str, *, count: int = 300, trials: int = 20) -> dict[str, Any]:
    """Return how often a corruption of the whole target is found."""
    found = 0
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(features["kinds"]))
        target = side(features, rows[count : 2 * count], condition, np.ones(count, bool))
        found += verdict_p(side(features, rows[:count]), target, rng) <= 0.05
    return {"corruption": condition, "found": found / trials}


def item_scores(features: Features, *, trials: int = 5) -> list[dict[str, Any]]:
    """Return the AUROC of touched against untouched target images, by corruption and set size."""
    rows: list[dict[str, Any]] = []
    for condition in (*MILD, "new kind", "mixed"):
        row: dict[str, Any] = {"corruption": condition}
        for count in (300, 1000):
            row[f"n = {count}"] = float(
                np.mean([_item_auroc(features, condition, count, seed) for seed in range(trials)])
            )
        rows.append(row)
    means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0] if key != "corruption"}
    return [*rows, {"corruption": "mean", **means}]


def _item_auroc(features: Features, condition: str, count: int, seed: int) -> float:
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(features["kinds"]))
    touched = np.arange(count) < count // 5
    if condition == "new kind":
        kind = features["kinds"][rows]
        new, old = rows[kind == 9], rows[kind != 9]
        share = min(count // 5, len(new))
        touched = np.arange(min(count, len(old) - count)) < share
        base, target = (
            side(features, old[:count]),
            side(features, np.concatenate([new[:share], old[count : count + len(touched) - share]])),
        )
    else:
        base, target = side(features, rows[:count]), side(features, rows[count : 2 * count])
        for place in np.flatnonzero(touched):
            name = MILD[place % len(MILD)] if condition == "mixed" else condition
            row = rows[count + place]
            target.attributes[place] = features[f"{name}:attributes"][row]
            target.vectors[place] = features[f"{name}:vectors"][row]
    scores = compare(base, target, seed=seed).target["score"].to_numpy()
    return float(roc_auc_score(touched, scores))


def large(count: int) -> dict[str, Any]:
    """Return seconds and peak memory of a comparison of `count` + `count` analysed images in a process of its own."""
    import json

    done = subprocess.run(
        [sys.executable, "-c", LARGE, str(count)], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    return {
        "n per side": count,
        "seconds": found["seconds"],
        "peak MB (with the sides' 680-number vectors)": found["peak_mb"],
    }


def peer_table(
    features: Features, scratch: Path, peers: Path, *, count: int = 300, pairs: int = 20
) -> list[dict[str, Any]]:
    """Return false alarms, power and time per test of ours and of the peers, on equal pairs of samples."""
    sets = {
        name: _pairs(features, condition, count, pairs)
        for name, condition in (("none", None), ("blur_1.0", "blur_1.0"), ("bright_1.12", "bright_1.12"))
    }
    rows = [_ours(sets)]
    for name in PEERS:
        if name == "cleanvision":
            continue
        row: dict[str, Any] = {"who": name}
        tool = peer(name, peers)
        for title, (base, target) in sets.items():
            path = scratch / f"pairs-{title}.npz"
            np.savez(path, base=base, target=target)
            found = tool.run("peer_drift.py", name, str(path))
            if "error" in found:
                row["note"] = found["error"]
                break
            row[title] = float(np.mean(found["drift"]))
            row["ms per test"] = 1e3 * statistics.median(found["seconds"])
            row["version"] = found["version"]
        if "ms per test" in row:
            row["times ours"] = row["ms per test"] / rows[0]["ms per test"]
        rows.append(row)
    return rows


def _pairs(
    features: Features, condition: str | None, count: int, pairs: int
) -> tuple[np.ndarray, np.ndarray]:
    bases, targets = [], []
    for seed in range(pairs):
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(features["kinds"]))
        touched = None if condition is None else np.ones(count, bool)
        view = embedding_view(
            side(features, rows[:count]),
            side(features, rows[count : 2 * count], condition or "clean", touched),
            rng,
        )
        assert view is not None
        width = min(256, view.base.shape[1])
        bases.append(view.base[:, :width])
        targets.append(view.target[:, :width])
    width = min(b.shape[1] for b in bases)
    return np.stack([b[:, :width] for b in bases]), np.stack([t[:, :width] for t in targets])


def _ours(sets: dict[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, Any]:
    row: dict[str, Any] = {"who": "ddoc"}
    seconds: list[float] = []
    for title, (base, target) in sets.items():
        found = []
        for seed, (one, other) in enumerate(zip(base, target, strict=True)):
            start = time.perf_counter()
            found.append(mmd_test(one, other, np.random.default_rng(seed), permutations=200).p_value <= 0.05)
            seconds.append(time.perf_counter() - start)
        row[title] = float(np.mean(found))
    row["ms per test"] = 1e3 * statistics.median(seconds)
    return row
