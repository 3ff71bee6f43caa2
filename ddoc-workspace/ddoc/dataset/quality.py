# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""The quality queue: what looks wrong, ranked, with what could be done about it.

Duplicate groups (equal bytes; nearly equal where an embedding was analysed) with the best one to keep, groups that
lie in several splits, annotations that differ from all others of their class, and those that a model's predictions
speak against.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ddoc.dataset import label_issues
from ddoc.dataset.database import Cursor
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.filters import Filter
from ddoc.dataset.predicted_issues import Label, find_predicted
from ddoc.dataset.predictions import Prediction
from ddoc.dataset.schema import id_text
from ddoc.dataset.state import State

GROUP_KEY = 'CASE WHEN "g:duplicate_group" IS NULL THEN cid ELSE hash("g:duplicate_group") END'


def queue(
    dataset: Dataset, *, limit: int = 100, predictions: Mapping[str, Sequence[Prediction]] | None = None
) -> dict[str, Any]:
    """Return `{duplicates, leaks, labels, counts}`; each list ranked, at most `limit` long, `counts` in full.

    A duplicate group is `{kind: exact|near, items: [{item_id, split, name, …}] best first, keep, remove,
    splits}`; a leak is the same, its group lying in several splits; a label row is
    `{item_id, code, class_name, score, detail, box, image_size: {width, height}}`, the most suspicious first. With
    `predictions` (by item id, see `read_predictions`), what they speak against is among the labels.
    """
    with dataset.index.reading() as (cursor, state):
        groups = _groups(cursor, state)
        labels = label_issues.find(cursor, state)
    if predictions:
        labels += find_predicted(_labels_of(dataset, list(predictions)), predictions)
        labels.sort(key=lambda row: (-row["score"], row["item_id"], row["code"], row["box"] or []))
    groups.sort(key=lambda g: (g["kind"] != "exact", -len(g["items"]), g["keep"]))
    leaks = sorted(
        (g for g in groups if len(g["splits"]) > 1), key=lambda g: (-len(g["splits"]), -len(g["items"]))
    )
    counts = {
        "exact_groups": sum(g["kind"] == "exact" for g in groups),
        "near_groups": sum(g["kind"] == "near" for g in groups),
        "duplicate_items": sum(len(g["remove"]) for g in groups),
        "leaks": len(leaks),
        "labels": len(labels),
    }
    for row in labels:
        counts[row["code"]] = counts.get(row["code"], 0) + 1
    sized = _with_sizes(dataset, labels[:limit])
    return {"duplicates": groups[:limit], "leaks": leaks[:limit], "labels": sized, "counts": counts}


def _with_sizes(dataset: Dataset, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    items = dataset.index.items(list({row["item_id"] for row in rows}))
    sizes = {item.item_id: {"width": item.width, "height": item.height} for item in items}
    return [{**row, "image_size": sizes[row["item_id"]]} for row in rows if row["item_id"] in sizes]


def near_groups(dataset: Dataset, *, limit: int = 100) -> dict[str, Any]:
    """Return `{groups, total}`: the numbered groups of the analysis with more than one image, largest first.

    A group is `{group, exact, items: [{item_id, name, split, content_hash}]}`; none before an embedding was analysed.
    """
    with dataset.index.reading() as (cursor, state):
        if not state.grouped:
            return {"groups": [], "total": 0}
        sizes = cursor.execute(
            'SELECT "g:duplicate_group" AS number, count(DISTINCT cid) = 1 FROM item WHERE number >= 0'
            " GROUP BY number HAVING count(*) > 1 ORDER BY count(*) DESC, number"
        ).fetchall()
        exact = dict(sizes[:limit])
        members: dict[int, list[dict[str, Any]]] = {number: [] for number in exact}
        rows = cursor.execute(
            'SELECT "g:duplicate_group" AS number, iid, name, split, content_hash FROM item'
            " WHERE list_contains($numbers, number) ORDER BY rid",
            {"numbers": list(exact)},
        ).fetchall()
    for number, iid, name, split, content in rows:
        members[number].append(
            {"item_id": id_text(iid), "name": name, "split": split, "content_hash": content}
        )
    groups = [{"group": n, "exact": exact[n], "items": items} for n, items in members.items()]
    return {"groups": groups, "total": len(sizes)}


def _labels_of(dataset: Dataset, ids: Sequence[str]) -> dict[str, list[Label]]:
    """Return the labels of those of the items that are annotated; an empty list for a background image."""
    wanted = Filter(ids=tuple(ids), annotated=True)
    index = dataset.index
    labels: dict[str, list[Label]] = {item_id: [] for item_id in index.ids(wanted)}
    for row in index.annotations_table(wanted).to_pylist():
        box = None if row["x1"] is None else (row["x1"], row["y1"], row["x2"], row["y2"])
        labels[row["item_id"]].append(Label(row["class_name"], box))
    return labels


def _groups(cursor: Cursor, state: State) -> list[dict[str, Any]]:
    """Return the duplicate groups; within each, the one to keep comes first.

    Best is the sharpest, then the largest, then the one with most annotations, then the first in the index.
    """
    key = GROUP_KEY if state.grouped else "cid"
    sharpness = '"a:sharpness"' if "sharpness" in state.attributes else "CAST(NULL AS FLOAT)"
    rows = cursor.execute(
        f"WITH keyed AS (SELECT {key} AS key, * FROM item), many AS"
        " (SELECT key FROM keyed WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1)"
        " SELECT key, iid, name, split, content_hash, width, height, annotation_count FROM keyed"
        f" WHERE key IN (SELECT key FROM many) ORDER BY key, {sharpness} DESC NULLS LAST,"
        " width::BIGINT * height DESC, annotation_count DESC, rid"
    ).fetchall()
    members: dict[int, list[dict[str, Any]]] = {}
    for group, iid, name, split, content, width, height, count in rows:
        members.setdefault(group, []).append(
            {
                "item_id": id_text(iid),
                "name": name,
                "split": split,
                "content_hash": content,
                "width": width,
                "height": height,
                "annotation_count": count,
            }
        )
    return [_group(items) for items in members.values()]


def _group(items: list[dict[str, Any]]) -> dict[str, Any]:
    exact = len({item["content_hash"] for item in items}) == 1
    return {
        "kind": "exact" if exact else "near",
        "items": items,
        "keep": items[0]["item_id"],
        "remove": [item["item_id"] for item in items[1:]],
        "splits": sorted({item["split"] for item in items}),
    }
