"""Carrying out the renames of an edit, forward or back, so that a repeat after a crash changes nothing more."""

import ctypes
import errno
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ddoc.dataset.journal import Step
from ddoc.paths import atomic_path, clone_or_copy

_IMAGES, _LABELS = "data/images", "data/labels"


def forward(root: Path, steps: Sequence[Step]) -> list[Step]:
    """Do every rename that is not done. Returns the steps whose file was missing (somebody took it away)."""
    return _carry_out(root, [(step, step.source, step.target, step.kept) for step in steps])


def backward(root: Path, steps: Sequence[Step]) -> list[Step]:
    """Undo every rename, last first. Returns the steps whose file was missing."""
    back: list[_Move] = []
    for step in reversed(steps):
        if step.kept is None:
            back.append((step, step.target, step.source, None))
        else:
            back.append((step, step.kept, step.target, step.source))
    return _carry_out(root, back)


_Move = tuple[Step, str, str, str | None]
"""(step, source, target, where to keep what is replaced)."""


def _carry_out(root: Path, moves: Sequence[_Move]) -> list[Step]:
    missing: list[Step] = []
    made: set[str] = set()
    for step, source, target, kept in moves:
        for path in (target, kept):
            folder = os.path.dirname(path) if path is not None else ""  # noqa: PTH120 (Path is slow, a million times)
            if folder and folder not in made:
                (root / folder).mkdir(parents=True, exist_ok=True)
                made.add(folder)
        done = _move(root, source, target) if kept is None else _replace(root, source, target, kept)
        if not done:
            missing.append(step)
    sources = {os.path.dirname(source) for _, source, _, _ in moves}  # noqa: PTH120
    sync_folders(root / folder for folder in sources | made)
    prune(root, sources)
    return missing


def _move(root: Path, source: str, target: str) -> bool:
    """Rename, unless that is done. Nothing is ever renamed over a file."""
    if os.path.lexists(f"{root}/{target}"):
        return True
    try:
        os.rename(f"{root}/{source}", f"{root}/{target}")  # noqa: PTH104
    except FileNotFoundError:
        return False
    return True


def _replace(root: Path, source: str, target: str, kept: str) -> bool:
    """Keep what is at `target`, then rename `source` over it; a missing source says that this is done."""
    if not os.path.lexists(root / source):
        return True
    found = True
    if not os.path.lexists(root / kept):
        try:
            _keep(root / target, root / kept)
        except FileNotFoundError:
            found = False
    os.replace(root / source, root / target)  # noqa: PTH105
    return found


def _keep(source: Path, target: Path) -> None:
    """Give the file a second name, or a copy where the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EMLINK}:
            raise
        with atomic_path(target) as temporary:
            clone_or_copy(source, temporary)


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
