"""The model shared by formats, index, edits and exports: items and their annotations."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Task = Literal["detect", "segment", "classify"]
AnnotationKind = Literal["box", "polygon", "mask", "class"]
Extra = Mapping[str, Any]


class _NoExtra(Mapping[str, Any]):
    """The empty mapping: immutable, hashable (a default of a field must be) and pickled as itself."""

    __slots__ = ()

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "NO_EXTRA"

    def __reduce__(self) -> str:
        return "NO_EXTRA"


NO_EXTRA: Extra = _NoExtra()


@dataclass(frozen=True, slots=True)
class Box:
    """A box in pixels of the image as stored: origin top left, 0-based, `x2`/`y2` exclusive; floats, never rounded."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y2 - self.y1


@dataclass(frozen=True, slots=True)
class Annotation:
    """One box, polygon, mask or class of an item.

    `polygons` are rings of flat pixel coordinates (x1, y1, x2, y2, …); `mask` is a COCO RLE
    `{"size": [height, width], "counts": str}`; an annotation without box, polygons and mask is a class of the
    whole image. `extra` keeps what a format knows beyond that (VOC difficult, truncated, pose, occluded and
    `voc_box`, the original numbers; COCO id, iscrowd, area, attributes), so that it survives a round trip.
    """

    class_name: str
    box: Box | None = None
    polygons: tuple[tuple[float, ...], ...] = ()
    mask: Mapping[str, Any] | None = None
    extra: Extra = field(default=NO_EXTRA)

    @property
    def kind(self) -> AnnotationKind:
        """What the annotation is: its most detailed part decides."""
        if self.mask is not None:
            return "mask"
        if self.polygons:
            return "polygon"
        return "class" if self.box is None else "box"


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What `data/dataset.yaml` says. The order of `classes` is fixed for ever: labels refer to it by position."""

    name: str
    task: Task
    classes: tuple[str, ...]
    splits: tuple[str, ...]
    origin: Mapping[str, Any] = field(default=NO_EXTRA)


@dataclass(frozen=True, slots=True)
class Item:
    """One image of a root.

    `name` is its NFC path below the split (without the class folder of a classification set), from which
    `item_id` is made; `path` is relative to `data/`. `annotated` is False where no label file exists;
    an annotated item without annotations is a background image. `color` is the average colour 0xRRGGBB.
    """

    item_id: str
    name: str
    path: str
    split: str
    width: int
    height: int
    bytes: int
    content_hash: str
    classes: tuple[str, ...]
    annotation_count: int
    annotated: bool
    color: int
    attributes: Mapping[str, float] = field(default=NO_EXTRA)


@dataclass(frozen=True, slots=True)
class ImageRef:
    """What an analyzer needs of an item: its id, the hash of its bytes and where they are (absolute path)."""

    item_id: str
    content_hash: str
    path: str
