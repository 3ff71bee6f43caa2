# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Histograms per field over a filter or a view: what the sidebar of the explorer shows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ddoc.dataset.bins import Bins, Subset, histogram_json
from ddoc.dataset.database import Cursor
from ddoc.dataset.filters import Where, column_of
from ddoc.dataset.pairs import Pairs
from ddoc.dataset.state import State
from ddoc.errors import InvalidInputError

_COUNTED = frozenset({"split", "class_name", "cluster"})


def default_fields(state: State) -> tuple[str, ...]:
    """Return the fields of a full sidebar."""
    fields = ("split", "class_name", "annotation_count", "width", "height", "bytes", *state.attributes)
    scores = tuple(f"drift_score:{report}" for report in state.reports)
    return (*fields, *(("cluster", "outlier") if state.grouped else ()), *scores)


def is_counted(field: str) -> bool:
    """Whether the field has named values that are counted, instead of a range that is cut into bars."""
    return field in _COUNTED


def check_fields(fields: Sequence[str], state: State) -> None:
    """Raise InvalidInputError `unknown-field` for a field that has no histogram."""
    for field in fields:
        if field == "class_name":
            continue
        if field in {"name", "color"}:
            raise InvalidInputError(
                f"{field} has no histogram", code="unknown-field", pointer="/fields", field=field
            )
        column_of(field, state.fields, pointer="/fields")


def histograms_of(
    cursor: Cursor,
    bins: Bins,
    pairs: Pairs,
    where: Where,
    rids: npt.NDArray[np.int32] | None,
    fields: Sequence[str],
    state: State,
) -> dict[str, dict[str, Any]]:
    """Return, per field, `{kind: "counts", values: {name: n}}` or `{kind: "bins", min, max, counts[50], missing}`.

    `rids` are the items that match `where` (None: all); `bins` holds every numeric field asked for.
    """
    subset = None if rids is None else Subset.of(rids, state.next_rid)
    per_split = pairs.items_per_split(subset)
    total = sum(per_split.values())
    result: dict[str, dict[str, Any]] = {}
    for field in fields:
        if field == "class_name":
            values = {state.classes[number]: n for number, n in pairs.items_per_class(subset).items()}
            result[field] = {"kind": "counts", "values": values}
        elif field == "split":
            result[field] = {"kind": "counts", "values": per_split}
        elif field == "cluster":
            result[field] = {"kind": "counts", "values": _clusters(cursor, where)}
        else:
            result[field] = histogram_json(bins.fields[field], subset, total)
    return result


def _clusters(cursor: Cursor, where: Where) -> dict[str, int]:
    rows = cursor.execute(
        f'SELECT "g:cluster", count(*) FROM item WHERE {where.sql} GROUP BY 1 ORDER BY 1', dict(where.params)
    ).fetchall()
    return {str(number): n for number, n in rows if number is not None}
