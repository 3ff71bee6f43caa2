# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Putting a scan's findings into the index: ids, row ids, annotations, and what was already computed of the contents."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ddoc.dataset.database import Cursor, bound, one_row
from ddoc.dataset.schema import CID, CORE_COLUMNS, SIZE_CODE, Table, quoted
from ddoc.dataset.state import State, core_names
from ddoc.ids import item_id_of

SLICE = 100_000
"""Rows put in at once: bounds the memory of a first scan. What is gone comes first in a scan, so that a file which
moved from one slice to another still finds its row id."""
DUPLICATE_PATH = "duplicate-path"
_FOUND = (
    "path, name, split, iid, bytes, mtime_ns, inode, label_sig, content_hash, width, height, color, annotated"
)
_CONTENT = ("path", "iid", "bytes", "content_hash", "width", "height", "annotated", "label_hash")
_TOO_MANY = "SELECT nid FROM staged GROUP BY nid HAVING count(*) > 1"


@dataclass(frozen=True, slots=True)
class Applied:
    """How many items a scan added, removed and changed."""

    added: int
    removed: int
    changed: int
    touched: npt.NDArray[np.int32]
    """Row ids of all items that were written or removed, changed or not."""

    @property
    def any(self) -> bool:
        """Whether the data differs from before."""
        return bool(self.added or self.removed or self.changed)


def apply_rows(cursor: Cursor, state: State, scan: Table, *, renamed: bool = False) -> tuple[State, Applied]:
    """Make the index agree with `scan` (SCAN_SCHEMA) within the transaction of `cursor`.

    A row keeps its row id when its path or, for a moved file, its item id is known. Items that share a name get
    ids in order of their paths, so that a rebuilt index gives the same ones. `renamed` says that names may differ
    from those in the index for the same path (the set became one of classification, or ceased to be).
    """
    total = Applied(0, 0, 0, np.empty(0, np.int32))
    for start in range(0, scan.num_rows, SLICE):
        state, applied = _apply_slice(cursor, state, scan.slice(start, SLICE), renamed=renamed)
        total = Applied(
            total.added + applied.added,
            total.removed + applied.removed,
            total.changed + applied.changed,
            np.union1d(total.touched, applied.touched).astype(np.int32),
        )
    return state, total


def _apply_slice(cursor: Cursor, state: State, scan: Table, *, renamed: bool) -> tuple[State, Applied]:
    with bound(cursor, scan=scan):
        _stage(cursor, renamed=renamed)
        _assign_ids(cursor)
    state = _number_classes(cursor, state)
    state = _assign_rids(cursor, state)
    applied = _count(cursor)
    _replace(cursor, state)
    for table in ("staged", "old", "old_rid", "counted"):
        cursor.execute(f"DROP TABLE {table}")
    return state, applied


def _stage(cursor: Cursor, *, renamed: bool) -> None:
    """Stage what is there, and set aside the rows of the index that it touches: same path, or same name."""
    touched = "nid IN (SELECT iid FROM scan)"
    if renamed:
        touched += " OR path IN (SELECT path FROM scan)"
    # the row ids first: rows are wide, and a search by name that reads them whole reads the whole table
    cursor.execute(f"CREATE TEMP TABLE old_rid AS SELECT rid FROM item WHERE {touched}")
    cursor.execute(
        "CREATE TEMP TABLE old AS SELECT *, FALSE AS replaced FROM item WHERE rid IN (SELECT rid FROM old_rid)"
    )
    cursor.execute("UPDATE old SET replaced = TRUE WHERE path IN (SELECT path FROM scan)")
    cursor.execute(
        f"CREATE TEMP TABLE staged AS SELECT {_FOUND}, iid AS nid, {CID} AS cid, annotations, issues,"
        " hash(annotations) AS label_hash, NULL::INTEGER AS rid, FALSE AS kept, FALSE AS salted"
        " FROM scan WHERE present"
    )
    # Rows of the same name that the scan does not speak of stay as they are, but their id may have to change.
    cursor.execute(
        f"INSERT INTO staged SELECT {_FOUND}, nid, cid, NULL, NULL, label_hash, rid, TRUE, FALSE FROM old"
        " WHERE NOT replaced"
    )


