# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Statistics of the data, as numbers for people and for the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ddoc.dataset.database import Cursor
from ddoc.dataset.filters import Filter
from ddoc.dataset.pages import where_of
from ddoc.dataset.state import State

_SIDES_PER_OCTAVE = 4
_SMALL, _LARGE = 32.0**2, 96.0**2


@dataclass(frozen=True, slots=True)
class DatasetStats:
    """Counts over the items that match a filter.

    `classes` gives items and annotations per class; `by_split` annotations per split and class; `image_size` and
    `box_size` are in pixels; `unlabelled` items have no label file, `backgrounds` have one without annotations;
    `issues` counts findings of the scan by code.
    """

    items: int
    annotations: int
    bytes: int
    splits: Mapping[str, int]
    classes: Mapping[str, Mapping[str, int]]
    by_split: Mapping[str, Mapping[str, int]]
    image_size: Mapping[str, Any]
    box_size: Mapping[str, Any]
    unlabelled: int
    backgrounds: int
    issues: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


def statistics_of(
    cursor: Cursor, wanted: Filter, state: State, *, class_order: tuple[str, ...]
) -> DatasetStats:
    """Return the statistics of the items that match; `class_order` lists classes that count even when unused."""
    with where_of(cursor, wanted, state) as where:
        params = dict(where.params)
        chosen = "" if where.sql == "TRUE" else f" WHERE rid IN (SELECT rid FROM item WHERE {where.sql})"
        splits, sums = _sums(cursor, where.sql, params)
        classes, by_split = _classes(cursor, where.sql, params, state, class_order)
        boxes = _box_size(cursor, chosen, params)
        issues = cursor.execute(
            f"SELECT code, count(*) FROM issue{chosen} GROUP BY code ORDER BY code", params if chosen else {}
        ).fetchall()
        size = _image_size(cursor, where.sql, params)
    return DatasetStats(
        items=sum(splits.values()),
        annotations=sums["annotations"],
        bytes=sums["bytes"],
        splits=splits,
        classes=classes,
        by_split=by_split,
        image_size=size,
        box_size=boxes,
        unlabelled=sums["unlabelled"],
        backgrounds=sums["backgrounds"],
        issues=dict(issues),
    )


def _sums(cursor: Cursor, where: str, params: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    rows = cursor.execute(
        "SELECT split, count(*), sum(annotation_count), sum(bytes), count(*) FILTER (NOT annotated),"
        f" count(*) FILTER (annotated AND annotation_count = 0) FROM item WHERE {where} GROUP BY split ORDER BY split",
        dict(params),
    ).fetchall()
    names = ("annotations", "bytes", "unlabelled", "backgrounds")
    sums = {name: sum(int(row[2 + at]) for row in rows) for at, name in enumerate(names)}
    return {row[0]: row[1] for row in rows}, sums


def _classes(
    cursor: Cursor, where: str, params: Mapping[str, Any], state: State, class_order: tuple[str, ...]
) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]:
    rows = cursor.execute(
        "SELECT split, class_id, count(*), sum(n) FROM item_class JOIN"
        f" (SELECT rid, split FROM item WHERE {where}) USING (rid) GROUP BY split, class_id ORDER BY split, class_id",
        dict(params),
    ).fetchall()
    classes = {name: {"items": 0, "annotations": 0} for name in class_order}
    by_split: dict[str, dict[str, int]] = {}
    for split, number, items, annotations in rows:
        entry = classes.setdefault(state.classes[number], {"items": 0, "annotations": 0})
        entry["items"] += items
        entry["annotations"] += int(annotations)
        by_split.setdefault(split, {})[state.classes[number]] = int(annotations)
    return classes, by_split


def _image_size(cursor: Cursor, where: str, params: Mapping[str, Any]) -> dict[str, Any]:
    rows = cursor.execute(
        f"SELECT width, height, count(*) AS n FROM item WHERE {where} AND width > 0 GROUP BY 1, 2 ORDER BY n DESC, 1, 2",
        dict(params),
    ).fetchall()
    if not rows:
        return {"width": None, "height": None, "common": []}
    return {
        "width": _weighted([(w, n) for w, _, n in rows]),
        "height": _weighted([(h, n) for _, h, n in rows]),
        "common": [{"width": w, "height": h, "items": n} for w, h, n in rows[:10]],
    }


def _weighted(pairs: list[tuple[int, int]]) -> dict[str, float]:
    pairs.sort()
    total = sum(n for _, n in pairs)
    seen, median = 0, pairs[-1][0]
    for value, n in pairs:
        seen += n
        if seen * 2 >= total:
            median = value
            break
    mean = sum(value * n for value, n in pairs) / total
    return {"min": pairs[0][0], "median": median, "mean": round(mean, 2), "max": pairs[-1][0]}


def _box_size(cursor: Cursor, chosen: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Count boxes by the side of the square of equal area, four bins per octave, and by COCO's three sizes."""
    rows = cursor.execute(
        f"SELECT floor({_SIDES_PER_OCTAVE} * log2(greatest(sqrt(area), 1)))::INTEGER AS bin, count(*),"
        f" count(*) FILTER (area < {_SMALL}), count(*) FILTER (area > {_LARGE}) FROM"
        f" (SELECT (x2 - x1) * (y2 - y1) AS area FROM annotation{chosen}) WHERE area IS NOT NULL"
        " GROUP BY bin ORDER BY bin",
        dict(params) if chosen else {},
    ).fetchall()
    total = sum(row[1] for row in rows)
    small, large = sum(row[2] for row in rows), sum(row[3] for row in rows)
    edges = [round(2 ** (row[0] / _SIDES_PER_OCTAVE), 2) for row in rows]
    return {
        "boxes": total,
        "small": small,
        "medium": total - small - large,
        "large": large,
        "sides": [{"from": edge, "boxes": row[1]} for edge, row in zip(edges, rows, strict=True)],
    }
