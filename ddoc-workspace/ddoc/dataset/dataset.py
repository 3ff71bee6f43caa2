"""One root, opened: its data, its index, and what is needed to work on it. The way into the library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ddoc.dataset import recovery
from ddoc.dataset.filters import Filter
from ddoc.dataset.index import Index
from ddoc.dataset.info import FILE_NAME, read_info
from ddoc.dataset.items import Annotation, DatasetInfo, ImageRef, Item
from ddoc.dataset.labels import ItemLabels, read_labels
from ddoc.dataset.samples import SampleStore
from ddoc.dataset.scan import Known, gone_row, read_files, scan_changes, stat_paths
from ddoc.dataset.schema import SCAN_SCHEMA, Table
from ddoc.dataset.selections import Selection
from ddoc.dataset.statistics import DatasetStats
from ddoc.errors import EmptySelectionError, NotFoundError
from ddoc.execution import Executor, SerialExecutor
from ddoc.paths import Layout
from ddoc.progress import Progress, no_progress


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """What a refresh found: items added, removed and changed, and the issues of the whole set by code."""

    added: int
    removed: int
    changed: int
    issues: Mapping[str, int]


class Dataset:
    """A root (an ingested dataset or a workspace). Open it with `Dataset.open`; close it when done."""

    def __init__(self, root: Path, index: Index) -> None:
        self.root = root
        self.layout = Layout(root)
        self.index = index
        self.samples = SampleStore(self.layout)
        self._info: tuple[tuple[int, int, int], DatasetInfo] | None = None

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        refresh: bool = True,
        executor: Executor | None = None,
        progress: Progress = no_progress,
    ) -> "Dataset":
        """Open a root: finish an edit that was cut short, then bring the index up to date with the files.

        `refresh=False` trusts the index as it is (a stat of every file is seconds at a million); an index that was
        never filled is filled all the same. Raises NotFoundError `dataset-yaml-missing`, ConflictError
        `index-in-use` when another process has it open.
        """
        layout = Layout(root)
        index = Index(layout)
        dataset = cls(root, index)
        try:
            touched = recovery.recover(layout)
            read_info(layout.data)
            if refresh or not index.state.info_key:
                dataset.refresh(executor=executor, progress=progress)
            elif touched:
                dataset.rescan(touched)
        except BaseException:
            index.close()
            raise
        return dataset

    def close(self) -> None:
        """Close the index."""
        self.index.close()

    def __enter__(self) -> "Dataset":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def info(self) -> DatasetInfo:
        """What `data/dataset.yaml` says now; read again only when its stat changed."""
        stat = (self.layout.data / FILE_NAME).stat() if (self.layout.data / FILE_NAME).exists() else None
        key = (stat.st_mtime_ns, stat.st_size, stat.st_ino) if stat is not None else None
        kept = self._info
        if kept is None or key is None or kept[0] != key:
            kept = self._info = (key or (0, 0, 0), read_info(self.layout.data))
        return kept[1]

    @property
    def version(self) -> str:
        """The opaque `data_version`."""
        return self.index.version

    # Keeping up with the files -----------------------------------------------------------------------------------

    def refresh(self, *, executor: Executor | None = None, progress: Progress = no_progress) -> ScanSummary:
        """Bring the index up to date with the files, reading only what stat says is new or changed."""
        with self.index.writing():
            scan = scan_changes(self.root, self.known(), executor=executor, progress=progress)
            return self.apply_scan(scan)

    def known(self) -> Table:
        """Return what `scan_changes` needs to know, as if nothing were known of the labels when the classes changed."""
        known = self.index.known()
        if self.index.state.info_key in {"", _info_key(self.info)}:
            return known
        position = known.column_names.index("label_sig")
        unknown = pa.array([-1], pa.int64()).take(pa.array([0] * known.num_rows, pa.int32()))
        return known.set_column(position, "label_sig", unknown)

    def apply_scan(self, scan: Table) -> ScanSummary:
        """Put what a scan found (here, or in a job's process) into the index."""
        applied = self.index.apply_scan(scan, info_key=_info_key(self.info))
        issues = self.statistics().issues
        return ScanSummary(applied.added, applied.removed, applied.changed, issues)

    def rescan(self, paths: Sequence[str], *, executor: Executor | None = None) -> None:
        """Bring the index up to date with the images at these paths (relative to `data/`), whatever happened there."""
        with self.index.writing():
            info = self.info
            found = list(stat_paths(self.layout.data, sorted(set(paths))))
            gone = [gone_row(path, info) for path, row in found if row is None]
            present = [row for _, row in found if row is not None]
            reuse = self._known_contents([row.inode for row in present])
            files = [(row, reuse.get((row.inode, row.bytes, row.mtime_ns))) for row in present]
            tables = list(read_files(self.layout.data, info, files, executor=executor or SerialExecutor()))
            scan = pa.concat_tables([pa.Table.from_pylist(gone, schema=SCAN_SCHEMA), *tables])
            key, old = _info_key(info), self.index.state.info_key
            grown = _extends(key, old)
            self.index.apply_scan(scan, info_key=key if grown else None)
            if not grown and _extends(old, key) and not self._is_used(_classes(old)[len(info.classes) :]):
                # the last classes went with the last of their annotations: no other label has to be read for that
                self.index.apply_scan(SCAN_SCHEMA.empty_table(), info_key=key)

    def _is_used(self, classes: Sequence[str]) -> bool:
        counts = self.statistics().classes
        return any(counts[name]["annotations"] for name in classes if name in counts)

    def _known_contents(self, inodes: Sequence[int]) -> dict[tuple[int, int, int], Known]:
        known = self.index.known_of(inodes)
        return {
            (row["inode"], row["bytes"], row["mtime_ns"]): Known(
                row["content_hash"], row["width"], row["height"], row["color"]
            )
            for row in known.to_pylist()
            if row["mtime_ns"] >= 0
        }

    # Reading -----------------------------------------------------------------------------------------------------

    def statistics(self, wanted: Filter | None = None) -> DatasetStats:
        """Return the statistics of the items that match; every class of dataset.yaml is listed."""
        return self.index.statistics(wanted, class_order=self.info.classes)

    def resolve(self, selection: Selection) -> list[str]:
        """Return the ids that a selection means; ids that do not exist are left out.

        Raises EmptySelectionError, NotFoundError `sample-not-found`, InvalidInputError `unknown-field`.
        """
        if selection.filter is not None:
            excepted = set(selection.except_ids)
            ids = [i for i in self.index.ids(selection.filter) if i not in excepted]
        else:
            named = selection.item_ids
            if named is None:
                named = self.samples.get(selection.sample_id or "").item_ids
            existing = set(self.index.ids(Filter(ids=tuple(named)))) if named else set[str]()
            ids = [i for i in dict.fromkeys(named) if i in existing]
        if not ids:
            raise EmptySelectionError("the selection matches no item")
        return ids

    def labels(self, item: Item) -> ItemLabels:
        """Return the annotations of an item as its files say, with everything that the index leaves out."""
        return read_labels(self.layout.data, item.path, info=self.info, width=item.width, height=item.height)

    def annotations(self, ids: Sequence[str]) -> dict[str, tuple[Annotation, ...] | None]:
        """Return the annotations of these items from their files; None for one that is not annotated."""
        info = self.info
        return {
            item.item_id: read_labels(
                self.layout.data, item.path, info=info, width=item.width, height=item.height
            ).annotations
            for item in self.index.items(ids)
        }

    def image_path(self, item: Item) -> Path:
        """Return where the image is. Raises NotFoundError when it went away since the last refresh."""
        path = self.layout.data / item.path
        if not path.is_file() or path.is_symlink():
            raise NotFoundError("the image is no longer there", code="image-missing", item_id=item.item_id)
        return path

    def image_refs(self, wanted: Filter | None = None) -> list[ImageRef]:
        """Return what an analyzer needs of the items that match; images that could not be read are left out."""
        table = self.index.items_table(wanted)
        table = table.filter(pc.call_function("greater", [table.column("width"), 0]))
        data = self.layout.data
        columns = (table.column(name).to_pylist() for name in ("item_id", "content_hash", "path"))
        return [ImageRef(i, h, str(data / p)) for i, h, p in zip(*columns, strict=True)]


def _classes(key: str) -> list[str]:
    return orjson.loads(key)[1]


def _extends(key: str, old: str) -> bool:
    """Whether labels read under `old` still mean the same: the classes only grew."""
    if not old:
        return True
    (task, classes), (old_task, old_classes) = orjson.loads(key), orjson.loads(old)
    return task == old_task and classes[: len(old_classes)] == old_classes


def _info_key(info: DatasetInfo) -> str:
    """Return what the reading of labels depends on."""
    return orjson.dumps([info.task, info.classes]).decode()
