"""What a restore is going to do, and whether it can: nothing here changes anything."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ddoc.errors import DamagedError
from ddoc.snapshot.disk import require_room
from ddoc.snapshot.look import Look
from ddoc.snapshot.manifest import KnownObjects, size_of, tree_of_manifest
from ddoc.snapshot.store import SnapshotStore
from ddoc.snapshot.tree import FileList, Tree, all_files, count_files, diff_trees, some_files
from ddoc.snapshot.versions import Version

# Fetches objects that the cache lacks, given their hashes; returns why it could not, if so.
Fetch = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a restore does to data/: files by what happens to them, and the bytes that it writes."""

    written: int
    removed: int
    unchanged: int
    bytes: int

    def to_json(self) -> dict[str, int]:
        """Return the fields as plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Plan:
    """The way from the files that are there to those of a version: files to write, paths to delete."""

    target: Version
    tree: Tree
    writes: FileList
    deletes: tuple[str, ...]
    replaced: tuple[str, ...]

    @property
    def unchanged(self) -> int:
        """The number of files that stay."""
        return count_files(self.tree) - len(self.writes)


def make_plan(store: SnapshotStore, target: Version, present: Tree) -> Plan:
    """Compare what is there with a version. Raises DamagedError if the version's listing is missing or damaged."""
    tree = store.tree(list(target.outputs))
    if not present:
        return Plan(target, tree, all_files(tree), (), ())
    changes = diff_trees(present, tree)
    return Plan(
        target,
        tree,
        some_files(tree, (c.path for c in changes if c.new is not None)),
        tuple(c.path for c in changes if c.new is None),
        tuple(c.path for c in changes if c.old is not None),
    )


@dataclass(frozen=True, slots=True)
class Checked:
    """A plan whose objects are all there: the `size` of what it writes, and what is known of the objects."""

    plan: Plan
    size: int
    known: KnownObjects


def plan_and_check(store: SnapshotStore, target: Version, now: Look, *, fetch: Fetch | None) -> Checked:
    """Return the plan to `target`, its objects checked and fetched if need be."""
    listings = [o.md5 for o in target.outputs if o.is_folder and not store.object_path(o.md5).exists()]
    if listings and fetch is not None:
        fetch(listings)
    plan = make_plan(store, target, tree_of_manifest(now.folders))
    known = store.manifest.objects(digest for _, digest in plan.writes)
    return Checked(plan, _check_objects(store, known, fetch=fetch), known)


def _check_objects(store: SnapshotStore, known: KnownObjects, *, fetch: Fetch | None) -> int:
    """Check that every object to be written exists with its size, and that there is room; returns the bytes.

    Those missing are fetched, if there is a way to. Raises DamagedError naming up to 20 that still are.
    """
    bad, total = _missing(store, known)
    why = ""
    if bad and fetch is not None:
        why = fetch(bad)
        bad, total = _missing(store, known)
    if bad:
        raise DamagedError(
            f"{len(bad)} objects of the snapshot are missing or truncated; pull them from the remote or run verify "
            "with repair. Nothing was changed",
            code="missing-object",
            objects=bad[:20],
            count=len(bad),
            remote=why,
        )
    require_room(store.folder, total)
    return total


def _missing(store: SnapshotStore, known: KnownObjects) -> tuple[list[str], int]:
    bad: list[str] = []
    total = 0
    cache, stat = store.cache_text, os.stat
    for digest, facts in known.items():
        name = digest.hex()
        try:
            size = stat(f"{cache}/{name[:2]}/{name[2:]}").st_size
        except FileNotFoundError:
            bad.append(name)
            continue
        if facts and size_of(facts) != size:
            bad.append(name)
        total += size
    return bad, total
