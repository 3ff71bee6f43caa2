"""The snapshots of a history: which there are, what each says, which came from which."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ddoc.snapshot import names
from ddoc.snapshot.history import ALIAS_TAGS, DELETED, History
from ddoc.snapshot.store import EDITS
from ddoc.snapshot.versions import read_record

TAGS = "refs/tags/ddoc/"


@dataclass(frozen=True, slots=True)
class Entry:
    """A snapshot: its id, commit, time in microseconds and alias."""

    snapshot_id: str
    commit: str
    time: int
    alias: str | None


class SnapshotCatalog:
    """One reading of a history's refs."""

    def __init__(self, history: History) -> None:
        self._history = history
        refs = history.refs()
        alias_of = {
            oid: ref.removeprefix(ALIAS_TAGS) for ref, oid in refs.items() if ref.startswith(ALIAS_TAGS)
        }
        self._by_id: dict[str, Entry] = {}
        for ref, oid in refs.items():
            if (found := names.id_of(ref)) and (commit := history.peel(oid)):
                self._by_id[found] = Entry(found, commit, history.time(commit) * 1_000_000, alias_of.get(oid))
        self._tell_apart()
        self._by_commit = {entry.commit: entry for entry in self._by_id.values()}
        self._deleted: dict[str, Entry] = {}
        for ref, oid in refs.items():
            if ref.startswith(DELETED) and (commit := history.peel(oid)):
                found = ref.removeprefix(DELETED)
                self._deleted[found] = Entry(found, commit, history.time(commit) * 1_000_000, None)
        self.head = self._nearest(history.head)

    def _tell_apart(self) -> None:
        """Give snapshots of one second, which is git's clock, the time of their record."""
        shared = Counter(entry.time for entry in self._by_id.values())
        for entry in list(self._by_id.values()):
            if shared[entry.time] > 1 and (made := self.record(entry).get("created_at")):
                exact = int(datetime.fromisoformat(made).timestamp() * 1_000_000)
                self._by_id[entry.snapshot_id] = replace(entry, time=exact)

    def __len__(self) -> int:
        return len(self._by_id)

    def tombstones(self) -> dict[str, Entry]:
        """Return the deleted snapshots by id."""
        return dict(self._deleted)

    def children_past(self, deleted_id: str) -> list[str]:
        """Return the snapshots that came from a deleted one, with none that still exists between."""
        gone = self._deleted[deleted_id].commit
        return [
            entry.snapshot_id
            for entry in self.newest_first()
            if any(gone in self._passed(parent) for parent in self._history.parents(entry.commit))
        ]

    def _passed(self, commit: str) -> set[str]:
        """Return the commits from `commit` up to the nearest snapshots, those left out."""
        pending, seen = [commit], set[str]()
        while pending:
            now = pending.pop()
            if now not in seen and now not in self._by_commit:
                seen.add(now)
                pending.extend(self._history.parents(now))
        return seen

    def newest_first(self) -> list[Entry]:
        """Return every snapshot, newest first."""
        return sorted(self._by_id.values(), key=sort_key, reverse=True)

    def entry(self, snapshot_id: str) -> Entry:
        """Return a snapshot by its id (not an alias)."""
        return self._by_id[snapshot_id]

    def record(self, entry: Entry) -> Mapping[str, Any]:
        """Return what the snapshot says of itself."""
        return read_record(self._history, entry.commit)

    def edits(self, entry: Entry) -> list[Mapping[str, Any]]:
        """Return the edits that led to the snapshot from its parent."""
        data = self._history.file(entry.commit, EDITS)
        return [] if data is None else json.loads(data)

    def parents(self, entry: Entry) -> tuple[str, ...]:
        """Return the nearest snapshots that it came from, past deleted ones and a user's own commits."""
        found: dict[str, None] = {}
        for parent in self._history.parents(entry.commit):
            for ancestor in self._ancestors(parent):
                found[ancestor] = None
        return tuple(found)

    def _ancestors(self, commit: str) -> Iterator[str]:
        pending, seen = [commit], set[str]()
        while pending:
            now = pending.pop()
            if now in seen:
                continue
            seen.add(now)
            if now in self._by_commit:
                yield self._by_commit[now].snapshot_id
            else:
                pending.extend(self._history.parents(now))

    def _nearest(self, commit: str | None) -> str | None:
        return None if commit is None else next(self._ancestors(commit), None)


def sort_key(entry: Entry) -> tuple[int, bool, int, str]:
    """Return what orders snapshots by age: time, then number (automatic ones before numbered ones), then id."""
    number = entry.snapshot_id.removeprefix("v")
    return (entry.time, number.isdigit(), int(number) if number.isdigit() else 0, entry.snapshot_id)
