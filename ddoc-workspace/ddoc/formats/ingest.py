"""From an archive or a folder to a root in the canonical layout: staged on the same disk, checked, renamed into place."""

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ddoc.dataset.info import read_info, write_info
from ddoc.dataset.items import Annotation, DatasetInfo, Task
from ddoc.dataset.labels import ItemLabels, encode_labels, label_paths
from ddoc.errors import InvalidInputError
from ddoc.execution import Executor, SerialExecutor, WorkerDied
from ddoc.formats.archives import extract
from ddoc.formats.limits import DEFAULT_LIMITS, Limits
from ddoc.formats.model import SourceDataset, SourceItem
from ddoc.formats.names import UniqueNames
from ddoc.formats.placing import Chunk, Placed, Placement, place
from ddoc.formats.registry import detect, format_named
from ddoc.formats.tree import scan_tree
from ddoc.paths import Layout, fsync_folder, write_atomic
from ddoc.progress import Progress, no_progress
from ddoc.reports import Report

RESULT_NAME = "ingest.json"
CHUNK = 256
_ORDER = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What an ingest brought in: `splits` counts items, `bytes` all files under `data/` but dataset.yaml."""

    info: DatasetInfo
    format: str
    items: int
    annotations: int
    bytes: int
    splits: Mapping[str, int]
    report: Report


def ingest(
    source: Path,
    root: Path,
    *,
    name: str,
    format: str | None = None,  # noqa: A002 (the word of the vocabulary)
    limits: Limits = DEFAULT_LIMITS,
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> IngestResult:
    """Bring `source`, an archive or a folder, into the new root `root`; its format is detected unless given.

    A source archive is read, a folder is copied (by reflink where possible) and never changed. Killed at any
    moment it leaves nothing but staging, which a repeat clears; a repeat of a finished ingest gives its result.
    Broken parts of the source end in the report. Raises InvalidInputError `no-images`, `unknown-format`,
    `format-mismatch`, and what `archives.extract` raises; DiskFullError.
    """
    layout = Layout(root)
    finished = _finished(layout)
    if finished is not None:
        return finished
    staging = layout.tmp / "ingest"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    report = Report()
    try:
        chosen = format_named(format) if format else None
        folder = source
        if not source.is_dir():
            folder = staging / "source"
            progress(0, None, unit="files", message="extracting")
            extract(source, folder, limits=limits, report=report)
        tree = scan_tree(folder, report)
        dataset = (chosen or detect(tree)).read(tree, report)
        run = _Run(dataset, staging / "data", name, move=folder != source, report=report)
        run.place_all(executor or SerialExecutor(), progress)
        result = run.result()
        _publish(layout, staging, result)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return result


def _finished(layout: Layout) -> IngestResult | None:
    """Return the result of an ingest that got as far as its rename."""
    record = layout.meta / RESULT_NAME
    if not layout.data.is_dir() or not record.is_file():
        return None
    raw = json.loads(record.read_bytes())
    return IngestResult(
        read_info(layout.data),
        raw["format"],
        raw["items"],
        raw["annotations"],
        raw["bytes"],
        raw["splits"],
        Report.from_json(raw["report"]),
    )


def _publish(layout: Layout, staging: Path, result: IngestResult) -> None:
    record: dict[str, Any] = {
        "format": result.format,
        "items": result.items,
        "annotations": result.annotations,
        "bytes": result.bytes,
        "splits": dict(result.splits),
        "report": result.report.to_json(),
    }
    write_atomic(layout.meta / RESULT_NAME, json.dumps(record, ensure_ascii=False).encode(), durable=True)
    (staging / "data").rename(layout.data)
    fsync_folder(layout.root)


@dataclass(frozen=True, slots=True)
class _Planned:
    """What is counted when an item's placement succeeds."""

    name: str
    split: str
    annotations: int


