"""What two versions' files say about items, without reading any content: pairing and counting by paths alone."""

import bisect
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Final

from ddoc.ids import item_id_of
from ddoc.snapshot.tree import Folder, Tree, diff_trees


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
    return path.startswith("images/") and path.count("/") >= 2 and _is_image_name(path[path.rfind("/") + 1 :])


def _is_image_name(name: str) -> bool:
    return name[0] != "." and name.lower().endswith(IMAGE_SUFFIXES)


# As ddoc.dataset.images has them; not imported from there, since with them come NumPy and Pillow.
IMAGE_SUFFIXES: Final = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")


def count_items(tree: Tree) -> tuple[int, dict[str, int]]:
    """Return (items, items per split) of a version."""
    splits: Counter[str] = Counter()
    for path, folder in tree.items():
        if path.startswith("images/") and path.count("/") >= 2:
            images = [n for n in folder.names if n.lower().endswith(IMAGE_SUFFIXES) and n[0] != "."]
            splits[path.split("/", 2)[1]] += len(images)
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
    if not old:
        return ItemCounts(added=count_items(new)[0], other=_count_others(new))
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


def _count_others(tree: Tree) -> int:
    return sum(len(f.names) for path, f in tree.items() if not path.startswith(("images/", "labels/")))


Items = dict[str, ItemFiles]


def _touched(old: Tree, new: Tree, *, classify: bool) -> tuple[Items, Items, set[str]]:
    """Return the items, by id, whose files differ somewhere, on both sides, and the other files that differ."""
    stems: dict[str, set[str]] = {}
    other: set[str] = set()
    for change in diff_trees(old, new):
        top, _, rest = change.path.partition("/")
        folder, _, name = rest.rpartition("/")
        if top in ("images", "labels") and folder and not (top == "images" and not _is_image_name(name)):
            stems.setdefault(folder, set()).add(_stem(name))
        else:
            other.add(change.path)
    return _items_at(old, stems, classify=classify), _items_at(new, stems, classify=classify), other


def split_and_name(path: str, *, classify: bool) -> tuple[str, str]:
    """Return (split, name) of an image path, as `ddoc.dataset.scan.split_path` does.

    Not imported from there: with it comes Arrow, 45 MB that taking a snapshot does not need.
    """
    _, split, rest = path.split("/", 2)
    if classify and "/" in rest:
        rest = rest.split("/", 1)[1]
    return split, unicodedata.normalize("NFC", rest)


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _items_at(tree: Tree, stems: Mapping[str, set[str]], *, classify: bool) -> Items:
    """Return the items of a version whose files have one of the stems, given by their folder below images/.

    A name met twice is told apart by its path.
    """
    found: Items = {}
    for place, wanted in sorted(stems.items()):
        folder, labels = tree.get(f"images/{place}/", _NOTHING), tree.get(f"labels/{place}/", _NOTHING)
        for stem in sorted(wanted):
            for position in _with_stem(folder.names, stem):
                name = folder.names[position]
                item = _item(place, name, folder.hash_at(position), labels, classify=classify)
                key = item.item_id if item.item_id not in found else item_id_of(item.name, salt=item.path)
                found[key] = item
    return found


def _with_stem(names: tuple[str, ...], stem: str) -> Iterator[int]:
    """Yield the positions of the images called `stem`, in sorted names."""
    start = f"{stem}."
    position = bisect.bisect_left(names, start)
    while position < len(names) and names[position].startswith(start):
        if _stem(names[position]) == stem and _is_image_name(names[position]):
            yield position
        position += 1


_NOTHING: Final = Folder((), b"")


def _item(place: str, name: str, digest: bytes, labels: Folder, *, classify: bool) -> ItemFiles:
    path = f"images/{place}/{name}"
    split, shown = split_and_name(path, classify=classify)
    stem = _stem(name)
    return ItemFiles(
        item_id_of(shown),
        shown,
        path,
        split,
        digest,
        labels.get(f"{stem}.txt") or b"",
        labels.get(f"{stem}.json") or b"",
    )
