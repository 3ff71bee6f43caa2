# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""The items as Arrow tables, for analysis, drift and whoever works on columns."""

from ddoc.dataset.database import Cursor
from ddoc.dataset.filters import Filter
from ddoc.dataset.pages import where_of
from ddoc.dataset.schema import KINDS, KNOWN_COLUMNS, Table, quoted
from ddoc.dataset.state import State

_ITEM_ID = "lpad(lower(hex(iid)), 16, '0') AS item_id"


def items_table(cursor: Cursor, wanted: Filter, state: State) -> Table:
    """Return item_id, name, path, split, width, height, bytes, content_hash, annotation_count, annotated, color."""
    return _select(
        cursor,
        f"{_ITEM_ID}, name, path, split, width, height, bytes, content_hash,"
        " annotation_count, annotated, greatest(color, 0) AS color",
        wanted,
        state,
    )


def contents_table(cursor: Cursor) -> Table:
    """Return item_id and content_hash of every item."""
    return cursor.sql(f"SELECT {_ITEM_ID}, content_hash FROM item ORDER BY rid").to_arrow_table()


def values_table(cursor: Cursor, wanted: Filter, state: State) -> Table:
    """Return item_id, content_hash, split, annotation_count, bytes, width, height and every result beside the items:
    attributes by their name, groups, and `drift_score:<report>` (FLOAT or null)."""
    named = [(quoted(f"a:{n}"), n) for n in state.attributes]
    if state.grouped:
        named += [(quoted(f"g:{n}"), n) for n in ("cluster", "duplicate_group", "outlier", "x", "y")]
    named += [(quoted(f"s:{r}"), f"drift_score:{r}") for r in state.reports]
    columns = "".join(f", {column} AS {quoted(name)}" for column, name in named)
    return _select(
        cursor,
        f"{_ITEM_ID}, content_hash, split, annotation_count, bytes, width, height" + columns,
        wanted,
        state,
    )


def map_table(cursor: Cursor, state: State) -> Table | None:
    """Return iid (the id's number), split, cluster, x, y of the items that are on the map; None without a map."""
    if not state.grouped:
        return None
    columns = 'iid, split, coalesce("g:cluster", -1) AS cluster, "g:x" AS x, "g:y" AS y'
    return cursor.sql(f'SELECT {columns} FROM item WHERE "g:x" IS NOT NULL ORDER BY rid').to_arrow_table()


def annotations_table(cursor: Cursor, wanted: Filter, state: State) -> Table:
    """Return item_id, class_name, kind, x1, y1, x2, y2 (pixels; null for a class of the whole image)."""
    kinds = "[" + ", ".join(f"'{kind}'" for kind in KINDS) + "]"
    with where_of(cursor, wanted, state) as where:
        return cursor.sql(
            f"SELECT {_ITEM_ID}, class_name, {kinds}[kind + 1] AS kind, x1, y1, x2, y2"
            f" FROM annotation JOIN (SELECT rid, iid FROM item WHERE {where.sql}) USING (rid) JOIN class USING (class_id)"
            " ORDER BY rid",
            params=dict(where.params),
        ).to_arrow_table()


def classes_table(cursor: Cursor, wanted: Filter, state: State) -> Table:
    """Return item_id, class_name, n: how many annotations of each class an item has."""
    with where_of(cursor, wanted, state) as where:
        return cursor.sql(
            f"SELECT {_ITEM_ID}, class_name, n"
            f" FROM item_class JOIN (SELECT rid, iid FROM item WHERE {where.sql}) USING (rid) JOIN class USING (class_id)"
            " ORDER BY rid, class_id",
            params=dict(where.params),
        ).to_arrow_table()


def known_table(cursor: Cursor) -> Table:
    """Return what a scan needs to know of every item (KNOWN_COLUMNS)."""
    return cursor.sql(f"SELECT {', '.join(KNOWN_COLUMNS)} FROM item ORDER BY rid").to_arrow_table()


def _select(cursor: Cursor, columns: str, wanted: Filter, state: State) -> Table:
    with where_of(cursor, wanted, state) as where:
        return cursor.sql(
            f"SELECT {columns} FROM item WHERE {where.sql} ORDER BY rid", params=dict(where.params)
        ).to_arrow_table()
