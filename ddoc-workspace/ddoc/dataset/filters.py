# ruff: noqa: S608 (identifiers are our own, quoted; values are parameters)
"""Filters and orders of items: what callers say, checked, and the SQL that it means."""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ddoc.dataset.schema import quoted
from ddoc.errors import InvalidInputError

_ITEM_ID = re.compile(r"[0-9a-f]{16}")


def is_item_id(text: str) -> bool:
    """Whether `text` has the form of an item id."""
    return _ITEM_ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Range:
    """A closed range; a side that is None is open."""

    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class AttributeRange:
    """A closed range of one attribute (or of `outlier`, `x`, `y` of the groups)."""

    name: str
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class ScoreRange:
    """A closed range of the score that one drift report gave."""

    report_id: str
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which items: every given field must hold; an empty filter is all items.

    `class_names` means any of them. `has_annotations` asks for at least one annotation; `annotated` for a label
    file (a background image is annotated without annotations). `text` is part of the file name, whatever the
    case. `issue` is the code of a finding of the scan.
    """

    split: str | None = None
    class_name: str | None = None
    class_names: tuple[str, ...] | None = None
    has_annotations: bool | None = None
    annotated: bool | None = None
    annotation_count: Range | None = None
    attribute: tuple[AttributeRange, ...] = ()
    drift_score: ScoreRange | None = None
    cluster: int | None = None
    duplicate_group: int | None = None
    text: str | None = None
    issue: str | None = None
    ids: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the given fields as plain data."""
        out: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or value == ():
                if field.name in {"ids", "class_names"} and value == ():
                    out[field.name] = []
                continue
            out[field.name] = _plain(value)
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Filter":
        """Read back what `to_json` gave, or what a client sent.

        Raises InvalidInputError `unknown-field` for a field that no filter has.
        """
        known = {field.name for field in fields(cls)}
        for name in data:
            if name not in known:
                raise InvalidInputError(
                    f"no filter has a field {name!r}", code="unknown-field", pointer=f"/{name}"
                )
        values = {name: value for name, value in data.items() if value is not None}
        try:
            _build_ranges(values)
            return cls(**values)
        except (TypeError, AttributeError) as error:
            raise InvalidInputError("the filter is not well-formed", code="invalid-filter") from error


def _build_ranges(values: dict[str, Any]) -> None:
    if "annotation_count" in values:
        values["annotation_count"] = Range(**values["annotation_count"])
    if "attribute" in values:
        values["attribute"] = tuple(AttributeRange(**entry) for entry in values["attribute"])
    if "drift_score" in values:
        values["drift_score"] = ScoreRange(**values["drift_score"])
    for name in ("ids", "class_names"):
        if name in values:
            values[name] = tuple(values[name])


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, (Range, AttributeRange, ScoreRange)):
        return {f.name: v for f in fields(value) if (v := getattr(value, f.name)) is not None}
    return value


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class Fields:
    """What can be asked of the items now: names of attributes, drift reports and classes."""

    attributes: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    class_ids: Mapping[str, int] | None = None
    grouped: bool = False


_PLAIN_FIELDS = {
    "name": "name",
    "split": "split",
    "width": "width",
    "height": "height",
    "bytes": "bytes",
    "annotation_count": "annotation_count",
    "color": "color",
}
_GROUP_FIELDS = ("cluster", "duplicate_group", "outlier", "x", "y")


