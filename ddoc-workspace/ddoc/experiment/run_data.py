"""The data of a run: a read-only tree of one snapshot in the format that the trainer wants, kept for the next run."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from ddoc.dataset.info import read_info, write_info
from ddoc.dataset.labels import label_paths
from ddoc.errors import InvalidInputError
from ddoc.experiment.runner.isolation import landlock_version
from ddoc.experiment.trainers import DataFormat
from ddoc.experiment.training_data import image_paths, read_item, read_items
from ddoc.formats.export import export
from ddoc.formats.model import ExportItem
from ddoc.ids import new_id
from ddoc.paths import Layout, link_or_copy
from ddoc.progress import Progress, no_progress
from ddoc.reports import Report

_KEPT = 6
_READ_ONLY_FILE, _READ_ONLY_FOLDER = 0o444, 0o555


class Materialiser(Protocol):
    """Gives a snapshot's `data/` as a tree of files."""

    def materialise(self, sid: str, target: Path, *, link: bool = True) -> Any:
        """Make the new folder `target` the `data/` of snapshot `sid`, by hard links where possible."""
        ...


class RunData:
    """The exports for runs of one root, under `.ddoc/cache/run-data/<data hash>-<format>/`."""

    def __init__(self, layout: Layout, snapshots: Materialiser) -> None:
        self._folder = layout.meta / "cache" / "run-data"
        self._tmp = layout.tmp
        self._snapshots = snapshots

    def full(
        self, snapshot_id: str, data_hash: str, wanted: DataFormat, *, progress: Progress = no_progress
    ) -> Path:
        """Return the snapshot's data in the wanted format. Made once per content and format."""
        canonical = self._cached(f"{data_hash}-ddoc", lambda t: self._materialise(snapshot_id, t))
        if wanted == "ddoc":
            return canonical
        return self._cached(
            f"{data_hash}-{wanted}", lambda t: _convert(canonical, t, wanted=wanted, progress=progress)
        )

    def few(self, snapshot_id: str, data_hash: str, wanted: DataFormat, *, images: int = 8) -> Path:
        """Return a few images of the snapshot in the wanted format, spread over splits and classes."""
        canonical = self.full(snapshot_id, data_hash, "ddoc")
        small = self._cached(f"{data_hash}-ddoc-few", lambda t: _pick(canonical, t, images))
        if wanted == "ddoc":
            return small
        return self._cached(
            f"{data_hash}-{wanted}-few", lambda t: _convert(small, t, wanted=wanted, progress=no_progress)
        )

    def prune(self, in_use: set[str]) -> None:
        """Remove the exports that were used longest ago, beyond the newest six; those of hashes in use stay."""
        if not self._folder.is_dir():
            return
        newest_first = sorted(self._folder.iterdir(), key=lambda p: p.stat().st_mtime, reverse=True)
        for folder in newest_first[_KEPT:]:
            if folder.name.split("-")[0] not in in_use:
                _remove(folder)

    def _cached(self, name: str, make: Any) -> Path:
        target = self._folder / name
        if not target.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._tmp.mkdir(parents=True, exist_ok=True)
            staging = self._tmp / new_id("run-data")
            try:
                make(staging)
                _make_read_only(staging)
                _publish(staging, target)
            finally:
                _remove(staging)
        os.utime(target)
        return target

    def _materialise(self, snapshot_id: str, target: Path) -> None:
        # links share their bytes with the history: only where a trainer cannot write to them
        self._snapshots.materialise(snapshot_id, target, link=landlock_version() > 0 or os.geteuid() != 0)


def _publish(staging: Path, target: Path) -> None:
    staging.chmod(0o755)  # a folder must be writable to be moved by a user who is not root
    try:
        staging.rename(target)
    except OSError:
        # another run made the same at the same time; equal names have equal content
        if not target.is_dir():
            raise
        return
    target.chmod(_READ_ONLY_FOLDER)


def _convert(source: Path, target: Path, *, wanted: DataFormat, progress: Progress) -> None:
    total = len(image_paths(source))

    def counted() -> Iterator[ExportItem]:
        for done, item in enumerate(read_items(source)):
            if done % 200 == 0:
                progress(done, total, message=f"exporting as {wanted}")
            yield item

    export(counted(), read_info(source), format=wanted, target=target, link=True, report=Report())


def _pick(source: Path, target: Path, images: int) -> None:
    """Link `images` of the source's images, with labels, in turn from each split and class."""
    info = read_info(source)
    turns: dict[tuple[str, str], list[ExportItem]] = {}
    for path in image_paths(source)[:2000]:
        item = read_item(source, path, info)
        if item is not None and item.annotations:
            turns.setdefault((item.split, item.annotations[0].class_name), []).append(item)
    rounds = max((len(items) for items in turns.values()), default=0)
    in_turn = [items[n] for n in range(rounds) for items in turns.values() if n < len(items)]
    target.mkdir(parents=True)
    for item in in_turn[:images]:
        path = item.image.relative_to(source).as_posix()
        for name in (path, *label_paths(path)):
            if (source / name).exists():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                link_or_copy(source / name, target / name)
    if not in_turn:
        raise InvalidInputError("no annotated image to train on in this snapshot", code="nothing-to-train-on")
    write_info(target, info)


def _make_read_only(folder: Path) -> None:
    for parent, folders, files in os.walk(folder):
        for name in files:
            path = Path(parent, name)
            if path.stat().st_mode & 0o222:
                path.chmod(_READ_ONLY_FILE)
        for name in folders:
            Path(parent, name).chmod(_READ_ONLY_FOLDER)


def _remove(folder: Path) -> None:
    if not folder.is_dir():
        return
    for parent, folders, _ in os.walk(folder):
        Path(parent).chmod(0o755)
        for name in folders:
            Path(parent, name).chmod(0o755)
    shutil.rmtree(folder)
