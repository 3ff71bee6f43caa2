"""The snapshot journal: what was decided and is being made visible. A start that finds one rolls it forward."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from ddoc.errors import ConflictError
from ddoc.paths import fsync_folder
from ddoc.snapshot.history import RefUpdate

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Intent:
    """The work in progress: the commit it leads to and the refs that will move.

    `base` is the commit that the working copy came from; `discard` says that a restore was told to drop unsaved
    changes.
    """

    kind: Literal["create", "restore"]
    commit: str
    base: str | None
    refs: tuple[RefUpdate, ...]
    discard: bool = False


class Journal:
    """One file; present exactly while a visible change may be half done."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def is_pending(self) -> bool:
        """Whether an intent is in force."""
        return self._path.exists()

    def read(self) -> Intent | None:
        """Return the intent found, or None. One that a power loss tore was never acted on, and is None too.

        Raises ConflictError (`foreign-journal`) for one of another version.
        """
        try:
            found: dict[str, Any] = json.loads(self._path.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        if found.get("format") != _FORMAT:
            raise ConflictError(
                "an operation of another version of ddoc was cut off here; let that version finish it",
                code="foreign-journal",
            )
        refs = tuple(RefUpdate(*entry) for entry in found["refs"])
        return Intent(found["kind"], found["commit"], found["base"], refs, found["discard"])

    def write(self, intent: Intent) -> None:
        """Write the intent beside its place, unflushed; it counts from `publish` on."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        record = {
            "format": _FORMAT,
            "kind": intent.kind,
            "commit": intent.commit,
            "base": intent.base,
            "refs": [[r.name, r.old, r.new] for r in intent.refs],
            "discard": intent.discard,
        }
        self._draft.write_bytes(json.dumps(record).encode())

    def publish(self, *, durable: bool) -> None:
        """Put the written intent into force, at once and, if `durable`, for good.

        Its bytes are flushed by the file system's sync before (restore) or after this (create: until its refs
        move, a lost intent means the same as none).
        """
        self._draft.replace(self._path)
        if durable:
            fsync_folder(self._path.parent)

    def clear(self) -> None:
        """Drop the intent: its work is done, or was never begun."""
        self._draft.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)

    @property
    def _draft(self) -> Path:
        return self._path.with_name(f"{self._path.name}.new")
