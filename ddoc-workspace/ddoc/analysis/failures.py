"""The images that an analyzer could not read, by content: so that they are named, and not tried again."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from ddoc.analysis.protocol import Failure
from ddoc.paths import write_atomic


class FailureLog:
    """An append-only file of JSON lines. A line torn by a kill is ignored."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Failure]:
        """Return the failures by content hash; the last word about a content counts."""
        if not self._path.exists():
            return {}
        found: dict[str, Failure] = {}
        for line in self._path.read_text("utf-8").splitlines():
            try:
                content_hash, code, detail = json.loads(line)
            except ValueError:
                continue  # torn by a kill: the image is simply tried again
            found[content_hash] = (content_hash, code, detail)
        return found

    def append(self, failures: Iterable[Failure]) -> None:
        """Add failures and flush them to the disk."""
        lines = "".join(json.dumps(list(failure), ensure_ascii=False) + "\n" for failure in failures)
        if not lines:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            if file.tell() and not self._ends_whole():
                file.write("\n")
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

    def forget(self, hashes: set[str]) -> None:
        """Drop what is known about `hashes`."""
        kept = [f for f in self.read().values() if f[0] not in hashes]
        text = "".join(json.dumps(list(failure), ensure_ascii=False) + "\n" for failure in kept)
        if self._path.exists():
            write_atomic(self._path, text.encode())

    def _ends_whole(self) -> bool:
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
