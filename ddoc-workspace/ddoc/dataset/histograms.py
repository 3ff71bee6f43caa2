"""Histograms per field over a filter or a view: what the sidebar of the explorer shows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ddoc.dataset.bins import Bins, histogram_json, mask_of
from ddoc.dataset.database import Cursor, bound
from ddoc.dataset.filters import column_of
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
    rids: npt.NDArray[np.int32] | None,
    total: int,
    fields: Sequence[str],
    state: State,
) -> dict[str, dict[str, Any]]:
    """Return, per field, `{kind: "counts", values: {name: n}}` or `{kind: "bins", min, max, counts[50], missing}`.

    `rids` are the items to count (None: all `total` of them); `bins` holds every numeric field asked for.
    """
    result: dict[str, dict[str, Any]] = {}
    mask = None if rids is None else mask_of(rids, state.next_rid)
    for field in fields:
        if field == "class_name":
            values = {state.classes[number]: n for number, n in pairs.items_per_class(mask).items()}
            result[field] = {"kind": "counts", "values": values}
        elif field == "split":
            result[field] = {"kind": "counts", "values": pairs.items_per_split(mask)}
        elif field == "cluster":
            result[field] = {"kind": "counts", "values": _clusters(cursor, rids)}
        else:
            result[field] = histogram_json(bins.fields[field], mask, total)
    return result


def _clusters(cursor: Cursor, rids: npt.NDArray[np.int32] | None) -> dict[str, int]:
    query = 'SELECT "g:cluster", count(*) FROM item{} GROUP BY 1 ORDER BY 1'
    if rids is None:
        rows = cursor.execute(query.format("")).fetchall()
    else:
        with bound(cursor, chosen=pa.table({"rid": rids})):
            rows = cursor.execute(query.format(" WHERE rid IN (SELECT rid FROM chosen)")).fetchall()
    return {str(number): n for number, n in rows if number is not None}
