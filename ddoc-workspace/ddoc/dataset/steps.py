"""Carrying out the renames of an edit, forward or back, so that a repeat after a crash changes nothing more."""

import ctypes
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ddoc.dataset.journal import Step

_IMAGES, _LABELS = "data/images", "data/labels"


def forward(root: Path, steps: Sequence[Step]) -> list[Step]:
    """Do every rename that is not done. Returns the steps whose source was missing (somebody took the file away)."""
    return _rename_all(root, [(step, step.source, step.target) for step in steps])


def backward(root: Path, steps: Sequence[Step]) -> list[Step]:
    """Undo every rename, last first. Returns the steps whose file was missing."""
    return _rename_all(root, [(step, step.target, step.source) for step in reversed(steps)])


def _rename_all(root: Path, moves: Sequence[tuple[Step, str, str]]) -> list[Step]:
    missing: list[Step] = []
    made: set[str] = set()
    for step, source, target in moves:
        if os.path.lexists(root / target):
            continue  # done before the crash; nothing is ever renamed over a file
        folder = os.path.dirname(target)  # noqa: PTH120 (a million Path objects cost seconds)
        if folder not in made:
            (root / folder).mkdir(parents=True, exist_ok=True)
            made.add(folder)
        try:
            os.rename(root / source, root / target)  # noqa: PTH104
        except FileNotFoundError:
            missing.append(step)
    sources = {os.path.dirname(source) for _, source, _ in moves}  # noqa: PTH120
    sync_folders(root / folder for folder in sources | made)
    prune(root, sources)
    return missing


def sync_folders(folders: Iterable[Path]) -> None:
    """Flush the entries of these folders to the disk: one by one, or the whole file system when there are many."""
    present = [folder for folder in folders if folder.is_dir()]
    if len(present) > 16:
        sync_file_system(present[0])
        return
    for folder in present:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_file_system(folder: Path) -> None:
    """Flush everything written to the file system of `folder` (syncfs): one wait instead of one per file."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if libc.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)


def prune(root: Path, folders: Iterable[str]) -> None:
    """Remove folders below a split that an edit left empty: an empty class folder stops some trainers."""
    for folder in folders:
        inner = folder
        while inner.count("/") > 2 and inner.startswith((f"{_IMAGES}/", f"{_LABELS}/")):
            try:
                (root / inner).rmdir()
            except OSError:
                break  # not empty, or already gone
            inner = os.path.dirname(inner)  # noqa: PTH120


def touched_images(steps: Iterable[Step]) -> list[str]:
    """Return the images (relative to `data/`) whose rows in the index the steps concern."""
    images: set[str] = set()
    for step in steps:
        if step.image:
            images.add(step.image)
        for path in (step.source, step.target):
            if path.startswith(f"{_IMAGES}/"):
                images.add(path.removeprefix("data/"))
    return sorted(images)
