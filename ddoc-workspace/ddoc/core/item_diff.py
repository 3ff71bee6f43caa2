"""Two versions compared item by item: images and boxes, old and new."""

import base64
import binascii
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ddoc.core.annotation_diff import AnnotationDiff, annotation_json, diff_annotations
from ddoc.core.item_changes import ItemFiles, ItemPair, items_that_differ
from ddoc.dataset.images import probe_image
from ddoc.dataset.info import FILE_NAME, read_info
from ddoc.dataset.items import NO_EXTRA, Annotation, DatasetInfo
from ddoc.dataset.labels import class_of_path, decode_labels
from ddoc.errors import DdocError, InvalidInputError
from ddoc.snapshot.tree import Tree

CHANGES: Final = ("added", "removed", "changed", "moved", "relabelled")
_LIMIT: Final = 500
_UNKNOWN: Final = DatasetInfo(name="", task="detect", classes=(), splits=(), origin=NO_EXTRA)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions: its name (an id or "working"), files, and where a file's bytes can be read."""

    name: str
    tree: Tree
    locate: Callable[[str, bytes], Path]

    def info(self) -> DatasetInfo:
        """Return what the version's dataset.yaml says; nothing known if it has none that can be read."""
        top = self.tree.get("")
        data = self.read(FILE_NAME, dict(top.items()).get(FILE_NAME, b"")) if top else None
        if data is None:
            return _UNKNOWN
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, FILE_NAME).write_bytes(data)
            try:
                return read_info(Path(folder))
            except DdocError:
                return _UNKNOWN

    def read(self, path: str, digest: bytes) -> bytes | None:
        """Return a file's bytes; None where the version has no such file or its object is missing."""
        if not digest:
            return None
        try:
            return self.locate(path, digest).read_bytes()
        except FileNotFoundError:
            return None


