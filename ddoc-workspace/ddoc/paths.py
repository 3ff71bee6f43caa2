"""Where things are in a root (an ingested dataset or a workspace), and how files are put there safely."""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from ddoc.errors import InvalidInputError

_FICLONE = 0x40049409


@dataclass(frozen=True, slots=True)
class Layout:
    """The places in a root. `data/` is the truth; what is derived lives under `.ddoc/` and can be rebuilt."""

    root: Path

    @property
    def data(self) -> Path:
        """Images and annotations."""
        return self.root / "data"

    @property
    def meta(self) -> Path:
        """Everything of ours that is not the user's data."""
        return self.root / ".ddoc"

    @property
    def index(self) -> Path:
        """The DuckDB index; opened by one process at a time."""
        return self.meta / "index.duckdb"

    @property
    def analysis(self) -> Path:
        """Per-image results as Parquet, keyed by content hash."""
        return self.meta / "analysis"

    @property
    def vectors(self) -> Path:
        """One folder per encoder: a matrix and its content hashes."""
        return self.meta / "vectors"

    @property
    def journal(self) -> Path:
        """The edits, in order."""
        return self.meta / "journal"

    @property
    def trash(self) -> Path:
        """Files taken out of `data/` by edits, until the next gc."""
        return self.meta / "trash"

    @property
    def thumbnails(self) -> Path:
        """WebP thumbnails by content hash."""
        return self.meta / "cache" / "thumbs"

    @property
    def samples(self) -> Path:
        """One JSON file per recorded sample."""
        return self.meta / "samples"

    @property
    def exports(self) -> Path:
        """One folder per export."""
        return self.meta / "exports"

    @property
    def runs(self) -> Path:
        """One folder per experiment run."""
        return self.meta / "runs"

    @property
    def tmp(self) -> Path:
        """Scratch space on the same file system; emptied at start."""
        return self.meta / "tmp"

    @property
    def trainers(self) -> Path:
        """Trainer code, versioned with the snapshots."""
        return self.root / "code" / "trainers"


def beneath(root: Path, relative: str) -> Path:
    """Return `root / relative`, refusing whatever would leave `root` or is not a plain relative path.

    Raises InvalidInputError for absolute paths, `..`, backslashes, NUL and control characters.
    """
    parts = relative.split("/")
    if any(p in {"", ".", ".."} for p in parts) or any(ord(c) < 32 or c in "\\\x7f" for c in relative):
        raise InvalidInputError("not a plain relative path", code="invalid-path")
    return root.joinpath(*parts)


@contextlib.contextmanager
def atomic_path(target: Path) -> Generator[Path]:
    """Yield a temporary path beside `target`; on success it is renamed over it, on error it is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        yield temporary
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomic(target: Path, data: bytes, *, durable: bool = False) -> None:
    """Write `data` to `target` by temporary file and rename; with `durable`, also flushed to the disk."""
    with atomic_path(target) as temporary, temporary.open("wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    if durable:
        fsync_folder(target.parent)


def fsync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clone_or_copy(source: Path, target: Path) -> None:
    """Make `target` an independent copy of `source`: a reflink where the file system has them, else a copy."""
    with source.open("rb") as reader, target.open("xb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), _FICLONE, reader.fileno())
        except OSError:
            shutil.copyfileobj(reader, writer, 1 << 20)


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` a hard link to `source` where possible, else a copy. For files nobody edits in place."""
    try:
        os.link(source, target)
    except OSError:
        clone_or_copy(source, target)
