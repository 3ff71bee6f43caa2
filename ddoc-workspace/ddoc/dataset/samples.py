"""Recorded samples: one JSON file each, so that a choice can be looked at, used and replayed later."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ddoc.errors import NotFoundError
from ddoc.ids import check_id
from ddoc.paths import Layout, write_atomic


@dataclass(frozen=True, slots=True)
class SampleRecord:
    """A sample as stored: the ids in order of choice, and all that is needed to make it again.

    `request` is plain data (strategy, size, pool, seed, include); `detail` is what the strategy reported.
    """

    sample_id: str
    request: Mapping[str, Any]
    item_ids: tuple[str, ...]
    pool_size: int
    data_version: str
    created_at: str
    detail: Mapping[str, Any]


class SampleStore:
    """The recorded samples of a root."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.samples

    def save(self, record: SampleRecord) -> None:
        """Write a record."""
        plain = {name: getattr(record, name) for name in record.__slots__}
        write_atomic(self._folder / f"{check_id(record.sample_id)}.json", orjson.dumps(plain))

    def get(self, sample_id: str) -> SampleRecord:
        """Return a record. Raises NotFoundError `sample-not-found`."""
        path = self._folder / f"{check_id(sample_id, what='sample_id')}.json"
        try:
            stored: dict[str, Any] = orjson.loads(path.read_bytes())
        except FileNotFoundError:
            raise NotFoundError(
                "no sample has this id", code="sample-not-found", sample_id=sample_id
            ) from None
        stored["item_ids"] = tuple(stored["item_ids"])
        return SampleRecord(**stored)

    def list(self) -> list[SampleRecord]:
        """Return all records, newest first."""
        records = [
            self.get(path.stem) for path in self._folder.glob("*.json") if not path.name.startswith(".")
        ]
        return sorted(records, key=lambda record: (record.created_at, record.sample_id), reverse=True)

    def delete(self, sample_id: str) -> None:
        """Forget a record. Raises NotFoundError `sample-not-found`."""
        self.get(sample_id)
        (self._folder / f"{sample_id}.json").unlink(missing_ok=True)
