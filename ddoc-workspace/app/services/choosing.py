"""What sampling needs of the service: the sides of drift reports, which lie in other roots."""

from pathlib import Path
from typing import Any

import numpy as np

from app.services.roots import OpenRoots
from app.settings import Settings
from app.stores.catalog import Catalog
from ddoc.analysis import ATTRIBUTES_KEY, ResultsStore, VectorStore
from ddoc.dataset.dataset import Dataset
from ddoc.drift import COMPARED_ATTRIBUTES, load_scores
from ddoc.errors import UnavailableError
from ddoc.ids import check_id
from ddoc.paths import Layout
from ddoc.sampling import DatasetSource, ReportSides


class Choosing:
    """Makes the sources that samples are drawn from."""

    def __init__(self, settings: Settings, catalog: Catalog, roots: OpenRoots) -> None:
        self._settings = settings
        self._catalog = catalog
        self._roots = roots

    def source(self, dataset: Dataset) -> DatasetSource:
        """Return the items of an opened root as a source that knows the drift reports."""
        return DatasetSource(dataset, sides_of=self.sides, compared_attributes=COMPARED_ATTRIBUTES)

    def sides(self, report_id: str, features: str, encoder: str | None) -> ReportSides:
        """Return the sides of a report: content hashes of the base and features (n, d) of both.

        `features` is `attributes` (raw values) or `embedding` (rows of length 1 of `encoder`). Raises NotFoundError
        `unknown-drift-report`, UnavailableError `needs-report` where a side is gone.
        """
        record = self._catalog.drift_reports.get(report_id)
        folder = self._settings.drift_folder / check_id(report_id)
        base_hashes: list[str] = load_scores(folder, "base")["content_hash"].to_pylist()
        target_hashes: list[str] = load_scores(folder, "target")["content_hash"].to_pylist()
        base, kept = self._features(self._root(record.base), base_hashes, features, encoder)
        target, _ = self._features(self._root(record.target), target_hashes, features, encoder)
        return ReportSides([base_hashes[row] for row in kept], base, target)

    def _root(self, side: Any) -> Path:
        if side.get("workspace_id"):
            root = self._roots.workspace_root(side["workspace_id"])
        else:
            root = self._roots.dataset_root(side["dataset_id"])
        if not root.is_dir():
            raise UnavailableError("a side of the report was deleted", code="needs-report")
        return root

    @staticmethod
    def _features(root: Path, hashes: list[str], features: str, encoder: str | None) -> tuple[Any, list[int]]:
        layout = Layout(root)
        if features == "attributes":
            values = ResultsStore(layout.analysis, ATTRIBUTES_KEY).matrix(hashes, COMPARED_ATTRIBUTES)
            rows = np.flatnonzero(np.isfinite(values).all(axis=1)).tolist()
            return values[rows].astype(np.float32), rows
        if encoder is None or not VectorStore.exists(layout.vectors, encoder):
            raise UnavailableError(
                "run the embedding analysis first", code="needs-embedding", encoder=encoder
            )
        store = VectorStore(layout.vectors, encoder)
        rows = [row for row, known in enumerate(store.have(hashes)) if known]
        vectors = store.rows([hashes[row] for row in rows])
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.maximum(norms, np.float32(1e-12)), rows
