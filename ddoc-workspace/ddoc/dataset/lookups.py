# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Small questions that edits put to the index."""

from collections.abc import Sequence

import pyarrow as pa

from ddoc.dataset.applying import DUPLICATE_PATH
from ddoc.dataset.database import Cursor, bound
from ddoc.dataset.filters import Filter
from ddoc.dataset.pages import where_of
from ddoc.dataset.schema import CID, KNOWN_COLUMNS, Table, id_text
from ddoc.dataset.state import State

_STEM = "lower(regexp_replace(name, '\\.[^./]*$', ''))"


def clashing_ids(cursor: Cursor) -> set[str]:
    """Return the ids of items that share their path below the split with another one."""
    rows = cursor.execute(
        "SELECT iid FROM item WHERE name IN"
        " (SELECT name FROM item WHERE rid IN (SELECT rid FROM issue WHERE code = $1))",
        [DUPLICATE_PATH],
    ).fetchall()
    return {id_text(iid) for (iid,) in rows}


def class_counts(cursor: Cursor, ids: Sequence[str], state: State) -> dict[str, int]:
    """Return annotations per class of these items."""
    with where_of(cursor, Filter(ids=tuple(ids)), state) as where:
        rows = cursor.execute(
            f"SELECT class_id, sum(n) FROM item_class WHERE rid IN (SELECT rid FROM item WHERE {where.sql}) GROUP BY 1"
        ).fetchall()
    return {state.classes[number]: int(n) for number, n in rows}


def class_counts_of_clusters(cursor: Cursor, clusters: Table, state: State) -> dict[int, dict[str, int]]:
    """Return how many images of each class lie in each of the clusters, most first; a row of (content_hash, cluster)
    per content."""
    with bound(cursor, clusters=clusters):
        rows = cursor.execute(
            f"SELECT cluster, class_id, count(*) AS images FROM (SELECT {CID} AS cid, cluster FROM clusters)"
            " JOIN item USING (cid) JOIN item_class USING (rid) GROUP BY ALL ORDER BY images DESC, class_id"
        ).fetchall()
    counts: dict[int, dict[str, int]] = {}
    for cluster, number, images in rows:
        counts.setdefault(cluster, {})[state.classes[number]] = images
    return counts


def existing_hashes(cursor: Cursor, hashes: Sequence[str]) -> set[str]:
    """Return which of these contents the set holds."""
    with bound(cursor, wanted=pa.table({"content_hash": pa.array(hashes, pa.string())})):
        rows = cursor.execute(
            f"SELECT DISTINCT content_hash FROM item WHERE cid IN (SELECT {CID} FROM wanted)"
        ).fetchall()
    return {value for (value,) in rows}


def existing_stems(cursor: Cursor, stems: Sequence[str]) -> set[str]:
    """Return which of these names (folded, without suffix) are taken."""
    with bound(cursor, wanted=pa.table({"stem": pa.array(stems, pa.string())})):
        rows = cursor.execute(
            f"SELECT stem FROM (SELECT {_STEM} AS stem FROM item) WHERE stem IN (SELECT stem FROM wanted)"
        ).fetchall()
    return {value for (value,) in rows}


def known_of(cursor: Cursor, inodes: Sequence[int]) -> Table:
    """Return what is known of the files with these inodes (KNOWN_COLUMNS)."""
    with bound(cursor, wanted=pa.table({"inode": pa.array(inodes, pa.int64())})):
        return cursor.sql(
            f"SELECT {', '.join(KNOWN_COLUMNS)} FROM item WHERE inode IN (SELECT inode FROM wanted)"
        ).to_arrow_table()
