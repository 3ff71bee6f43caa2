"""The snapshots of a workspace as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ddoc.snapshot.plan import Effect


@dataclass(frozen=True, slots=True)
class SnapshotData:
    """What a version holds. `hash` is 32 hex digits; `annotations` is None where nobody counted."""

    hash: str
    files: int
    bytes: int
    items: int
    annotations: int | None
    splits: Mapping[str, int]
    classes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An immutable version: a git commit, its DVC data, its message and optional alias.

    `parents` are the snapshots that the working copy came from (deleted ones left out, theirs in their place);
    `changes` counts the items that differ from there; `is_auto` marks one made of unsaved changes by a restore.
    """

    snapshot_id: str
    alias: str | None
    message: str
    created_at: str
    parents: tuple[str, ...]
    git_rev: str
    data: SnapshotData
    changes: Mapping[str, int]
    is_head: bool
    is_auto: bool

    def to_json(self) -> dict[str, Any]:
        """Return the fields of the API's Snapshot."""
        data = {name: getattr(self.data, name) for name in SnapshotData.__slots__}
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {**fields, "parents": list(self.parents), "data": data, "changes": dict(self.changes)}


@dataclass(frozen=True, slots=True)
class SnapshotPage:
    """A page of snapshots, newest first; `head` is where the working copy came from."""

    snapshots: tuple[Snapshot, ...]
    head: str | None
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did, or would do. `saved_as` is the snapshot made of unsaved changes, if there were any."""

    restored: str
    saved_as: str | None
    files: Effect

    def to_json(self) -> dict[str, Any]:
        """Return `{restored, saved_as, files{written, removed, unchanged, bytes}}`."""
        return {"restored": self.restored, "saved_as": self.saved_as, "files": self.files.to_json()}


@dataclass(frozen=True, slots=True)
class RestorePreview:
    """What a restore would do: its effect on files and items, and whether unsaved changes would be saved first."""

    snapshot_id: str
    files: Effect
    items: Mapping[str, int]
    unsaved: "Uncommitted"
    missing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return {
            "restored": self.snapshot_id,
            "saved_as": None,
            "files": self.files.to_json(),
            "items": dict(self.items),
            "unsaved": self.unsaved.to_json(),
            "missing": list(self.missing),
        }


@dataclass(frozen=True, slots=True)
class Uncommitted:
    """The items that differ from the snapshot that the working copy came from.

    `modified` counts changed, moved and relabelled ones; `other` counts files of no item; `code` says that code
    differs.
    """

    added: int = 0
    removed: int = 0
    modified: int = 0
    other: int = 0
    code: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.modified or self.other or self.code)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class LineageNode:
    """Something that came from somewhere: a dataset, snapshot, drift report, run, model, export or sample."""

    id: str
    type: str
    label: str
    created_at: str
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """`target` came from `source` by `relation`."""

    source: str
    target: str
    relation: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where everything in a workspace came from: every edge joins two nodes of the graph."""

    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]

    def to_json(self) -> dict[str, Any]:
        """Return `{nodes:[{id, type, label, created_at, detail}], edges:[{from, to, relation}]}`."""
        return {
            "nodes": [{name: getattr(n, name) for name in LineageNode.__slots__} for n in self.nodes],
            "edges": [{"from": e.source, "to": e.target, "relation": e.relation} for e in self.edges],
        }
