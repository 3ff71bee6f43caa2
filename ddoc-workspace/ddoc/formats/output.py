"""Writing an export: folders made once, files written plainly into a fresh folder, images put by the caller's choice."""

import os
from pathlib import Path
from typing import Protocol

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


class Media(Protocol):
    """How images come into an export: linked or copied."""

    def __call__(self, source: Path, target: str) -> int:
        """Put the image `source` at `target`, whose folder exists; returns its bytes."""
        ...


class OutputFolder:
    """An empty folder that an export fills."""

    def __init__(self, target: Path, media: Media | None) -> None:
        self._base = f"{target}/"
        self._media = media
        self._made: set[str] = set()
        self.has_media = media is not None
        self.files = 0
        self.bytes = 0

    def write(self, relative: str, content: bytes) -> None:
        """Write a new file."""
        write_new(self.path(relative), content)
        self.count(len(content))

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
        """Put an image, unless the export goes without images."""
        if self._media is not None:
            self.count(self._media(image, self.path(relative)))


def write_new(path: str, content: bytes) -> None:
    """Write `content` to a file that must not exist."""
    descriptor = os.open(path, _NEW, 0o644)
    try:
        done = os.write(descriptor, content)
        while done < len(content):
            done += os.write(descriptor, content[done:])
    finally:
        os.close(descriptor)
