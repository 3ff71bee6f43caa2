"""What two versions' files say about items, without reading any content: pairing and counting by paths alone."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from ddoc.dataset.images import IMAGE_SUFFIXES
from ddoc.dataset.labels import label_paths
from ddoc.dataset.scan import split_path
from ddoc.ids import item_id_of
from ddoc.snapshot.tree import Folder, Tree

_ABSENT: Final = b""


@dataclass(frozen=True, slots=True)
class ItemFiles:
    """An item of a version: where its image is, and the md5 of image, label text and sidecar (empty: none)."""

    item_id: str
    name: str
    path: str
    split: str
    image: bytes
    text: bytes
    sidecar: bytes

    def same_files(self, other: "ItemFiles") -> bool:
        """Return whether path and bytes are equal."""
        return self == other


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """How many items differ: added, removed, `modified` (image changed or moved), `relabelled` (labels only).

    `moved` counts those among the modified that are in another split or class folder; `other` counts files that
    belong to no item (dataset.yaml).
    """

    added: int = 0
    removed: int = 0
    modified: int = 0
    relabelled: int = 0
    moved: int = 0
    other: int = 0

    def to_json(self) -> dict[str, int]:
        """Return the fields as plain data."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def is_image(path: str) -> bool:
    """Return whether a path below data/ is an item's image."""
    if not path.startswith("images/") or path.count("/") < 2:
        return False
    name = path[path.rfind("/") + 1 :]
    dot = name.rfind(".")
    return dot > 0 and name[0] != "." and name[dot:].lower() in IMAGE_SUFFIXES


def count_items(tree: Tree) -> tuple[int, dict[str, int]]:
    """Return (items, items per split) of a version."""
    splits: Counter[str] = Counter()
    for path, folder in tree.items():
        if path.startswith("images/") and path.count("/") >= 2:
            splits[path.split("/", 2)[1]] += sum(is_image(path + name) for name in folder.names)
    return splits.total(), {split: n for split, n in sorted(splits.items()) if n}


def items_that_differ(old: Tree, new: Tree, *, classify: bool) -> tuple[list["ItemPair"], list[str]]:
    """Return the items that differ between two versions, ordered by name, and the other files that do.

    Items are paired by item_id, so a moved one is one pair. `classify` says that the folder below the split is the
    class and not part of the name.
    """
    before, after, other = _touched(old, new, classify=classify)
    pairs = [
        ItemPair(before.get(key), after.get(key))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    ]
    pairs.sort(key=lambda pair: (pair.any.name, pair.any.path))
    return pairs, sorted(other)


@dataclass(frozen=True, slots=True)
class ItemPair:
    """An item before and after; None where it is not."""

    old: ItemFiles | None
    new: ItemFiles | None

    @property
    def any(self) -> ItemFiles:
        """The item after, or where it is gone, before."""
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def is_moved(self) -> bool:
        """Whether it is in another place with the same name."""
        return self.old is not None and self.new is not None and self.old.path != self.new.path

    @property
    def has_new_image(self) -> bool:
        """Whether the image's bytes differ."""
        return self.old is not None and self.new is not None and self.old.image != self.new.image

    @property
    def has_new_labels(self) -> bool:
        """Whether a label file's bytes differ."""
        if self.old is None or self.new is None:
            return False
        return (self.old.text, self.old.sidecar) != (self.new.text, self.new.sidecar)


def count_changes(old: Tree, new: Tree, *, classify: bool) -> ItemCounts:
    """Return how many items differ between two versions."""
    pairs, other = items_that_differ(old, new, classify=classify)
    modified = [p for p in pairs if p.is_moved or p.has_new_image]
    return ItemCounts(
        added=sum(p.old is None for p in pairs),
        removed=sum(p.new is None for p in pairs),
        modified=len(modified),
        relabelled=sum(p.has_new_labels and not p.is_moved and not p.has_new_image for p in pairs),
        moved=sum(p.is_moved for p in modified),
        other=len(other),
    )


def is_classification(info: Mapping[str, Any]) -> bool:
    """Return whether a parsed dataset.yaml is of a classification set."""
    return info.get("task") == "classify"


Items = dict[str, ItemFiles]


def _touched(old: Tree, new: Tree, *, classify: bool) -> tuple[Items, Items, set[str]]:
    """Return the items, by id, whose files differ somewhere, on both sides, and the other files that differ."""
    stems: set[str] = set()
    other: set[str] = set()
    for path in _changed_paths(old, new):
        stem = _stem_of(path)
        if stem is None:
            other.add(path)
        else:
            stems.add(stem)
    return _items_at(old, stems, classify=classify), _items_at(new, stems, classify=classify), other


def _changed_paths(old: Tree, new: Tree) -> Iterator[str]:
    empty = Folder((), b"")
    for path in old.keys() | new.keys():
        before, after = old.get(path, empty), new.get(path, empty)
        if before == after:
            continue
        was, now = dict(before.items()), dict(after.items())
        for name in was.keys() | now.keys():
            if was.get(name) != now.get(name):
                yield path + name


def _stem_of(path: str) -> str | None:
    """Return the path of an item's files without `images/` or `labels/` and suffix; None for other files."""
    top, _, rest = path.partition("/")
    if top not in ("images", "labels") or "/" not in rest:
        return None
    folder, _, name = rest.rpartition("/")
    return f"{folder}/{name.rpartition('.')[0] or name}"


def _items_at(tree: Tree, stems: set[str], *, classify: bool) -> Items:
    """Return the items of a version whose files have one of the stems; a name met twice is told apart by its path."""
    found: Items = {}
    for folder_path in {f"images/{stem.rpartition('/')[0]}/" for stem in stems}:
        folder = tree.get(folder_path)
        if folder is None:
            continue
        labels = dict(tree.get("labels" + folder_path[6:], Folder((), b"")).items())
        for name, digest in folder.items():
            path = folder_path + name
            if is_image(path) and _stem_of(path) in stems:
                item = _item(path, digest, labels, classify=classify)
                key = item.item_id if item.item_id not in found else item_id_of(item.name, salt=path)
                found[key] = item
    return found


def _item(path: str, digest: bytes, labels: Mapping[str, bytes], *, classify: bool) -> ItemFiles:
    split, name = split_path(path, classify=classify)
    text, sidecar = (p.rpartition("/")[2] for p in label_paths(path))
    return ItemFiles(
        item_id_of(unicodedata.normalize("NFC", name)),
        name,
        path,
        split,
        digest,
        labels.get(text, _ABSENT),
        labels.get(sidecar, _ABSENT),
    )
