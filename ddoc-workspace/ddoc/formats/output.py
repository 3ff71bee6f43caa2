"""Writing an export: folders made once, files written plainly into a fresh folder, images linked or copied."""

import os
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from ddoc.errors import UnavailableError
from ddoc.execution import cores
from ddoc.formats import write_worker
from ddoc.formats.write_worker import File
from ddoc.paths import clone_or_copy
from ddoc.pipes import receive, send, start_script

Images = Literal["linked", "copied", "left out"]
MANY: Final = 2_000
_CHUNK: Final = 200
_UNDER_WAY: Final = 8


class OutputFolder:
    """An empty folder that an export fills. As a context manager it ends when all files are there.

    From 2,000 files on a process beside this one writes them, while this one makes the next. Raises OSError for what
    the disk refuses, now or at the end.
    """

    def __init__(self, target: Path, images: Images) -> None:
        self._base = f"{target}/"
        self._images = images
        self._made: set[str] = set()
        self._batch: list[File] = []
        self._beside: _Beside | None = None
        self.has_images = images != "left out"
        self.files = 0
        self.bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._flush()
                while self._beside is not None and self._beside.under_way:
                    self._settle(*self._beside.take())
        finally:
            if self._beside is not None:
                self._beside.close()

    def write(self, relative: str, content: bytes) -> None:
        """Write a new file."""
        self._add(self.path(relative), content)

    def count(self, size: int) -> None:
        """Count a file of `size` bytes that was written at one of our paths."""
        self.files += 1
        self.bytes += size

    def path(self, relative: str) -> str:
        """Return the absolute path of `relative`, whose folder now exists."""
        folder = relative[: relative.rfind("/") + 1]
        if folder not in self._made:
            Path(self._base + folder).mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        return self._base + relative

    def place(self, image: Path, relative: str) -> None:
        """Put an image, unless the export goes without images; it is copied where it cannot be linked."""
        if self._images == "linked":
            self._add(self.path(relative), str(image))
        elif self._images == "copied":
            self.files += 1
            self._copy(image, self.path(relative))

    def _add(self, path: str, content: bytes | str) -> None:
        self._batch.append((path, content))
        self.files += 1
        if len(self._batch) == _CHUNK:
            self._flush()

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        if not batch:
            return
        if self._beside is None and self.files > MANY and cores() > 1:
            self._beside = _Beside()
        if self._beside is None:
            self._settle(batch, *write_worker.write_files(batch))
            return
        self._beside.put(batch)
        if len(self._beside.under_way) > _UNDER_WAY:
            self._settle(*self._beside.take())

    def _settle(self, batch: list[File], size: int, unlinked: list[int]) -> None:
        self.bytes += size
        for position in unlinked:
            path, source = batch[position]
            self._copy(Path(os.fsdecode(source)), path)

    def _copy(self, image: Path, path: str) -> None:
        clone_or_copy(image, Path(path))
        self.bytes += os.stat(path).st_size  # noqa: PTH116 (a Path a file costs as much as the link)


class _Beside:
    """A process that writes batches of files, and those that it has not answered yet."""

    def __init__(self) -> None:
        self._process = start_script(write_worker.__file__)
        self.under_way: deque[list[File]] = deque()

    def put(self, batch: list[File]) -> None:
        """Hand over a batch."""
        assert self._process.stdin is not None
        try:
            send(self._process.stdin, batch)
        except BrokenPipeError as error:
            raise self._died() from error
        self.under_way.append(batch)

    def take(self) -> tuple[list[File], int, list[int]]:
        """Wait for the oldest batch; returns it with what `write_files` says of it. Raises OSError."""
        assert self._process.stdout is not None
        try:
            first, second = receive(self._process.stdout)
        except EOFError as error:
            raise self._died() from error
        if isinstance(second, str):
            raise OSError(first, second)
        return self.under_way.popleft(), first, second

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.communicate()

    @staticmethod
    def _died() -> UnavailableError:
        return UnavailableError("a worker process ended unexpectedly; try again", code="worker-died")
