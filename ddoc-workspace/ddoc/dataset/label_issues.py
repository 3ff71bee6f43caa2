# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Annotations that look wrong by statistics alone: no model's predictions are needed."""

from typing import Any

from ddoc.dataset.database import Cursor
from ddoc.dataset.schema import id_text
from ddoc.dataset.state import State

ROBUST_Z = 5.0
OVERLAP = 0.95
TINY_SIDE = 3.0
MIN_PER_CLASS = 20
_MAX_ROWS = 10_000
_BOXES = (
    "SELECT rid, class_id, x1, y1, x2, y2, x2 - x1 AS w, y2 - y1 AS h FROM annotation"
    " WHERE x1 IS NOT NULL AND x2 > x1 AND y2 > y1"
)


def find(cursor: Cursor, state: State) -> list[dict[str, Any]]:
    """Return suspicious annotations, most suspicious first: `{item_id, code, class_name, score 0–1, detail, box}`.

    Codes: `duplicate-box` (two boxes of one class with IoU over 0.95), `tiny-box` (a side under 3 px),
    `odd-box-size` and `odd-box-aspect` (over five robust deviations from the median of its class, in logarithms;
    classes of at least 20 boxes).
    """
    found = [*_overlaps(cursor), *_tiny(cursor), *_odd(cursor)]
    rows: list[dict[str, Any]] = [
        {
            "item_id": id_text(iid),
            "code": code,
            "class_name": state.classes[class_id],
            "score": round(float(score), 4),
            "detail": detail,
            "box": [x1, y1, x2, y2],
        }
        for iid, code, class_id, score, detail, x1, y1, x2, y2 in found
    ]
    rows.sort(key=lambda row: (-row["score"], row["item_id"], row["code"], row["box"]))
    return rows


def _overlaps(cursor: Cursor) -> list[tuple[Any, ...]]:
    return cursor.execute(
        f"WITH b AS (SELECT *, row_number() OVER () AS nth FROM ({_BOXES})),"
        " pairs AS (SELECT q.*, greatest(0, least(p.x2, q.x2) - greatest(p.x1, q.x1))"
        "   * greatest(0, least(p.y2, q.y2) - greatest(p.y1, q.y1)) AS shared, p.w * p.h AS other"
        "   FROM b p JOIN b q ON p.rid = q.rid AND p.class_id = q.class_id AND p.nth < q.nth"
        # boxes that overlap by 0.95 are of nearly one width and place; this keeps crowded images cheap
        "   AND q.w BETWEEN p.w * 0.94 AND p.w * 1.07 AND abs(p.x1 - q.x1) < 0.07 * p.w),"
        " scored AS (SELECT *, shared / (w * h + other - shared) AS iou FROM pairs)"
        " SELECT iid, 'duplicate-box', class_id, iou, 'IoU ' || round(iou, 3) || ' with another box of its class',"
        f" x1, y1, x2, y2 FROM scored JOIN item USING (rid) WHERE iou > {OVERLAP} ORDER BY iou DESC LIMIT {_MAX_ROWS}"
    ).fetchall()


def _tiny(cursor: Cursor) -> list[tuple[Any, ...]]:
    return cursor.execute(
        f"SELECT iid, 'tiny-box', class_id, 0.6 + 0.3 * (1 - least(w, h) / {TINY_SIDE}),"
        " round(w, 1) || ' × ' || round(h, 1) || ' px', x1, y1, x2, y2"
        f" FROM ({_BOXES}) JOIN item USING (rid) WHERE least(w, h) < {TINY_SIDE}"
        f" ORDER BY least(w, h) LIMIT {_MAX_ROWS}"
    ).fetchall()


def _odd(cursor: Cursor) -> list[tuple[Any, ...]]:
    """Return boxes whose size or aspect is far from their class: robust z by median and MAD of the logarithm."""
    cursor.execute(
        f"CREATE TEMP TABLE measured AS SELECT *, ln(w * h) / 2 AS size, ln(w / h) AS aspect FROM ({_BOXES})"
    )
    found: list[tuple[Any, ...]] = []
    for name, code, words in (("size", "odd-box-size", "size"), ("aspect", "odd-box-aspect", "aspect ratio")):
        found += cursor.execute(
            f"WITH middle AS (SELECT class_id, median({name}) AS mid, count(*) AS n FROM measured GROUP BY class_id),"
            f" spread AS (SELECT class_id, any_value(mid) AS mid, 1.4826 * median(abs({name} - mid)) AS dev"
            f"   FROM measured JOIN middle USING (class_id) WHERE n >= {MIN_PER_CLASS} GROUP BY class_id),"
            # under a deviation of 5 % every box would be odd that is not quite like the others
            f" scored AS (SELECT measured.*, abs({name} - mid) / greatest(dev, 0.05) AS z"
            "   FROM measured JOIN spread USING (class_id))"
            f" SELECT iid, '{code}', class_id, 1 - 2 / z, round(z, 1) || ' deviations from the {words} of its class',"
            f" x1, y1, x2, y2 FROM scored JOIN item USING (rid) WHERE z > {ROBUST_Z} ORDER BY z DESC LIMIT {_MAX_ROWS}"
        ).fetchall()
    cursor.execute("DROP TABLE measured")
    return found