def column_of(field: str, known: Fields, *, pointer: str) -> str:
    """Return the SQL column of a field: a column of the item, an attribute, a group or `drift_score:<report_id>`.

    Raises InvalidInputError `unknown-field`.
    """
    if field in known.attributes:
        return quoted(f"a:{field}")
    if field in _PLAIN_FIELDS:
        return _PLAIN_FIELDS[field]
    if field in _GROUP_FIELDS and known.grouped:
        return quoted(f"g:{field}")
    kind, _, report = field.partition(":")
    if kind == "drift_score" and report in known.reports:
        return quoted(f"s:{report}")
    raise InvalidInputError(
        f"there is no field {field!r} here", code="unknown-field", pointer=pointer, field=field
    )


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on `item`: SQL with `$name` parameters, and lists of ids too long for parameters."""

    sql: str
    params: Mapping[str, Any]
    ids: Sequence[int] | None = None
    """Numbers of the ids that are bound as table `filter_ids(iid)`; None when the filter names no ids."""


def compile_filter(wanted: Filter, known: Fields) -> Where:
    """Return the condition that `wanted` means.

    A class, split or issue that does not exist matches nothing; an attribute, report or grouping that does not
    exist is refused (InvalidInputError `unknown-field`), since it would hide a missing analysis.
    """
    terms: list[str] = []
    params: dict[str, Any] = {}
    _plain_terms(wanted, terms, params)
    _class_terms(wanted, known, terms)
    _range_terms(wanted, known, terms, params)
    for name, value in (("cluster", wanted.cluster), ("duplicate_group", wanted.duplicate_group)):
        if value is not None:
            terms.append(f"{column_of(name, known, pointer=f'/{name}')} = {int(value)}")
    ids = None
    if wanted.ids is not None:
        ids = [int(i, 16) for i in wanted.ids if is_item_id(i)]
        terms.append("iid IN (SELECT iid FROM filter_ids)")
    return Where(" AND ".join(terms) or "TRUE", params, ids)


def _plain_terms(wanted: Filter, terms: list[str], params: dict[str, Any]) -> None:
    if wanted.split is not None:
        terms.append("split = $split")
        params["split"] = wanted.split
    if wanted.has_annotations is not None:
        terms.append("annotation_count > 0" if wanted.has_annotations else "annotation_count = 0")
    if wanted.annotated is not None:
        terms.append("annotated" if wanted.annotated else "NOT annotated")
    if wanted.text:
        terms.append("contains(lower(name), $text)")
        params["text"] = unicodedata.normalize("NFC", wanted.text).lower()
    if wanted.issue is not None:
        terms.append("rid IN (SELECT rid FROM issue WHERE code = $issue)")
        params["issue"] = wanted.issue


def _class_terms(wanted: Filter, known: Fields, terms: list[str]) -> None:
    ids = known.class_ids or {}
    if wanted.class_name is not None:
        terms.append(f"rid IN (SELECT rid FROM item_class WHERE class_id = {ids.get(wanted.class_name, -1)})")
    if wanted.class_names is not None:
        listed = ", ".join(str(ids[name]) for name in wanted.class_names if name in ids) or "-1"
        terms.append(f"rid IN (SELECT rid FROM item_class WHERE class_id IN ({listed}))")


def _range_terms(wanted: Filter, known: Fields, terms: list[str], params: dict[str, Any]) -> None:
    if (count := wanted.annotation_count) is not None:
        _range(terms, params, "annotation_count", "count", count.min, count.max, "/annotation_count")
    for position, entry in enumerate(wanted.attribute):
        pointer = f"/attribute/{position}"
        column = column_of(entry.name, known, pointer=f"{pointer}/name")
        _range(terms, params, column, f"a{position}", entry.min, entry.max, pointer)
    if (score := wanted.drift_score) is not None:
        column = column_of(f"drift_score:{score.report_id}", known, pointer="/drift_score/report_id")
        _range(terms, params, column, "score", score.min, score.max, "/drift_score")


def _range(
    terms: list[str],
    params: dict[str, Any],
    column: str,
    name: str,
    low: float | None,
    high: float | None,
    pointer: str,
) -> None:
    for value in (low, high):
        if value is not None and math.isnan(value):
            raise InvalidInputError("a bound is not a number", code="invalid-range", pointer=pointer)
    if low is not None and high is not None and low > high:
        raise InvalidInputError("min is above max", code="invalid-range", pointer=pointer)
    if low is None and high is None:
        terms.append(f"{column} IS NOT NULL")
    if low is not None:
        terms.append(f"{column} >= $min_{name}::FLOAT")
        params[f"min_{name}"] = low
    if high is not None:
        terms.append(f"{column} <= $max_{name}::FLOAT")
        params[f"max_{name}"] = high


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of items: by one field, then by position in the index. Items without a value come last."""

    field: str | None = None
    descending: bool = False

    @classmethod
    def parse(cls, text: str | None) -> "Sort":
        """Read `field` or `-field`; None or "" is the order of the index."""
        if not text:
            return cls()
        return cls(text.removeprefix("-"), text.startswith("-"))

    def __str__(self) -> str:
        return ("-" if self.descending else "") + (self.field or "")

    def column(self, known: Fields) -> str | None:
        """Return the SQL column, or None for the order of the index. Raises InvalidInputError `unknown-field`."""
        return None if self.field is None else column_of(self.field, known, pointer="/sort")

    def order_by(self, known: Fields) -> str:
        """Return the ORDER BY list."""
        column = self.column(known)
        if column is None:
            return "rid"
        return f"{column} {'DESC' if self.descending else 'ASC'} NULLS LAST, rid"