@dataclass(slots=True)
class _Run:
    """One ingest under way: names, labels and counts, in the order of the source."""

    dataset: SourceDataset
    data: Path
    name: str
    move: bool
    report: Report
    counts: Counter[str] = field(default_factory=Counter[str])
    annotations: int = 0
    size: int = 0
    outlined: bool = False
    seen: dict[bytes, tuple[str, str]] = field(default_factory=dict[bytes, tuple[str, str]])
    planned: dict[int, list[_Planned]] = field(default_factory=dict[int, list[_Planned]])
    chunks: dict[int, Chunk] = field(default_factory=dict[int, Chunk])
    known: DatasetInfo | None = None

    def place_all(self, executor: Executor, progress: Progress) -> None:
        """Place every item, in chunks."""
        done = 0
        for position, outcome in executor.map(place, self._chunks()):
            chunk, planned = self.chunks.pop(position), self.planned.pop(position)
            placed = self._one_by_one(chunk, executor) if isinstance(outcome, WorkerDied) else outcome
            for item, one in zip(planned, placed, strict=True):
                self._count(item, one)
            done += len(planned)
            progress(done, None, unit="items", message="reading")

    def result(self) -> IngestResult:
        """Write dataset.yaml and return the result. Raises InvalidInputError `no-images`."""
        if not self.counts:
            raise InvalidInputError(
                "none of the files is a readable image", code="no-images", report=self.report.to_json()
            )
        splits = {
            s: self.counts[s] for s in (*_ORDER, *sorted(set(self.counts) - set(_ORDER))) if self.counts[s]
        }
        info = self._info(tuple(splits))
        write_info(self.data, info)
        return IngestResult(
            info, self.dataset.format, sum(splits.values()), self.annotations, self.size, splits, self.report
        )

    def _info(self, splits: tuple[str, ...]) -> DatasetInfo:
        task: Task = self.dataset.task
        if task == "detect" and self.outlined:
            task = "segment"
        origin = {"format": self.dataset.format, **self.dataset.origin}
        return DatasetInfo(self.name, task, self.dataset.classes.names, splits, origin)

    def _chunks(self) -> Iterator[Chunk]:
        """Make the chunks, and their folders; an executor asks for them as it has room."""
        names, made = UniqueNames(self.report), set[str]()
        items = iter(self.dataset.items)
        position = 0
        while batch := list(islice(items, CHUNK)):
            pairs = [self._plan(item, names) for item in batch]
            chunk = Chunk(str(self.data), self.move, tuple(p for p, _ in pairs))
            self._make_folders(chunk.placements, made)
            self.chunks[position], self.planned[position] = chunk, [planned for _, planned in pairs]
            yield chunk
            position += 1

    def _plan(self, item: SourceItem, names: UniqueNames) -> tuple[Placement, _Planned]:
        name = names.take(self._flat(item))
        folder = item.split
        if self.dataset.task == "classify" and item.annotations:
            folder = f"{folder}/{item.annotations[0].class_name}"
        image = f"images/{folder}/{name}"
        text_path, sidecar_path = label_paths(image)
        if self.known is None or len(self.known.classes) != len(self.dataset.classes):
            self.known = self._info(())
        labels = ItemLabels(item.annotations, item.extra)
        text, sidecar = encode_labels(labels, info=self.known, width=item.width, height=item.height)
        self.outlined = self.outlined or any(_is_outline(a) for a in item.annotations or ())
        placement = Placement(str(item.image), image, text_path, text, sidecar_path, sidecar, item.header)
        return placement, _Planned(name, item.split, len(item.annotations or ()))

    def _flat(self, item: SourceItem) -> str:
        """Return the item's name; an unlabelled image of a classification set must not look as if it had a class."""
        if self.dataset.task != "classify" or item.annotations or "/" not in item.name:
            return item.name
        flat = item.name.replace("/", "_")
        self.report.note("flattened", item.name, "renamed", flat)
        return flat

    def _make_folders(self, placements: Iterable[Placement], made: set[str]) -> None:
        for placement in placements:
            wanted = [placement.image]
            wanted += (
                [placement.text_path] if placement.text is not None or placement.sidecar is not None else []
            )
            for path in wanted:
                folder = path[: path.rfind("/")]
                if folder not in made:
                    (self.data / folder).mkdir(parents=True, exist_ok=True)
                    made.add(folder)

    def _one_by_one(self, chunk: Chunk, executor: Executor) -> list[Placed]:
        """Place the items of a chunk that killed its worker each on its own, so that the bad file is named."""
        singles = [Chunk(chunk.data, chunk.move, (p,)) for p in chunk.placements]
        outcomes: dict[int, Placed] = {}
        for position, placed in executor.map(place, singles):
            died = isinstance(placed, WorkerDied)
            outcomes[position] = (
                Placed(b"", 0, complete=False, error="it crashed its reader") if died else placed[0]
            )
        return [outcomes[position] for position in range(len(singles))]

    def _count(self, item: _Planned, placed: Placed) -> None:
        if placed.error:
            self.report.note("unreadable-file", item.name, "skipped", placed.error)
            return
        if not placed.complete:
            self.report.note("incomplete-image", item.name, "kept", "the file is cut short")
        self.counts[item.split] += 1
        self.annotations += item.annotations
        self.size += placed.bytes
        first = self.seen.setdefault(placed.digest, (item.split, item.name))
        if first[1] != item.name:
            code = "identical-images" if first[0] == item.split else "identical-across-splits"
            self.report.note(code, item.name, "kept", f"the same bytes as {first[1]} in {first[0]}")


def _is_outline(annotation: Annotation) -> bool:
    return bool(annotation.polygons) or annotation.mask is not None
