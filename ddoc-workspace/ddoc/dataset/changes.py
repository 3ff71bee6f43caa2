"""What an edit wants of the files, before it is a list of renames: moves, new contents, deletions, copies."""

import errno
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ddoc.dataset.images import IMAGE_SUFFIXES
from ddoc.dataset.journal import Step
from ddoc.dataset.labels import label_paths
from ddoc.dataset.steps import sync_file_system
from ddoc.errors import DiskFullError
from ddoc.paths import Layout, clone_or_copy


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one image's files; paths are relative to `data/`.

    `image` is the image concerned (as it is called before), "" for dataset.yaml. `moves` are (from, to);
    `contents` are (path, bytes, or the file to copy), None as bytes deletes the file.
    """

    image: str
    moves: tuple[tuple[str, str], ...] = ()
    contents: tuple[tuple[str, bytes | Path | None], ...] = ()


def files_of(data: Path, image: str) -> list[str]:
    """Return the files of an image that exist, relative to `data/`: itself and its labels."""
    return [path for path in (image, *label_paths(image)) if os.path.lexists(f"{data}/{path}")]


def shares_labels(data: Path, image: str) -> bool:
    """Return whether another image of the same stem lies beside this one, so that both have the same label files."""
    stem, own = os.path.splitext(image)  # noqa: PTH122
    return any(os.path.lexists(f"{data}/{stem}{suffix}") for suffix in IMAGE_SUFFIXES if suffix != own)


def moved(data: Path, image: str, target: str) -> Change | None:
    """Return the change that calls an image `target`, with its labels; None where something is in the way."""
    sources = files_of(data, image)
    names = dict(zip((image, *label_paths(image)), (target, *label_paths(target)), strict=True))
    moves = tuple((source, names[source]) for source in sources)
    if image not in sources or any(os.path.lexists(f"{data}/{path}") for path in names.values()):
        return None
    return Change(image, moves)


def stage(layout: Layout, edit_id: str, changes: Iterable[Change]) -> list[Step]:
    """Write the new contents into the edit's trash folder, flush them, and return the renames of the whole edit.

    Raises DiskFullError; then nothing was changed.
    """
    trash = f".ddoc/trash/{edit_id}"
    steps: list[Step] = []
    staged = False
    try:
        for change in changes:
            steps.extend(Step(change.image, f"data/{a}", f"data/{b}") for a, b in change.moves)
            for path, content in change.contents:
                staged = _write(layout.root / trash / "new" / path, content) or staged
                step = _step(layout, trash, change.image, path, present=content is not None)
                if step is not None:
                    steps.append(step)
        if staged:
            sync_file_system(layout.root)
    except BaseException as error:
        shutil.rmtree(layout.root / trash, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError("the disk has no room for this edit; nothing was changed") from error
        raise
    return steps


def _step(layout: Layout, trash: str, image: str, path: str, *, present: bool) -> Step | None:
    exists = os.path.lexists(layout.data / path)
    if present:
        kept = f"{trash}/old/{path}" if exists else None
        return Step(image, f"{trash}/new/{path}", f"data/{path}", kept)
    return Step(image, f"data/{path}", f"{trash}/old/{path}") if exists else None


def _write(target: Path, content: bytes | Path | None) -> bool:
    if content is None:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        clone_or_copy(content, target)
    else:
        target.write_bytes(content)
    return True
