"""The lineage graph: snapshots from the history, joined with what else a workspace has made or was made from."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ddoc.core.snapshots import Lineage, LineageEdge, LineageNode
from ddoc.snapshot.catalog import Entry, SnapshotCatalog

PARENT: Final = "parent"
APPLIED: Final = "applied"


def lineage_of(
    catalog: SnapshotCatalog,
    extra_nodes: Iterable[Mapping[str, Any]],
    extra_edges: Iterable[Mapping[str, Any]],
) -> Lineage:
    """Return the graph of all snapshots and the extra nodes and edges (as in the API's lineage).

    A sample among the nodes leads to every snapshot that was the first to hold its application. An extra edge may name
    a snapshot by id or alias. What was made from a deleted snapshot hangs on its tombstone;
    what a deleted one was made from leads to its children. Edges to things unknown are left out.
    """
    entries = catalog.newest_first()
    nodes = {entry.snapshot_id: _node(catalog, entry) for entry in entries}
    edges = [
        LineageEdge(parent, entry.snapshot_id, PARENT)
        for entry in entries
        for parent in catalog.parents(entry)
    ]
    for extra in extra_nodes:
        nodes[extra["id"]] = LineageNode(
            extra["id"], extra["type"], extra["label"], extra["created_at"], extra.get("detail", {})
        )
    aliases = {entry.alias: entry.snapshot_id for entry in entries if entry.alias}
    deleted = catalog.tombstones()
    edges += _applied_samples(catalog, [*entries, *deleted.values()], nodes)
    for extra in extra_edges:
        source, target = (aliases.get(extra[end], extra[end]) for end in ("from", "to"))
        if source in deleted and source not in nodes:
            nodes[source] = _tombstone(catalog, deleted[source])
            edges += [LineageEdge(p, source, PARENT) for p in catalog.parents(deleted[source])]
        targets = catalog.children_past(target) if target in deleted else [target]
        edges += [
            LineageEdge(source, end, extra["relation"]) for end in targets if end in nodes and source in nodes
        ]
    return Lineage(tuple(nodes.values()), tuple(dict.fromkeys(edges)))


def _applied_samples(
    catalog: SnapshotCatalog, entries: Iterable[Entry], nodes: Mapping[str, LineageNode]
) -> Iterator[LineageEdge]:
    """Yield an edge from each sample to the snapshots whose edits apply it; of a deleted one, to its children."""
    samples = {node.id for node in nodes.values() if node.type == "sample"}
    for entry in entries if samples else ():
        applied = {
            edit.get("params", {}).get("sample_id")
            for edit in catalog.edits(entry)
            if edit.get("kind") == "apply_sample"
        }
        for sample_id in sorted(applied & samples):
            alive = entry.snapshot_id in nodes
            for end in [entry.snapshot_id] if alive else catalog.children_past(entry.snapshot_id):
                yield LineageEdge(sample_id, end, APPLIED)


def _node(catalog: SnapshotCatalog, entry: Entry) -> LineageNode:
    record = catalog.record(entry)
    detail = {
        "alias": entry.alias,
        "message": record.get("message", ""),
        "is_head": entry.snapshot_id == catalog.head,
        "is_auto": record.get("automatic", False),
        "items": record.get("data", {}).get("items"),
        "deleted": False,
    }
    return LineageNode(
        entry.snapshot_id, "snapshot", entry.alias or entry.snapshot_id, record.get("created_at", ""), detail
    )


def _tombstone(catalog: SnapshotCatalog, entry: Entry) -> LineageNode:
    record = catalog.record(entry)
    detail = {"message": record.get("message", ""), "deleted": True}
    return LineageNode(entry.snapshot_id, "snapshot", entry.snapshot_id, record.get("created_at", ""), detail)
