"""Selections: which items a bulk action means. Exactly one way of saying it, and never "nothing" read as "all"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ddoc.dataset.filters import Filter
from ddoc.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Selection:
    """A set of items: ids, or a filter with exceptions, or a recorded sample.

    Raises InvalidInputError `invalid-selection` unless exactly one of the three is given.
    """

    item_ids: tuple[str, ...] | None = None
    filter: Filter | None = None
    except_ids: tuple[str, ...] = ()
    sample_id: str | None = None

    def __post_init__(self) -> None:
        given = [self.item_ids is not None, self.filter is not None, self.sample_id is not None]
        if sum(given) != 1:
            raise InvalidInputError(
                "give exactly one of item_ids, filter and sample_id", code="invalid-selection"
            )
        if self.except_ids and self.filter is None:
            raise InvalidInputError(
                "except_ids goes with filter", code="invalid-selection", pointer="/except_ids"
            )

    @classmethod
    def of(cls, item_ids: Sequence[str]) -> "Selection":
        """Return the selection of these ids."""
        return cls(item_ids=tuple(item_ids))

    def to_json(self) -> dict[str, Any]:
        """Return the given fields as plain data."""
        if self.item_ids is not None:
            return {"item_ids": list(self.item_ids)}
        if self.sample_id is not None:
            return {"sample_id": self.sample_id}
        plain: dict[str, Any] = {"filter": (self.filter or Filter()).to_json()}
        return plain | ({"except_ids": list(self.except_ids)} if self.except_ids else {})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Selection":
        """Read back what `to_json` gave, or what a client sent."""
        ids = data.get("item_ids")
        wanted = data.get("filter")
        return cls(
            item_ids=None if ids is None else tuple(ids),
            filter=None if wanted is None else Filter.from_json(wanted),
            except_ids=tuple(data.get("except_ids") or ()),
            sample_id=data.get("sample_id"),
        )
