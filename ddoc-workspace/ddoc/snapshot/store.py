"""Where the snapshots of one workspace are, and what all operations on them share."""

import contextlib
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ddoc.errors import DamagedError
from ddoc.hashing import md5_bytes
from ddoc.paths import Layout
from ddoc.snapshot import pointers
from ddoc.snapshot.disk import file_lock, flush_folders
from ddoc.snapshot.history import BlobEntry, History
from ddoc.snapshot.journal import Journal
from ddoc.snapshot.manifest import Manifest
from ddoc.snapshot.pointers import Output
from ddoc.snapshot.tree import Folder, parse_dir, tree_of

LOCK_SECONDS: Final = 60.0
RECORD: Final = "snapshot.json"
EDITS: Final = "edits.json"


@dataclass(frozen=True, slots=True)
class SnapshotStore:
    """The places and tools of one workspace's snapshots. `part_limit` is the size above which data/ is cut up."""

    layout: Layout
    part_limit: int = pointers.PART_LIMIT
    lock_seconds: float = LOCK_SECONDS
    cache_text: str = field(init=False)
    manifest: Manifest = field(init=False)
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cache_text", str(self.cache))
        object.__setattr__(self, "manifest", Manifest(self.folder / "manifest.sqlite"))
        object.__setattr__(self, "journal", Journal(self.folder / "journal.json"))

    @property
    def folder(self) -> Path:
        """Our own state."""
        return self.layout.meta / "snapshots"

    @property
    def staging(self) -> Path:
        """New files before they are flushed and renamed; on the file system of cache and data."""
        return self.folder / "staging"

    @property
    def cache(self) -> Path:
        """DVC's objects."""
        return self.layout.root / ".dvc" / "cache" / "files" / "md5"

    def history(self) -> History:
        """Open the git repository. Raises DamagedError if there is none."""
        return History(self.layout.root)

    def object_size(self, md5: str) -> int | None:
        """Return the bytes of an object; None if it is not there."""
        try:
            return os.stat(f"{self.cache_text}/{md5[:2]}/{md5[2:]}").st_size  # noqa: PTH116 ten thousand times
        except FileNotFoundError:
            return None

    def object_path(self, md5: str) -> Path:
        """Return where the object `md5` (32 hex digits, or those and `.dir`) is or belongs."""
        return self.cache / md5[:2] / md5[2:]

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Hold the workspace against every other writer. Raises BusyError (`workspace-busy`)."""
        detail = "another snapshot operation is at work in this workspace; try again when it is done"
        with file_lock(self.folder / "lock", seconds=self.lock_seconds, code="workspace-busy", detail=detail):
            yield

    @contextlib.contextmanager
    def writing(self) -> Generator[None]:
        """Hold the workspace as `locked` does, with an empty staging folder."""
        with self.locked():
            self.clear_staging()
            self.staging.mkdir(parents=True, exist_ok=True)
            try:
                yield
            finally:
                self.clear_staging()

    @contextlib.contextmanager
    def dvc_excluded(self) -> Generator[None]:
        """Hold DVC's own lock, so that no dvc command sees a half-made switch."""
        detail = "a dvc command is at work in this workspace; try again when it is done"
        path = self.layout.root / ".dvc" / "tmp" / "lock"
        with file_lock(path, seconds=self.lock_seconds, code="dvc-busy", detail=detail):
            yield

    def clear_staging(self) -> None:
        """Remove what an earlier operation left."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.staging)

    def control(self, files: Mapping[str, BlobEntry]) -> frozenset[str]:
        """Return the paths below data/ that are ours, not data, in a commit with `files`."""
        return frozenset(path.removeprefix("data/") for path in files if pointers.is_control(path))

    def outputs(self, history: History, files: Mapping[str, BlobEntry]) -> list[Output]:
        """Return the outputs that a commit with `files` points to."""
        found = [
            pointers.parse(path, history.blob(e.oid))
            for path, e in files.items()
            if pointers.is_pointer(path)
        ]
        return sorted(found, key=lambda output: output.part)

    def tree(self, outputs: list[Output]) -> dict[str, Folder]:
        """Return the files of a version from its `.dir` objects.

        Raises DamagedError (`missing-object`, `damaged-object`) if one cannot be trusted.
        """
        tree: dict[str, Folder] = {}
        single: list[tuple[str, bytes]] = []
        for output in outputs:
            if output.is_folder:
                tree |= parse_dir(self.read_dir(output.md5), below=output.part)
            else:
                single.append((output.part, bytes.fromhex(output.md5)))
        return tree | tree_of(single)

    def read_dir(self, md5: str) -> bytes:
        """Return a `.dir` object's bytes, checked against its name."""
        try:
            data = self.object_path(md5).read_bytes()
        except FileNotFoundError:
            raise DamagedError(
                f"the cache has no object {md5}; pull it from the remote or repair",
                code="missing-object",
                objects=[md5],
            ) from None
        if md5_bytes(data) != md5.removesuffix(".dir"):
            raise DamagedError(
                f"the object {md5} is damaged; repair it", code="damaged-object", objects=[md5]
            )
        return data

    def publish(self, staged: Iterable[tuple[str, str]], *, between: Callable[[], None]) -> None:
        """Rename staged files, given as (path, object name), into the cache and flush the folders touched.

        Their bytes must have been flushed before. `between` is called when the first is in place.
        """
        cache, top = self.cache_text, self.cache
        touched: set[str] = set()
        for path, md5 in staged:
            prefix = md5[:2]
            try:
                os.replace(path, f"{cache}/{prefix}/{md5[2:]}")  # noqa: PTH105 ten thousand times
            except FileNotFoundError:
                (top / prefix).mkdir(parents=True, exist_ok=True)
                os.replace(path, f"{cache}/{prefix}/{md5[2:]}")  # noqa: PTH105 as above
            if not touched:
                between()
            touched.add(prefix)
        if touched:
            flush_folders([top, *(top / prefix for prefix in touched)], within=self.folder)


def version_of(outputs: list[Output]) -> str:
    """Return the text by which the manifest remembers that its hashes are those of a version."""
    return "\n".join(f"{output.md5} {output.part}" for output in outputs)