def _assign_ids(cursor: Cursor) -> None:
    clashing = cursor.execute(
        "SELECT path, name, row_number() OVER (PARTITION BY nid ORDER BY path) > 1 FROM staged"
        f" WHERE nid IN ({_TOO_MANY})"
    ).fetchall()
    alone = cursor.execute(
        f"SELECT path, name, FALSE FROM staged WHERE kept AND nid NOT IN ({_TOO_MANY})"
    ).fetchall()
    rows = clashing + alone
    if not rows:
        return
    ids = [int(item_id_of(name, salt=path if salted else ""), 16) for path, name, salted in rows]
    table = pa.table(
        {"path": [r[0] for r in rows], "iid": pa.array(ids, pa.uint64()), "salted": [r[2] for r in rows]}
    )
    with bound(cursor, numbered=table):
        cursor.execute(
            "UPDATE staged SET iid = n.iid, salted = n.salted FROM numbered n WHERE n.path = staged.path"
        )


def _number_classes(cursor: Cursor, state: State) -> State:
    """Give numbers to class names that the index has not seen."""
    found = cursor.execute(
        "SELECT DISTINCT a.class_name FROM (SELECT unnest(annotations) AS a FROM staged)"
    ).fetchall()
    new = sorted(name for (name,) in found if name not in state.class_ids)
    if not new:
        return state
    state = state.with_classes((*state.classes, *new))
    for name in new:
        cursor.execute("INSERT INTO class VALUES ($1, $2)", [state.class_ids[name], name])
    return state


def _assign_rids(cursor: Cursor, state: State) -> State:
    cursor.execute("UPDATE staged SET rid = o.rid FROM old o WHERE o.path = staged.path")
    cursor.execute(
        "UPDATE staged SET rid = o.rid FROM old o WHERE staged.rid IS NULL AND o.iid = staged.iid"
        " AND o.path NOT IN (SELECT path FROM staged)"
    )
    # an item that comes back (an undone removal) takes its old place in the order
    cursor.execute(
        "UPDATE staged SET rid = g.rid FROM gone g WHERE staged.rid IS NULL AND g.iid = staged.iid"
    )
    cursor.execute("DELETE FROM gone WHERE rid IN (SELECT rid FROM staged)")
    cursor.execute(
        "UPDATE staged SET rid = n.rid FROM (SELECT path, $first + row_number() OVER (ORDER BY name, path) - 1 AS rid"
        " FROM staged WHERE rid IS NULL) n WHERE n.path = staged.path",
        {"first": state.next_rid},
    )
    top = one_row(cursor, "SELECT max(rid) FROM staged")
    return state if top[0] is None else replace(state, next_rid=max(state.next_rid, top[0] + 1))


def _count(cursor: Cursor) -> Applied:
    differs = " OR ".join(f"s.{name} IS DISTINCT FROM o.{name}" for name in _CONTENT)
    row = one_row(
        cursor,
        "SELECT (SELECT count(*) FROM staged WHERE rid NOT IN (SELECT rid FROM old)),"
        " (SELECT count(*) FROM old WHERE rid NOT IN (SELECT rid FROM staged)),"
        f" (SELECT count(*) FROM staged s JOIN old o USING (rid) WHERE {differs})",
    )
    cursor.execute("SELECT rid FROM staged UNION SELECT rid FROM old")
    return Applied(*row, touched=cursor.fetchnumpy()["rid"].astype(np.int32))


