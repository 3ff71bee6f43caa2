"""Tables of the index and the Arrow shapes that go in and out. A change here raises SCHEMA_VERSION: old files are rebuilt."""

from typing import Any, TypeAlias

import pyarrow as pa

Table: TypeAlias = Any
"""A `pyarrow.Table`; pyarrow ships no types."""

SCHEMA_VERSION = 1

CORE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("rid", "INTEGER"),
    ("iid", "UBIGINT"),
    ("name", "VARCHAR"),
    ("path", "VARCHAR"),
    ("split", "VARCHAR"),
    ("width", "INTEGER"),
    ("height", "INTEGER"),
    ("bytes", "BIGINT"),
    ("content_hash", "VARCHAR"),
    ("annotation_count", "INTEGER"),
    ("annotated", "BOOLEAN"),
    ("color", "INTEGER"),
    ("class_ids", "SMALLINT[]"),
    ("mtime_ns", "BIGINT"),
    ("inode", "BIGINT"),
    ("label_sig", "BIGINT"),
    ("label_hash", "UBIGINT"),
)
"""Item rows hold these, then one FLOAT per attribute (`a:<name>`), the groups (`g:…`) and the scores of each drift
report (`s:`, `p:`, `o:` + report id): wide rows, so that any filter is one scan."""

GROUP_COLUMNS: tuple[tuple[str, str], ...] = (
    ("cluster", "INTEGER"),
    ("duplicate_group", "INTEGER"),
    ("outlier", "FLOAT"),
    ("x", "FLOAT"),
    ("y", "FLOAT"),
)

DDL: tuple[str, ...] = (
    "CREATE TABLE meta (key VARCHAR, value VARCHAR)",
    "CREATE TABLE item (" + ", ".join(f"{name} {kind}" for name, kind in CORE_COLUMNS) + ")",
    "CREATE TABLE item_class (rid INTEGER, class_id SMALLINT, n INTEGER)",
    "CREATE TABLE annotation (rid INTEGER, class_id SMALLINT, kind UTINYINT, x1 FLOAT, y1 FLOAT, x2 FLOAT, y2 FLOAT)",
    "CREATE TABLE issue (rid INTEGER, code VARCHAR, detail VARCHAR)",
    "CREATE TABLE gone (iid UBIGINT, rid INTEGER)",
    "CREATE TABLE class (class_id SMALLINT, class_name VARCHAR)",
)

KINDS: tuple[str, ...] = ("box", "polygon", "mask", "class")

SCAN_SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("present", pa.bool_()),
        ("name", pa.string()),
        ("split", pa.string()),
        ("iid", pa.uint64()),
        ("bytes", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("inode", pa.int64()),
        ("label_sig", pa.int64()),
        ("content_hash", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("color", pa.int32()),
        ("annotated", pa.bool_()),
        (
            "annotations",
            pa.list_(
                pa.struct(
                    [
                        ("class_name", pa.string()),
                        ("kind", pa.uint8()),
                        ("x1", pa.float32()),
                        ("y1", pa.float32()),
                        ("x2", pa.float32()),
                        ("y2", pa.float32()),
                    ]
                )
            ),
        ),
        ("issues", pa.list_(pa.struct([("code", pa.string()), ("detail", pa.string())]))),
    ]
)
"""What a scan hands to the index: one row per path that is new, changed or gone (`present` false, the rest null)."""

KNOWN_COLUMNS: tuple[str, ...] = (
    "path",
    "bytes",
    "mtime_ns",
    "inode",
    "label_sig",
    "content_hash",
    "width",
    "height",
    "color",
)
"""What a scan needs to know of the items that the index holds."""


def id_text(value: int) -> str:
    """Return the item id of its stored number."""
    return f"{value:016x}"


def quoted(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