class ItemDiff:
    """The items that differ between two versions. Labels are read when they are asked for."""

    def __init__(self, old: Side, new: Side) -> None:
        self._old, self._new = old, new
        self._infos = (old.info(), new.info())
        classify = "classify" in (self._infos[0].task, self._infos[1].task)
        self.pairs, self.other_files = items_that_differ(old.tree, new.tree, classify=classify)

    def page(
        self, *, change: str | None = None, limit: int = 100, cursor: str | None = None
    ) -> dict[str, Any]:
        """Return `{base, target, counts, classes, items, next_cursor, total}`.

        `change` keeps the items with that change; `counts` and `classes` are of the whole diff. An item has its
        `change` (the weightiest of `changes`), where it was and is, and its `annotations` that differ, in pixels.
        Raises InvalidInputError for an unknown change or cursor.
        """
        if change is not None and change not in CHANGES:
            raise InvalidInputError(f"a change is one of {', '.join(CHANGES)}", code="unknown-change")
        counts, classes = self.summary()
        chosen = [pair for pair in self.pairs if change is None or change in changes_of(pair)]
        start = _offset(cursor)
        end = start + max(1, min(limit, _LIMIT))
        return {
            "base": self._old.name,
            "target": self._new.name,
            "counts": counts,
            "classes": classes,
            "items": [self.describe(pair) for pair in chosen[start:end]],
            "next_cursor": _cursor(end) if end < len(chosen) else None,
            "total": len(chosen),
        }

    def summary(self) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
        """Return the counts per change, of items and of boxes, and the boxes per class and change."""
        items: Counter[str] = Counter(dict.fromkeys(CHANGES, 0))
        boxes: dict[str, Counter[str]] = {}
        total: Counter[str] = Counter({f"boxes_{kind}": 0 for kind in _BOX_CHANGES})
        for pair in self.pairs:
            items.update(changes_of(pair))
            for kind, class_name in _counted(self._rough_diff(pair)):
                boxes.setdefault(class_name, Counter(dict.fromkeys(_BOX_CHANGES, 0)))[kind] += 1
                total[f"boxes_{kind}"] += 1
        counts = {**items, **total, "items": len(self.pairs), "other_files": len(self.other_files)}
        return counts, {name: dict(found) for name, found in sorted(boxes.items())}

    def describe(self, pair: ItemPair) -> dict[str, Any]:
        """Return one item as the API shows it."""
        changes = changes_of(pair)
        before, after = self._size(pair.old, 0), self._size(pair.new, 1)
        # an image that cannot be read has the size that it had, so that its boxes can be told
        old, new = self._exact(pair.old, 0, before or after), self._exact(pair.new, 1, after or before)
        return {
            "item_id": pair.any.item_id,
            "file_name": pair.any.name,
            "change": changes[0],
            "changes": changes,
            "old": _place(pair.old, old),
            "new": _place(pair.new, new),
            "annotations": diff_annotations(old.annotations, new.annotations).to_json(),
            "unchanged": [annotation_json(a) for a in new.annotations if a in old.annotations],
        }

    def _rough_diff(self, pair: ItemPair) -> AnnotationDiff:
        """Compare annotations in units of the image: enough to count, without opening an image."""
        if (
            pair.old is not None
            and pair.new is not None
            and not pair.has_new_labels
            and not _has_new_class(pair)
        ):
            return AnnotationDiff()
        return diff_annotations(self._rough(pair.old, 0), self._rough(pair.new, 1))

    def _rough(self, item: ItemFiles | None, side: int) -> tuple[Annotation, ...]:
        return () if item is None else self._labels(item, side, None, 1, 1)

    def _size(self, item: ItemFiles | None, side: int) -> tuple[int, int] | None:
        if item is None:
            return None
        try:
            header = probe_image((self._old, self._new)[side].locate(item.path, item.image))
        except (OSError, DdocError):
            return None
        return header.width, header.height

    def _exact(self, item: ItemFiles | None, side: int, size: tuple[int, int] | None) -> "_Seen":
        if item is None or size is None:
            return _Seen(0, 0, ())
        sidecar = (self._old, self._new)[side].read(f"{_label_path(item.path)}.json", item.sidecar)
        return _Seen(*size, self._labels(item, side, sidecar, *size))

    def _labels(
        self, item: ItemFiles, side: int, sidecar: bytes | None, width: int, height: int
    ) -> tuple[Annotation, ...]:
        source, info = (self._old, self._new)[side], self._infos[side]
        if info.task == "classify":
            name = class_of(item, info)
            return () if name is None else (Annotation(name),)
        text = source.read(f"{_label_path(item.path)}.txt", item.text)
        if text is None:
            return ()
        return (
            decode_labels(text, sidecar, classes=info.classes, width=width, height=height).annotations or ()
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    """An item's size in pixels (0: cannot be read) and annotations."""

    width: int
    height: int
    annotations: tuple[Annotation, ...]


_BOX_CHANGES: Final = ("added", "removed", "moved", "relabelled", "changed")


def changes_of(pair: ItemPair) -> list[str]:
    """Return what happened to an item, the weightiest first."""
    if pair.old is None:
        return ["added"]
    if pair.new is None:
        return ["removed"]
    flags = (pair.has_new_image, pair.is_moved, pair.has_new_labels or _has_new_class(pair))
    return [name for name, flag in zip(CHANGES[2:], flags, strict=True) if flag]


def _has_new_class(pair: ItemPair) -> bool:
    """Return whether only the class folder differs: the label of a classification image."""
    if pair.old is None or pair.new is None or pair.old.split != pair.new.split:
        return False
    return pair.is_moved and class_of_path(pair.old.path) != class_of_path(pair.new.path)


def class_of(item: ItemFiles, info: DatasetInfo) -> str | None:
    """Return the class folder of an item of a classification set."""
    return class_of_path(item.path) if info.task == "classify" else None


def _counted(found: AnnotationDiff) -> list[tuple[str, str]]:
    """Return (change, class) of every annotation that differs; a relabelled one counts under its new class."""
    single = [("added", a.class_name) for a in found.added] + [
        ("removed", a.class_name) for a in found.removed
    ]
    pairs: Mapping[str, Any] = {
        "moved": found.moved,
        "relabelled": found.relabelled,
        "changed": found.changed,
    }
    return single + [(kind, new.class_name) for kind, group in pairs.items() for _, new in group]


def _place(item: ItemFiles | None, seen: _Seen) -> dict[str, Any] | None:
    if item is None:
        return None
    return {
        "path": item.path,
        "split": item.split,
        "content_hash": item.image.hex(),
        "width": seen.width,
        "height": seen.height,
    }


def _label_path(image: str) -> str:
    """Return the path of an image's labels without suffix."""
    return "labels" + image[len("images") : image.rindex(".")]


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(cursor)))
    except (ValueError, binascii.Error) as error:
        raise InvalidInputError("the cursor is not one that a page gave", code="invalid-cursor") from error


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()
