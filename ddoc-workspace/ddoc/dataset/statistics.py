# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Statistics of the data, as numbers for people and for the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ddoc.dataset.bins import Subset
from ddoc.dataset.database import Cursor, one_row
from ddoc.dataset.filters import Where
from ddoc.dataset.pairs import Pairs
from ddoc.dataset.schema import LARGE_BIT, SIDES_PER_OCTAVE, SMALL_AREA
from ddoc.dataset.state import State


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


_SUMS = ("items", "annotations", "bytes", "unlabelled", "backgrounds")


@dataclass(frozen=True, slots=True)
class Totals:
    """What is counted by going through all items or boxes: items per (width, height), the sums named above, boxes per
    size code (None: a class of the whole image)."""

    sizes: Mapping[tuple[int, int], int]
    sums: tuple[int, ...]
    codes: Mapping[int | None, int]

    def changed(self, before: "Totals", after: "Totals") -> "Totals":
        """Return the totals when some items that counted as `before` now count as `after`."""
        sums = zip(self.sums, before.sums, after.sums, strict=True)
        return Totals(
            _changed(self.sizes, before.sizes, after.sizes),
            tuple(old - left + new for old, left, new in sums),
            _changed(self.codes, before.codes, after.codes),
        )


def _changed(
    counts: Mapping[Any, int], before: Mapping[Any, int], after: Mapping[Any, int]
) -> dict[Any, int]:
    result = dict(counts)
    for key in {*before, *after}:
        result[key] = result.get(key, 0) - before.get(key, 0) + after.get(key, 0)
    return {key: n for key, n in result.items() if n}


def read_totals(cursor: Cursor, where: str = "TRUE", params: Mapping[str, Any] | None = None) -> Totals:
    """Return the totals of the items that match `where`, as `cursor` sees them."""
    given = dict(params or {})
    sizes = cursor.execute(
        f"SELECT width, height, count(*) FROM item WHERE {where} GROUP BY 1, 2", given
    ).fetchall()
    sums = one_row(
        cursor,
        "SELECT count(*), coalesce(sum(annotation_count), 0), coalesce(sum(bytes), 0),"
        " count(*) FILTER (NOT annotated), count(*) FILTER (annotated AND annotation_count = 0)"
        f" FROM item WHERE {where}",
        given,
    )
    chosen = "" if where == "TRUE" else f" WHERE rid IN (SELECT rid FROM item WHERE {where})"
    codes = cursor.execute(
        f"SELECT size_code, count(*) FROM annotation{chosen} GROUP BY 1", given if chosen else {}
    ).fetchall()
    return Totals({(w, h): n for w, h, n in sizes}, tuple(map(int, sums)), dict(codes))


def totals_of(cursor: Cursor, rids: npt.NDArray[np.int32]) -> Totals:
    """Return the totals of a few items by their row ids."""
    listed = ", ".join(map(str, rids.tolist())) or "-1"
    return read_totals(cursor, f"rid IN (SELECT unnest([{listed}]))")


def statistics_of(
    cursor: Cursor,
    pairs: Pairs,
    totals: Totals,
    where: Where,
    rids: npt.NDArray[np.int32] | None,
    state: State,
    *,
    class_order: tuple[str, ...],
) -> DatasetStats:
    """Return the statistics of the items that match `where`, whose row ids are `rids` (None: all) and whose totals are
    `totals`; `class_order` lists classes that count even when unused."""
    subset = None if rids is None else Subset.of(rids, state.next_rid)
    classes, by_split = _classes(pairs.per_split_and_class(subset), state, class_order)
    chosen, params = "", {}
    if rids is not None:
        chosen, params = f" WHERE rid IN (SELECT rid FROM item WHERE {where.sql})", dict(where.params)
    issues = cursor.execute(
        f"SELECT code, count(*) FROM issue{chosen} GROUP BY code ORDER BY code", params
    ).fetchall()
    return DatasetStats(
        splits=pairs.items_per_split(subset),
        classes=classes,
        by_split=by_split,
        image_size=_image_size(totals),
        box_size=_box_size(totals),
        issues=dict(issues),
        **dict(zip(_SUMS, totals.sums, strict=True)),
    )


def _classes(
    rows: list[tuple[str, int, int, int]], state: State, class_order: tuple[str, ...]
) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]:
    classes = {name: {"items": 0, "annotations": 0} for name in class_order}
    by_split: dict[str, dict[str, int]] = {}
    for split, number, items, annotations in rows:
        entry = classes.setdefault(state.classes[number], {"items": 0, "annotations": 0})
        entry["items"] += items
        entry["annotations"] += annotations
        by_split.setdefault(split, {})[state.classes[number]] = annotations
    return classes, by_split


def _image_size(totals: Totals) -> dict[str, Any]:
    rows = sorted(
        ((w, h, n) for (w, h), n in totals.sizes.items() if w > 0), key=lambda row: (-row[2], row[0], row[1])
    )
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


def _box_size(totals: Totals) -> dict[str, Any]:
    """Count boxes by the side of the square of equal area, four bins per octave, and by COCO's three sizes."""
    sides: dict[int, int] = {}
    small = large = 0
    for code, count in totals.codes.items():
        if code is None:  # a class of the whole image
            continue
        side = code % LARGE_BIT
        sides[side] = sides.get(side, 0) + count
        large += count if code >= LARGE_BIT else 0
        small += count if 2 ** (2 * side / SIDES_PER_OCTAVE) < SMALL_AREA else 0
    total = sum(sides.values())
    return {
        "boxes": total,
        "small": small,
        "medium": total - small - large,
        "large": large,
        "sides": [
            {"from": round(2 ** (side / SIDES_PER_OCTAVE), 2), "boxes": count}
            for side, count in sorted(sides.items())
        ],
    }
