"""What is known about a set of items: the content of `GET analysis/results`."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ddoc.analysis.contents import Column, Hashes, column, count_in, distinct, places_in
from ddoc.analysis.flags import load_rules
from ddoc.analysis.groups import OUTLIER_SHARE, Groups, are_current, load_groups
from ddoc.analysis.results import KEY, ResultsStore, as_float, number_names
from ddoc.analysis.run import failure_log, finished
from ddoc.analysis.vectors import VectorStore
from ddoc.paths import Layout

ATTRIBUTES_KEY = "attributes-1"
# Given (content_hash, cluster), how many images of each class lie in each cluster, most first
LabelCounts = Callable[[Any], Mapping[int, Mapping[str, int]]]
_BINS = 40


def summary(
    layout: Layout,
    contents: Hashes,
    *,
    encoder_key: str | None = None,
    label_counts: LabelCounts | None = None,
) -> dict[str, Any]:
    """Return `{attributes: {...}, embedding: {...}}` for the items with these contents (a hash per item).

    `encoder_key`: whose vectors; default: the encoder analysed last. `label_counts` counts the
    labels of the clusters. States: `missing` nothing computed; `partial` a run was stopped; `stale` all
    was computed once, but items came since; `complete`.
    """
    key = encoder_key or last_encoder(layout)
    hashes = column(contents)
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


def _attributes(layout: Layout, hashes: Column) -> dict[str, Any]:
    table = ResultsStore(layout.analysis, ATTRIBUTES_KEY).table()
    places = places_in(table[KEY], hashes)
    rows = places[places >= 0]
    failed = count_in(list(failure_log(layout, ATTRIBUTES_KEY).read()), hashes)
    rules = load_rules(layout, ATTRIBUTES_KEY)
    described: dict[str, Any] = {}
    flags: dict[str, int] = {}
    for name in number_names(table) if len(rows) else ():
        values = as_float(table[name]).to_numpy()[rows]
        described[name] = _describe(values)
        flags |= {rule.flag: int(rule.holds(values).sum()) for rule in rules if rule.attribute == name}
    return {
        "state": _state(layout, ATTRIBUTES_KEY, len(rows), len(hashes) - failed),
        "items": len(rows),
        "of": len(hashes),
        "failed": failed,
        "analyzer_version": ATTRIBUTES_KEY.rpartition("-")[2],
        "summary": described,
        "flags": {rule.flag: flags[rule.flag] for rule in rules if rule.flag in flags},
        "flag_rules": [
            {"flag": r.flag, "attribute": r.attribute, "below": r.below, "above": r.above} for r in rules
        ],
    }


def _describe(values: NDArray[np.float64]) -> dict[str, Any]:
    known = values[np.isfinite(values)]
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
    layout: Layout, hashes: Column, key: str | None, label_counts: LabelCounts | None
) -> dict[str, Any]:
    empty: dict[str, Any] = {"state": "missing", "encoder": key, "dim": 0, "items": 0, "of": len(hashes), "failed": 0,
                             "clusters": [], "duplicates": {"exact": 0, "near": 0}, "outliers": 0}  # fmt: skip
    if key is None or not VectorStore.exists(layout.vectors, key):
        return empty
    store = VectorStore(layout.vectors, key)
    known = count_in(store.contents(), hashes)
    failed = count_in(list(failure_log(layout, f"embedding-{key}").read()), hashes)
    found = load_groups(layout, key)
    current = found is not None and are_current(found, hashes)
    state = _state(layout, f"embedding-{key}", known, len(hashes) - failed, current=current)
    head = empty | {"state": state, "dim": store.dim, "items": known, "failed": failed}
    return head | (_of_groups(found, hashes, label_counts) if found is not None else {})


def _of_groups(found: Groups, hashes: Column, label_counts: LabelCounts | None) -> dict[str, Any]:
    contents, counts = distinct(hashes)
    places = places_in(contents, found.table[KEY])
    table = found.table.filter(pa.array(places >= 0))
    items = counts[places[places >= 0]]  # how many items have the content of each row
    cluster, group, outlier = (table[name].to_numpy() for name in ("cluster", "duplicate_group", "outlier"))
    numbers, row_cluster = np.unique(cluster, return_inverse=True)
    sizes = np.bincount(row_cluster, weights=items, minlength=len(numbers)).astype(int)
    grouped = group[group >= 0]
    labels = label_counts(found.table.select([KEY, "cluster"])) if label_counts else {}
    examples = {h for rows in found.examples.values() for h in rows}
    there = {h for h, place in zip(examples, places_in(contents, list(examples)), strict=True) if place >= 0}
    return {
        "clusters": [
            {
                "id": number,
                "size": size,
                "label_counts": dict(labels.get(number, {})),
                "examples": [h for h in found.examples.get(number, ()) if h in there],
            }
            for number, size in zip(numbers.tolist(), sizes.tolist(), strict=True)
        ],
        "duplicates": {
            "exact": len(hashes) - len(contents),
            "near": len(grouped) - len(np.unique(grouped)),
        },
        "duplicate_thresholds": dict(found.thresholds),
        "outliers": int(items[outlier >= OUTLIER_SHARE].sum()),
    }
