# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""What an edit changes, in numbers: items and annotations per split and class, bytes, duplicates and leaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ddoc.dataset.database import Cursor, bound, one_row
from ddoc.dataset.pairs import Pairs
from ddoc.dataset.schema import CID, Table
from ddoc.dataset.state import State

AFTER_SCHEMA = pa.schema(
    [
        ("item_id", pa.string()),
        ("split", pa.string()),
        ("content_hash", pa.string()),
        ("bytes", pa.int64()),
        ("existed", pa.bool_()),
        ("exists", pa.bool_()),
    ]
)
"""Items that an edit touches as they will be; of an item that existed only `split` and `exists` matter."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of an edit. Mappings give (before, after); `classes` counts annotations.

    `duplicates` counts items beyond the first of each group of equal (or, where analysed, nearly equal) images,
    `leaks` the groups that lie in several splits; both among the groups that the edit touches.
    """

    items: tuple[int, int]
    bytes: tuple[int, int]
    splits: Mapping[str, tuple[int, int]]
    classes: Mapping[str, tuple[int, int]]
    duplicates: tuple[int, int]
    leaks: tuple[int, int]
    new_classes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain data: `{before, after}` each, and what is introduced."""
        return {
            "items": _pair(self.items),
            "bytes": _pair(self.bytes),
            "splits": {name: _pair(pair) for name, pair in self.splits.items()},
            "classes": {name: _pair(pair) for name, pair in self.classes.items()},
            "duplicates": _pair(self.duplicates),
            "leaks": _pair(self.leaks),
            "duplicates_introduced": max(0, self.duplicates[1] - self.duplicates[0]),
            "leaks_introduced": max(0, self.leaks[1] - self.leaks[0]),
            "new_classes": list(self.new_classes),
            "new_splits": [name for name, (before, after) in self.splits.items() if not before and after],
        }


def reversed_effect(effect: Mapping[str, Any]) -> dict[str, Any]:
    """Return the effect of undoing an edit that had `effect` (plain data)."""

    def turned(pair: Mapping[str, int]) -> dict[str, int]:
        return {"before": pair["after"], "after": pair["before"]}

    result: dict[str, Any] = {
        name: turned(effect[name]) for name in ("items", "bytes", "duplicates", "leaks")
    }
    for name in ("splits", "classes"):
        result[name] = {key: turned(pair) for key, pair in effect[name].items()}
    for name in ("duplicates", "leaks"):
        result[f"{name}_introduced"] = max(0, result[name]["after"] - result[name]["before"])
    return result | {"new_classes": [], "new_splits": []}


def _pair(pair: tuple[int, int]) -> dict[str, int]:
    return {"before": pair[0], "after": pair[1]}


def effect_of(
    cursor: Cursor,
    state: State,
    pairs: Pairs,
    after: Table,
    *,
    class_changes: Mapping[str, int],
    new_classes: Sequence[str] = (),
) -> Effect:
    """Return the effect of an edit that leaves the touched items as `after` (AFTER_SCHEMA) says; `pairs` are of `state`.

    `class_changes` is the change of annotations per class that the edit makes by itself (relabelling, adding);
    what goes with removed items is counted here.
    """
    with bound(cursor, after=after):
        cursor.execute(
            f"CREATE TEMP TABLE touched AS SELECT ('0x' || item_id)::UBIGINT AS iid, split, {CID} AS cid, bytes,"
            " existed, exists FROM after"
        )
    splits = _splits(cursor, pairs)
    byte_pair = _bytes(cursor)
    classes = _classes(cursor, state, pairs, class_changes)
    duplicates, leaks = _groups(cursor, state)
    cursor.execute("DROP TABLE touched")
    before, now = (sum(pair[at] for pair in splits.values()) for at in (0, 1))
    return Effect((before, now), byte_pair, splits, classes, duplicates, leaks, tuple(new_classes))


def _splits(cursor: Cursor, pairs: Pairs) -> dict[str, tuple[int, int]]:
    counts = {split: [n, n] for split, n in pairs.items_per_split(None).items()}
    leaving = "SELECT i.split, count(*) FROM touched t JOIN item i USING (iid) WHERE t.existed GROUP BY 1"
    for split, n in cursor.execute(leaving).fetchall():
        counts[split][1] -= n
    for split, n in cursor.execute("SELECT split, count(*) FROM touched WHERE exists GROUP BY 1").fetchall():
        counts.setdefault(split, [0, 0])[1] += n
    return {split: (pair[0], pair[1]) for split, pair in sorted(counts.items())}


def _bytes(cursor: Cursor) -> tuple[int, int]:
    row = one_row(
        cursor,
        "SELECT coalesce((SELECT sum(bytes) FROM item), 0),"
        " coalesce((SELECT sum(i.bytes) FROM touched t JOIN item i USING (iid) WHERE t.existed AND NOT t.exists), 0),"
        " coalesce((SELECT sum(bytes) FROM touched WHERE NOT existed), 0)",
    )
    return int(row[0]), int(row[0] - row[1] + row[2])


def _classes(
    cursor: Cursor, state: State, pairs: Pairs, changes: Mapping[str, int]
) -> dict[str, tuple[int, int]]:
    counts = {state.classes[number]: [n, n] for number, n in pairs.annotations_per_class().items()}
    gone = cursor.execute(
        "SELECT class_id, sum(n) FROM item_class WHERE rid IN (SELECT rid FROM item JOIN touched USING (iid)"
        " WHERE existed AND NOT exists) GROUP BY class_id"
    ).fetchall()
    for number, n in gone:
        counts[state.classes[number]][1] -= int(n)
    for name, n in changes.items():
        counts.setdefault(name, [0, 0])[1] += n
    return {name: (pair[0], pair[1]) for name, pair in sorted(counts.items()) if any(pair)}


def _groups(cursor: Cursor, state: State) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return ((duplicates before, after), (leaks before, after)) of the groups that the edit touches."""
    key, new_key, groups = "i.cid", "cid", ""
    if state.grouped:
        key = 'CASE WHEN i."g:duplicate_group" IS NULL THEN i.cid ELSE hash(i."g:duplicate_group") END'
        new_key = "CASE WHEN g.duplicate_group IS NULL THEN cid ELSE hash(g.duplicate_group) END"
        groups = "LEFT JOIN result_groups g USING (cid) "
    row = one_row(
        cursor,
        f"WITH new AS (SELECT {new_key} AS key, split FROM touched {groups}WHERE exists AND NOT existed),"
        f" wanted AS (SELECT {key} AS key FROM item i WHERE i.iid IN (SELECT iid FROM touched WHERE existed)"
        "   UNION SELECT key FROM new),"
        f" members AS (SELECT {key} AS key, i.split AS before, CASE WHEN t.iid IS NULL THEN i.split"
        "   WHEN t.exists THEN t.split END AS after FROM item i LEFT JOIN (SELECT * FROM touched WHERE existed) t"
        f"   USING (iid) WHERE {key} IN (SELECT key FROM wanted)"
        "   UNION ALL SELECT key, NULL, split FROM new),"
        " sizes AS (SELECT count(before) AS n0, count(after) AS n1, count(DISTINCT before) AS s0,"
        "   count(DISTINCT after) AS s1 FROM members WHERE key IS NOT NULL GROUP BY key)"
        " SELECT sum(greatest(n0 - 1, 0)), sum(greatest(n1 - 1, 0)), count(*) FILTER (s0 > 1),"
        " count(*) FILTER (s1 > 1) FROM sizes",
    )
    return (int(row[0] or 0), int(row[1] or 0)), (int(row[2]), int(row[3]))
