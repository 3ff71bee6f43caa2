"""The journal of edits: what each one does to the files, written down before the first file is touched.

An edit is an ordered list of renames within the root. New contents are staged in the edit's trash folder and
renamed into place; what they replace is linked into that folder before, so that readers find the file at any
moment; what is removed is renamed into it. Doing a list twice is doing it once, and read backwards it undoes the edit.
"""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from ddoc.errors import DamagedError, NotFoundError
from ddoc.ids import new_id
from ddoc.paths import Layout, fsync_folder, write_atomic

EditState = Literal["pending", "done", "undoing", "undone"]
STEPS_SCHEMA = pa.schema(
    [("image", pa.string()), ("source", pa.string()), ("target", pa.string()), ("kept", pa.string())]
)


@dataclass(frozen=True, slots=True)
class Step:
    """One rename within the root (paths relative to it). `image` is the image concerned, relative to `data/`.

    With `kept`, the rename is over an existing file, which stays under that name.
    """

    image: str
    source: str
    target: str
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class EditRecord:
    """An edit as journaled.

    `params` is how it was asked for, in a form that can be replayed; `effect` is what it changed; `sealed` says
    that it can no longer be undone (its trash was emptied, or an older snapshot was restored over it).
    """

    edit_id: str
    number: int
    kind: str
    params: Mapping[str, Any]
    created_at: str
    state: EditState
    changed: int
    skipped: tuple[tuple[str, str], ...]
    effect: Mapping[str, Any]
    sealed: bool = False

    @property
    def undone(self) -> bool:
        """Whether the edit was taken back."""
        return self.state == "undone"


class Journal:
    """The edits of a root, oldest first. One writer at a time."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._folder = layout.journal

    def records(self) -> list[EditRecord]:
        """Return all edits, oldest first. Raises DamagedError for an unreadable one."""
        if not self._folder.is_dir():
            return []
        names = sorted(entry.name for entry in self._folder.iterdir() if entry.name[0].isdigit())
        return [self._read(name) for name in names]

    def get(self, edit_id: str) -> EditRecord:
        """Return one edit. Raises NotFoundError `edit-not-found`."""
        for record in self.records():
            if record.edit_id == edit_id:
                return record
        raise NotFoundError("no edit has this id", code="edit-not-found", edit_id=edit_id)

    def unfinished(self) -> list[EditRecord]:
        """Return the edits that were cut short, oldest first."""
        return [record for record in self.records() if record.state in {"pending", "undoing"}]

    def begin(
        self,
        edit_id: str,
        kind: str,
        *,
        params: Mapping[str, Any],
        steps: Sequence[Step],
        changed: int,
        skipped: Iterable[tuple[str, str]],
        effect: Mapping[str, Any],
    ) -> EditRecord:
        """Write an edit down, durably. From here on it will happen, whatever happens to the process."""
        known = self.records()
        record = EditRecord(
            edit_id=edit_id,
            number=known[-1].number + 1 if known else 1,
            kind=kind,
            params=params,
            created_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            state="pending",
            changed=changed,
            skipped=tuple(skipped),
            effect=effect,
        )
        staging = self._layout.tmp / f"journal-{edit_id}"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        columns = {name: [getattr(step, name) for step in steps] for name in STEPS_SCHEMA.names}
        pq.write_table(pa.table(columns, schema=STEPS_SCHEMA), staging / "steps.parquet", compression="zstd")
        _flush(staging / "steps.parquet")
        write_atomic(staging / "edit.json", _dump(record), durable=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        staging.rename(self._folder / _name(record))
        fsync_folder(self._folder)
        return record

    def steps(self, record: EditRecord) -> list[Step]:
        """Return the renames of an edit, in order."""
        with pq.ParquetFile(self._folder / _name(record) / "steps.parquet") as file:
            table = file.read()
        columns = (table.column(name).to_pylist() for name in STEPS_SCHEMA.names)
        return [Step(*row) for row in zip(*columns, strict=True)]

    def mark(self, record: EditRecord, state: EditState) -> EditRecord:
        """Set the state of an edit, durably."""
        return self._rewrite(replace(record, state=state))

    def seal(self) -> None:
        """Say of every edit so far that it can no longer be undone."""
        for record in self.records():
            if not record.sealed:
                self._rewrite(replace(record, sealed=True))

    def _rewrite(self, record: EditRecord) -> EditRecord:
        write_atomic(self._folder / _name(record) / "edit.json", _dump(record), durable=True)
        return record

    def _read(self, name: str) -> EditRecord:
        try:
            stored: dict[str, Any] = orjson.loads((self._folder / name / "edit.json").read_bytes())
            stored["skipped"] = tuple((i, code) for i, code in stored["skipped"])
            return EditRecord(**stored)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise DamagedError(f"the journal entry {name} cannot be read", code="journal-damaged") from error


def new_edit_id() -> str:
    """Return a new edit id."""
    return new_id("edit")


def _name(record: EditRecord) -> str:
    return f"{record.number:08d}-{record.edit_id}"


def _dump(record: EditRecord) -> bytes:
    return orjson.dumps(
        {name: getattr(record, name) for name in record.__slots__}, option=orjson.OPT_INDENT_2
    )


def _flush(path: os.PathLike[str]) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