def _replace(cursor: Cursor, state: State) -> None:
    """Swap the touched rows for the staged ones."""
    cursor.execute(
        "UPDATE item SET iid = s.iid FROM staged s WHERE s.kept AND s.rid = item.rid AND s.iid <> item.iid"
    )
    cursor.execute(
        "DELETE FROM issue WHERE rid IN (SELECT rid FROM staged WHERE kept) AND code = $1", [DUPLICATE_PATH]
    )
    cursor.execute("DELETE FROM staged WHERE kept AND NOT salted")
    cursor.execute(
        "INSERT INTO gone SELECT iid, rid FROM old WHERE replaced AND rid NOT IN (SELECT rid FROM staged)"
    )
    for table in ("item", "item_class", "annotation", "issue"):
        cursor.execute(f"DELETE FROM {table} WHERE rid IN (SELECT rid FROM old WHERE replaced)")
    _insert_labels(cursor)
    # what was computed of the same bytes is taken over from the row itself, which spares the search by content
    same = "o.rid = s.rid AND o.content_hash = s.content_hash"
    taken = "".join(f", o.{name}" for name, _ in state.result_columns())
    _insert_items(cursor, state, f"{taken} FROM staged s JOIN old o ON {same} {_CLASSES} WHERE NOT s.kept")
    (fresh,) = one_row(cursor, f"SELECT count(*) FROM staged s ANTI JOIN old o ON {same} WHERE NOT s.kept")
    if fresh:
        _insert_items(
            cursor,
            state,
            f"{_results(state)} FROM (SELECT * FROM staged s ANTI JOIN old o ON {same}) s {_CLASSES}"
            f"{result_joins(state, 's')} WHERE NOT s.kept",
        )


def _insert_labels(cursor: Cursor) -> None:
    cursor.execute(
        f"INSERT INTO annotation SELECT rid, class_id, a.kind, a.x1, a.y1, a.x2, a.y2, {SIZE_CODE} FROM"
        " (SELECT rid, unnest(annotations) AS a FROM staged WHERE NOT kept) JOIN class ON class_name = a.class_name"
        " ORDER BY rid"
    )
    cursor.execute(
        "CREATE TEMP TABLE counted AS SELECT rid, class_id, count(*) AS n FROM (SELECT rid, unnest(annotations) AS a"
        " FROM staged WHERE NOT kept) JOIN class ON class_name = a.class_name GROUP BY rid, class_id"
    )
    cursor.execute("INSERT INTO item_class SELECT rid, class_id, n FROM counted ORDER BY class_id, rid")
    cursor.execute(
        "INSERT INTO issue SELECT rid, i.code, i.detail FROM"
        " (SELECT rid, unnest(issues) AS i FROM staged WHERE NOT kept)"
    )
    cursor.execute(
        "INSERT INTO issue SELECT rid, $1, 'another item has the same path in another split' FROM staged WHERE salted",
        [DUPLICATE_PATH],
    )


_CLASSES = "LEFT JOIN (SELECT rid, list(class_id ORDER BY class_id) AS ids FROM counted GROUP BY rid) c ON c.rid = s.rid"


def _insert_items(cursor: Cursor, state: State, rest: str) -> None:
    made = {
        "annotation_count": "len(s.annotations)::INTEGER",
        "class_ids": "coalesce(c.ids, [])",
    }
    core = ", ".join(made.get(name, f"s.{name}") for name, _ in CORE_COLUMNS)
    cursor.execute(
        f"INSERT INTO item ({core_names()}{_named_results(state)}) SELECT {core}{rest} ORDER BY s.rid"
    )


def _named_results(state: State) -> str:
    return "".join(f", {name}" for name, _ in state.result_columns())


def _results(state: State) -> str:
    return "".join(f", {expression}" for expression in result_expressions(state))


def result_expressions(state: State) -> list[str]:
    """Return what fills `State.result_columns`, given `result_joins`."""
    expressions = [f"ra.{quoted(name)}" for name in state.attributes]
    if state.grouped:
        expressions += [f"rg.{name}" for name in ("cluster", "duplicate_group", "outlier", "x", "y")]
    for number in range(len(state.reports)):
        expressions += [f"r{number}.{name}" for name in ("score", "p_value", "outlier")]
    return expressions


def result_joins(state: State, items: str) -> str:
    """Return the joins that bring the results by content hash to the rows of `items`."""
    joins = ""
    if state.attributes:
        joins += f" LEFT JOIN result_attributes ra ON ra.cid = {items}.cid"
    if state.grouped:
        joins += f" LEFT JOIN result_groups rg ON rg.cid = {items}.cid"
    for number, report in enumerate(state.reports):
        # report ids are checked where they come in; they hold no quotes
        joins += (
            f" LEFT JOIN (SELECT * FROM result_scores WHERE report_id = '{report}') r{number}"
            f" ON r{number}.cid = {items}.cid"
        )
    return joins
