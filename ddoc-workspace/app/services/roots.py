"""The roots that are open: each index is opened once, by this process, and shared by all requests."""

import threading
from collections import defaultdict
from pathlib import Path

from app.services.results import load_results
from app.settings import Settings
from app.stores.catalog import Catalog
from ddoc.dataset.dataset import Dataset
from ddoc.errors import NotFoundError
from ddoc.ids import check_id


class OpenRoots:
    """Opens datasets and workspaces by id and keeps them open until they are deleted or the service stops."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        self._settings = settings
        self._catalog = catalog
        self._open: dict[Path, Dataset] = {}
        self._warming: dict[Path, threading.Thread] = {}
        self._locks: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def dataset_root(self, dataset_id: str) -> Path:
        """Return where a dataset lies, whether or not it exists."""
        return self._settings.datasets_folder / check_id(dataset_id, what="dataset_id")

    def workspace_root(self, workspace_id: str) -> Path:
        """Return where a workspace lies, whether or not it exists."""
        return self._settings.workspaces_root / check_id(workspace_id, what="workspace_id")

    def dataset(self, dataset_id: str) -> Dataset:
        """Return an ingested dataset, opened. Raises NotFoundError `unknown-dataset`."""
        self._catalog.datasets.get(dataset_id)
        return self._opened(self.dataset_root(dataset_id), refresh=False)

    def workspace(self, workspace_id: str) -> Dataset:
        """Return a workspace's data, opened; the first opening looks at every file's stat.

        Raises NotFoundError `unknown-workspace`.
        """
        root = self.workspace_root(workspace_id)
        opened = self._open.get(root)
        if opened is not None:
            return opened
        self._catalog.workspaces.get(workspace_id)
        return self._opened(root, refresh=True)

    def is_open(self, root: Path) -> bool:
        """Tell whether a root is open here."""
        return root in self._open

    def close(self, root: Path) -> None:
        """Close a root, so that its folder can be moved. Does nothing when it is not open."""
        with self._lock_of(root):
            dataset = self._open.pop(root, None)
            warming = self._warming.pop(root, None)
            if warming is not None:
                warming.join()
            if dataset is not None:
                dataset.close()

    def close_all(self) -> None:
        """Close every root; the service is stopping."""
        for root in list(self._open):
            self.close(root)

    def _opened(self, root: Path, *, refresh: bool) -> Dataset:
        dataset = self._open.get(root)
        if dataset is not None:
            return dataset
        with self._lock_of(root):
            dataset = self._open.get(root)
            if dataset is None:
                if not root.is_dir():
                    raise NotFoundError("its folder is gone", code="folder-missing")
                dataset = Dataset.open(root, refresh=refresh)
                load_results(dataset, self._score_files(root.name))
                self._open[root] = dataset
                self._warm(root, dataset)
            return dataset

    def reload_results(self, root: Path) -> None:
        """Load what analyses and drift reports say about a root into its index, if it is open."""
        dataset = self._open.get(root)
        if dataset is not None:
            load_results(dataset, self._score_files(root.name))

    def _warm(self, root: Path, dataset: Dataset) -> None:
        """Read ahead what the first pages need, while the request that opened the root goes on."""
        thread = threading.Thread(target=dataset.index.warm, name="warm-index", daemon=True)
        self._warming[root] = thread
        thread.start()

    def _score_files(self, name: str) -> dict[str, list[Path]]:
        """Return the files with scores of each drift report that speaks of this dataset or workspace."""
        workspace = self._catalog.workspaces.find(name)
        names = {name} | ({workspace.dataset_id} if workspace and workspace.dataset_id else set())
        found: dict[str, list[Path]] = {}
        for report in self._catalog.drift_reports.page(limit=100).items:
            sides = (report.base, report.target)
            if any({side.get("dataset_id"), side.get("workspace_id")} & names for side in sides):
                folder = self._settings.drift_folder / report.report_id
                found[report.report_id] = [folder / "scores-base.parquet", folder / "scores-target.parquet"]
        return found

    def _lock_of(self, root: Path) -> threading.Lock:
        with self._guard:
            return self._locks[root]
