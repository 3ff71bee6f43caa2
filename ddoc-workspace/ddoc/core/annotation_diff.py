"""Pairs the annotations of an item before and after: which were added, removed, moved, relabelled or changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ddoc.dataset.items import Annotation, Box

_SAME_OBJECT: Final = 0.3
_SAME_PLACE: Final = 0.5


@dataclass(frozen=True, slots=True)
class AnnotationDiff:
    """Annotations before and after, in pixels of their image.

    `moved` have another box under the same class, `relabelled` another class, `changed` other polygons or flags in
    the same box; `unchanged` is a count.
    """

    added: tuple[Annotation, ...] = ()
    removed: tuple[Annotation, ...] = ()
    moved: tuple[tuple[Annotation, Annotation], ...] = ()
    relabelled: tuple[tuple[Annotation, Annotation], ...] = ()
    changed: tuple[tuple[Annotation, Annotation], ...] = ()
    unchanged: int = 0

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.moved or self.relabelled or self.changed)

    def to_json(self) -> dict[str, Any]:
        """Return annotations as the API shows them; pairs as `{old, new}`."""
        return {
            "added": [annotation_json(a) for a in self.added],
            "removed": [annotation_json(a) for a in self.removed],
            "moved": [_pair_json(p) for p in self.moved],
            "relabelled": [_pair_json(p) for p in self.relabelled],
            "changed": [_pair_json(p) for p in self.changed],
            "unchanged": self.unchanged,
        }


@dataclass(slots=True)
class _Matching:
    """What is not paired yet, and the pairs found."""

    old: list[Annotation]
    new: list[Annotation]
    pairs: list[tuple[Annotation, Annotation]] = field(default_factory=list[tuple[Annotation, Annotation]])

    def take(self, score: Callable[[Annotation, Annotation], float], *, above: float) -> None:
        """Pair the best first, each annotation once, while `score` is above a limit."""
        scored = [
            (value, i, j)
            for i, a in enumerate(self.old)
            for j, b in enumerate(self.new)
            if (value := score(a, b)) > above
        ]
        scored.sort(key=lambda found: (-found[0], found[1], found[2]))
        used_old, used_new = set[int](), set[int]()
        for _, i, j in scored:
            if i not in used_old and j not in used_new:
                used_old.add(i)
                used_new.add(j)
                self.pairs.append((self.old[i], self.new[j]))
        self.old = [a for i, a in enumerate(self.old) if i not in used_old]
        self.new = [b for j, b in enumerate(self.new) if j not in used_new]


def diff_annotations(old: Sequence[Annotation], new: Sequence[Annotation]) -> AnnotationDiff:
    """Return how two lists of annotations of one item differ.

    Equal ones go first; then, by intersection over union of their boxes, those of one class (above 0.3: the same
    object, moved) and those of different classes (above 0.5: the same place, relabelled).
    """
    left_old, left_new, unchanged = _without_equal(old, new)
    same_class = _Matching(left_old, left_new)
    same_class.take(lambda a, b: _overlap(a, b) if a.class_name == b.class_name else 0.0, above=_SAME_OBJECT)
    other_class = _Matching(same_class.old, same_class.new)
    other_class.take(_overlap, above=_SAME_PLACE)
    return AnnotationDiff(
        added=tuple(other_class.new),
        removed=tuple(other_class.old),
        moved=tuple(p for p in same_class.pairs if p[0].box != p[1].box),
        relabelled=tuple(other_class.pairs),
        changed=tuple(p for p in same_class.pairs if p[0].box == p[1].box),
        unchanged=unchanged,
    )


def _without_equal(
    old: Sequence[Annotation], new: Sequence[Annotation]
) -> tuple[list[Annotation], list[Annotation], int]:
    left_old: list[Annotation] = []
    left_new = list(new)
    keys = [_key(b) for b in left_new]
    for annotation in old:
        key = _key(annotation)
        if key in keys:
            at = keys.index(key)
            del keys[at], left_new[at]
        else:
            left_old.append(annotation)
    return left_old, left_new, len(new) - len(left_new)


def _key(annotation: Annotation) -> tuple[Any, ...]:
    mask = None if annotation.mask is None else sorted(annotation.mask.items(), key=lambda e: e[0])
    extra = sorted(annotation.extra.items(), key=lambda e: e[0])
    return (annotation.class_name, annotation.box, annotation.polygons, mask, extra)


def _overlap(a: Annotation, b: Annotation) -> float:
    """Return the intersection over union of two boxes; 1 for two annotations of the whole image."""
    if a.box is None or b.box is None:
        return 1.0 if a.box is None and b.box is None else 0.0
    width = min(a.box.x2, b.box.x2) - max(a.box.x1, b.box.x1)
    height = min(a.box.y2, b.box.y2) - max(a.box.y1, b.box.y1)
    if width <= 0 or height <= 0:
        return 0.0
    inner = width * height
    return inner / (_area(a.box) + _area(b.box) - inner)


def _area(box: Box) -> float:
    return box.width * box.height


def _pair_json(pair: tuple[Annotation, Annotation]) -> dict[str, Any]:
    return {"old": annotation_json(pair[0]), "new": annotation_json(pair[1])}


def annotation_json(annotation: Annotation) -> dict[str, Any]:
    """Return an annotation as the API shows it: `{class_name, kind, box{x, y, width, height}, polygons, extra}`."""
    box = annotation.box
    return {
        "class_name": annotation.class_name,
        "kind": annotation.kind,
        "box": None if box is None else {"x": box.x1, "y": box.y1, "width": box.width, "height": box.height},
        "polygons": [list(ring) for ring in annotation.polygons],
        "extra": dict(annotation.extra),
    }
