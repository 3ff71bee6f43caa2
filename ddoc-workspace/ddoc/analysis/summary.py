"""What is known about a set of items: the content of `GET analysis/results`."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddoc.analysis.flags import load_rules
from ddoc.analysis.groups import OUTLIER_SHARE, Groups, are_current, load_groups
from ddoc.analysis.results import KEY, ResultsStore
from ddoc.analysis.run import failure_log, finished
from ddoc.analysis.vectors import VectorStore
from ddoc.paths import Layout

ATTRIBUTES_KEY = "attributes-1"
# Given (content_hash, cluster), how many images of each class lie in each cluster, most first
LabelCounts = Callable[[Any], Mapping[int, Mapping[str, int]]]
_BINS = 40


def summary(
    layout: Layout,
    hashes: Sequence[str],
    *,
    encoder_key: str | None = None,
    label_counts: LabelCounts | None = None,
) -> dict[str, Any]:
    """Return `{attributes: {...}, embedding: {...}}` for the items with these content hashes (one per item).

    `encoder_key`: whose vectors; default: the encoder analysed last. `label_counts` counts the
    labels of the clusters. States: `missing` nothing computed; `partial` a run was stopped; `stale` all
    was computed once, but items came since; `complete`.
    """
    key = encoder_key or last_encoder(layout)
    return {
        "attributes": _attributes(layout, hashes),
        "embedding": _embedding(layout, hashes, key, label_counts),
    }


def last_encoder(layout: Layout) -> str | None:
    """Return the key of the encoder whose analysis ran last, or None."""
    states = sorted(layout.analysis.glob("embedding-*.state.json"), key=lambda path: path.stat().st_mtime_ns)
    return states[-1].name.removeprefix("embedding-").removesuffix(".state.json") if states else None


def histogram(values: NDArray[np.float64], *, bins: int = _BINS) -> dict[str, list[float]]:
    """Return `{edges: bins + 1 numbers, counts: bins numbers}` over the values' range."""
    counts, edges = np.histogram(values, bins=bins)
    return {"edges": [float(e) for e in edges], "counts": [int(c) for c in counts]}


def _state(layout: Layout, key: str, done: int, total: int, *, current: bool = True) -> str:
    if done == 0:
        return "missing"
    if done < total or not current:
        return "stale" if finished(layout, key) else "partial"
    return "complete"


def _attributes(layout: Layout, hashes: Sequence[str]) -> dict[str, Any]:
    table = ResultsStore(layout.analysis, ATTRIBUTES_KEY).numeric_table()
    place = {h: i for i, h in enumerate(table[KEY].to_pylist())}
    rows = np.array([place[h] for h in hashes if h in place], np.int64)
    broken = failure_log(layout, ATTRIBUTES_KEY).read().keys()
    failed = sum(h in broken for h in hashes)
    values = (
        {name: table[name].to_numpy()[rows] for name in table.column_names if name != KEY}
        if len(rows)
        else {}
    )
    rules = load_rules(layout, ATTRIBUTES_KEY)
    return {
        "state": _state(layout, ATTRIBUTES_KEY, len(rows), len(hashes) - failed),
        "items": len(rows),
        "of": len(hashes),
        "failed": failed,
        "analyzer_version": ATTRIBUTES_KEY.rpartition("-")[2],
        "summary": {name: _describe(column) for name, column in values.items()},
        "flags": {r.flag: int(r.holds(values[r.attribute]).sum()) for r in rules if r.attribute in values},
        "flag_rules": [
            {"flag": r.flag, "attribute": r.attribute, "below": r.below, "above": r.above} for r in rules
        ],
    }


def _describe(column: NDArray[np.float64]) -> dict[str, Any]:
    known = column[np.isfinite(column)]
    if not len(known):
        return {"min": None, "max": None, "mean": None, "std": None, "p05": None, "p50": None, "p95": None,
                "histogram": {"edges": [], "counts": []}}  # fmt: skip
    p05, p50, p95 = np.percentile(known, [5, 50, 95])
    return {
        "min": float(known.min()),
        "max": float(known.max()),
        "mean": float(known.mean()),
        "std": float(known.std()),
        "p05": float(p05),
        "p50": float(p50),
        "p95": float(p95),
        "histogram": histogram(known),
    }


def _embedding(
    layout: Layout, hashes: Sequence[str], key: str | None, label_counts: LabelCounts | None
) -> dict[str, Any]:
    empty: dict[str, Any] = {"state": "missing", "encoder": key, "dim": 0, "items": 0, "of": len(hashes), "failed": 0,
                             "clusters": [], "duplicates": {"exact": 0, "near": 0}, "outliers": 0}  # fmt: skip
    if key is None or not VectorStore.exists(layout.vectors, key):
        return empty
    store = VectorStore(layout.vectors, key)
    have = store.have(hashes)
    broken = failure_log(layout, f"embedding-{key}").read().keys()
    failed = sum(h in broken for h in hashes)
    found = load_groups(layout, key)
    current = found is not None and are_current(found, hashes)
    state = _state(layout, f"embedding-{key}", sum(have), len(hashes) - failed, current=current)
    head = empty | {"state": state, "dim": store.dim, "items": sum(have), "failed": failed}
    return head | (_of_groups(found, hashes, label_counts) if found is not None else {})


def _of_groups(found: Groups, hashes: Sequence[str], label_counts: LabelCounts | None) -> dict[str, Any]:
    items = Counter(hashes)
    labels = label_counts(found.table.select([KEY, "cluster"])) if label_counts else {}
    table = found.table.to_pydict()
    sizes: Counter[int] = Counter()
    near: Counter[int] = Counter()
    outliers = 0
    rows = zip(table[KEY], table["cluster"], table["duplicate_group"], table["outlier"], strict=True)
    for content_hash, cluster, group, outlier in rows:
        count = items.get(content_hash, 0)
        if not count:
            continue
        sizes[cluster] += count
        outliers += count * (outlier >= OUTLIER_SHARE)
        if group >= 0:
            near[group] += 1
    return {
        "clusters": [
            {
                "id": cluster,
                "size": size,
                "label_counts": dict(labels.get(cluster, {})),
                "examples": [h for h in found.examples.get(cluster, ()) if h in items],
            }
            for cluster, size in sorted(sizes.items())
        ],
        "duplicates": {
            "exact": sum(count - 1 for count in items.values()),
            "near": sum(count - 1 for count in near.values()),
        },
        "duplicate_thresholds": dict(found.thresholds),
        "outliers": int(outliers),
    }
