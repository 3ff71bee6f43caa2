"""Where strategies get what they need of the items: labels, values, vectors, the sides of a drift report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from ddoc.analysis import VectorStore, get_encoder, last_encoder
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.filters import Filter
from ddoc.dataset.resplit import label_matrix
from ddoc.dataset.schema import Table
from ddoc.dataset.stratify import Labels
from ddoc.errors import InvalidInputError, UnavailableError

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ReportSides:
    """The two sides of a drift report: content hashes and features (n, d), of one feature space."""

    base_hashes: Sequence[str]
    base: Floats
    target: Floats


class SampleSource(Protocol):
    """What strategies may ask of a pool of items. All arrays follow the order of the ids given."""

    version: str

    def ids(self, pool: Filter | None) -> list[str]:
        """Return the ids of the pool in the order of the index."""
        ...

    def hashes(self, ids: Sequence[str]) -> list[str]:
        """Return the content hash of each item."""
        ...

    def values(self, ids: Sequence[str], field: str) -> Floats:
        """Return (n,) of a field, NaN where an item has none. Raises InvalidInputError `unknown-field`."""
        ...

    def class_counts(self, ids: Sequence[str]) -> tuple[Labels, tuple[str, ...]]:
        """Return ((n, classes) annotation counts, class names)."""
        ...

    def strata(self, ids: Sequence[str]) -> Labels:
        """Return (n, labels): what stratification keeps the shares of."""
        ...

    def duplicate_groups(self, ids: Sequence[str]) -> list[int | None] | None:
        """Return each item's near-duplicate group (None: alone), or None where no analysis found groups."""
        ...

    def vectors(self, ids: Sequence[str], encoder: str | None) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Return ((m, d) rows of length 1 of the items that have a vector, (n,) which those are).

        Raises UnavailableError `needs-embedding` where no item has one.
        """
        ...

    def attributes(self, ids: Sequence[str], names: Sequence[str]) -> Floats:
        """Return (n, names)."""
        ...

    def text_vector(self, text: str, encoder: str | None) -> Floats:
        """Return (d,) of a text. Raises UnavailableError where the encoder has no text."""
        ...

    def sides(self, report_id: str, *, features: str, encoder: str | None) -> ReportSides:
        """Return the sides of a drift report. Raises NotFoundError, UnavailableError `needs-embedding`."""
        ...

    def report_attributes(self) -> tuple[str, ...]:
        """Return the names of the attributes that `sides(features="attributes")` gives, in order."""
        ...


SidesOf = Callable[[str, str, str | None], ReportSides]
"""(report_id, features, encoder key) → sides."""


class DatasetSource:
    """The items of an opened root. `sides_of` finds the sides of drift reports, which only the caller knows."""

    def __init__(
        self,
        dataset: Dataset,
        *,
        sides_of: SidesOf | None = None,
        compared_attributes: tuple[str, ...] = (),
    ) -> None:
        self._dataset = dataset
        self._sides_of = sides_of
        self._compared = compared_attributes
        self.version = dataset.version
        self._values: Table = None
        self._row: dict[str, int] = {}

    def _table(self) -> Table:
        if self._values is None:
            self._values = self._dataset.index.values_table()
            ids = self._values.column("item_id").to_pylist()
            self._row = {item_id: row for row, item_id in enumerate(ids)}
        return self._values

    def _rows(self, ids: Sequence[str]) -> npt.NDArray[np.int64]:
        self._table()
        return np.fromiter((self._row[i] for i in ids), np.int64, len(ids))

    def _column(self, ids: Sequence[str], name: str) -> Any:
        return self._table().column(name).take(pa.array(self._rows(ids)))

    def ids(self, pool: Filter | None) -> list[str]:
        """Return the ids of the pool in the order of the index."""
        return self._dataset.index.ids(pool)

    def hashes(self, ids: Sequence[str]) -> list[str]:
        """Return the content hash of each item."""
        return self._column(ids, "content_hash").to_pylist()

    def values(self, ids: Sequence[str], field: str) -> Floats:
        """Return (n,) of a field, NaN where an item has none. Raises InvalidInputError `unknown-field`."""
        table = self._table()
        if field not in table.column_names or field in {"item_id", "content_hash", "split"}:
            raise InvalidInputError(
                f"there is no field {field!r} here",
                code="unknown-field",
                pointer="/strategy/field",
                field=field,
            )
        column = self._column(ids, field).cast(pa.float32(), safe=False)
        return np.asarray(column.to_numpy(zero_copy_only=False), np.float32)

    def class_counts(self, ids: Sequence[str]) -> tuple[Labels, tuple[str, ...]]:
        """Return ((n, classes) annotation counts, class names in the order of dataset.yaml)."""
        table = self._dataset.index.classes_table()
        row_of = {item_id: row for row, item_id in enumerate(ids)}
        columns: dict[str, int] = {name: n for n, name in enumerate(self._dataset.info.classes)}
        entries = [
            (row_of[item_id], columns.setdefault(name, len(columns)), n)
            for item_id, name, n in zip(*(c.to_pylist() for c in table.columns), strict=True)
            if item_id in row_of
        ]
        rows, cols, data = (
            (np.array(part, np.int64) for part in zip(*entries, strict=True)) if entries else ([], [], [])
        )
        matrix = sparse.csr_array(
            (np.asarray(data, np.float64), (rows, cols)), shape=(len(ids), len(columns))
        )
        return matrix, tuple(columns)

    def strata(self, ids: Sequence[str]) -> Labels:
        """Return (n, classes × box size)."""
        return label_matrix(self._dataset, list(ids))

    def duplicate_groups(self, ids: Sequence[str]) -> list[int | None] | None:
        """Return each item's near-duplicate group, or None where no analysis found groups."""
        if not self._dataset.index.state.grouped:
            return None
        return self._column(ids, "duplicate_group").to_pylist()

    def vectors(self, ids: Sequence[str], encoder: str | None) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Return ((m, d), (n,) which items have a vector). Raises UnavailableError `needs-embedding`."""
        key = self._encoder_key(encoder)
        if key is None or not VectorStore.exists(self._dataset.layout.vectors, key):
            raise UnavailableError(
                "run the embedding analysis first", code="needs-embedding", encoder=encoder
            )
        store = VectorStore(self._dataset.layout.vectors, key)
        hashes = self.hashes(ids)
        have = np.array(store.have(hashes), bool)
        if not have.any():
            raise UnavailableError("run the embedding analysis first", code="needs-embedding", encoder=key)
        return unit_rows(store.rows([h for h, known in zip(hashes, have, strict=True) if known])), have

    def _encoder_key(self, encoder: str | None) -> str | None:
        if encoder is None:
            return last_encoder(self._dataset.layout)
        if VectorStore.exists(self._dataset.layout.vectors, encoder):
            return encoder
        return get_encoder(encoder).key

    def attributes(self, ids: Sequence[str], names: Sequence[str]) -> Floats:
        """Return (n, names)."""
        return np.stack([self.values(ids, name) for name in names], axis=1)

    def text_vector(self, text: str, encoder: str | None) -> Floats:
        """Return (d,) of a text. Raises UnavailableError where the encoder has no text."""
        key = self._encoder_key(encoder)
        name = encoder or (key or "").split("-")[0]
        vector = get_encoder(name).encode_text([text])
        return unit_rows(np.asarray(vector, np.float32))[0]

    def sides(self, report_id: str, *, features: str, encoder: str | None) -> ReportSides:
        """Return the sides of a drift report. Raises NotFoundError, UnavailableError `needs-report`."""
        if self._sides_of is None:
            raise UnavailableError("drift reports are not at hand here", code="needs-report")
        key = self._encoder_key(encoder) if features == "embedding" else None
        return self._sides_of(report_id, features, key)

    def report_attributes(self) -> tuple[str, ...]:
        """Return the names of the attributes that drift reports compare."""
        return self._compared


def unit_rows(matrix: Floats) -> Floats:
    """Return the rows at length 1; rows of zeros stay zero."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.divide(matrix, norms, out=np.zeros_like(matrix), where=norms > 0)
