"""Tables of the index and the Arrow shapes that go in and out. A change here raises SCHEMA_VERSION: old files are rebuilt."""

from typing import Any, TypeAlias

import pyarrow as pa

Table: TypeAlias = Any
"""A `pyarrow.Table`; pyarrow ships no types."""

SCHEMA_VERSION = 4

CORE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("rid", "INTEGER"),
    ("iid", "UBIGINT"),
    ("nid", "UBIGINT"),
    ("name", "VARCHAR"),
    ("path", "VARCHAR"),
    ("split", "VARCHAR"),
    ("width", "INTEGER"),
    ("height", "INTEGER"),
    ("bytes", "BIGINT"),
    ("content_hash", "VARCHAR"),
    ("cid", "UBIGINT"),
    ("annotation_count", "INTEGER"),
    ("annotated", "BOOLEAN"),
    ("color", "INTEGER"),
    ("class_ids", "SMALLINT[]"),
    ("mtime_ns", "BIGINT"),
    ("inode", "BIGINT"),
    ("label_sig", "BIGINT"),
    ("label_hash", "UBIGINT"),
)
"""`iid` is the number of the item id, `nid` the number that the name alone gives (they differ where two items share a
name): looking for a name is then comparing numbers; `cid` is CID. Item rows hold these, then one FLOAT per attribute
(`a:<name>`), the groups (`g:…`) and the scores of each drift report (`s:`, `p:`, `o:` + report id): wide rows, so that
any filter is one scan."""

CID = "TRY_CAST('0x' || left(content_hash, 16) AS UBIGINT)"
"""The number by which contents are compared and results joined: half of the md5, NULL for a file that was not read."""

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
    (
        "CREATE TABLE annotation (rid INTEGER, class_id SMALLINT, kind UTINYINT,"
        " x1 FLOAT, y1 FLOAT, x2 FLOAT, y2 FLOAT, size_code UTINYINT)"
    ),
    "CREATE TABLE issue (rid INTEGER, code VARCHAR, detail VARCHAR)",
    "CREATE TABLE gone (iid UBIGINT, rid INTEGER)",
    "CREATE TABLE class (class_id SMALLINT, class_name VARCHAR)",
)

SIDES_PER_OCTAVE = 4
SMALL_AREA, LARGE_AREA = 32.0**2, 96.0**2
LARGE_BIT = 128
SIZE_CODE = (
    f"(least(floor({SIDES_PER_OCTAVE} * log2(greatest(sqrt((a.x2 - a.x1) * (a.y2 - a.y1)), 1))), {LARGE_BIT - 1})"
    f" + CASE WHEN (a.x2 - a.x1) * (a.y2 - a.y1) > {LARGE_AREA} THEN {LARGE_BIT} ELSE 0 END)::UTINYINT"
)
"""How large a box is, in one byte, so that the sizes of five million boxes are one quick count: the logarithm of its
side (of the square of equal area) in quarter octaves, and a bit for COCO's "large"."""

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
"""What a scan hands to the index: one row per path that is new, changed or gone (`present` false; then only `iid`, the
number of its name, is set besides)."""

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
