"""The two sides of a comparison: what is known about their images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ddoc.analysis import ATTRIBUTES_KEY, ResultsStore, VectorStore
from ddoc.dataset.items import NO_EXTRA, Extra
from ddoc.errors import InvalidInputError
from ddoc.paths import Layout

Table: TypeAlias = Any
"""A `pyarrow.Table`; pyarrow ships no types."""
Floats = NDArray[np.float64]

COMPARED_ATTRIBUTES = (
    "brightness",
    "contrast",
    "p05",
    "p95",
    "entropy",
    "dark_share",
    "bright_share",
    "colourfulness",
    "sharpness",
    "noise",
    "megapixels",
    "aspect",
)
MIN_IMAGES = 50


@dataclass(frozen=True, slots=True)
class Boxes:
    """The boxes of a side: `item` (m,) is the row of the image, the others are geometry relative to the image.

    `size` is the square root of the share of the image's area, `aspect` the logarithm of width / height, `x` and `y`
    the centre (0–1).
    """

    item: NDArray[np.int64]
    size: Floats
    aspect: Floats
    x: Floats
    y: Floats

    @classmethod
    def none(cls) -> "Boxes":
        """Return no boxes."""
        nothing = np.empty(0)
        return cls(np.empty(0, np.int64), nothing, nothing, nothing, nothing)


@dataclass(frozen=True, slots=True)
class Side:
    """One side, n images in one order.

    `attributes` (n, a) in the order of `attribute_names`; `vectors` (n, d) of `encoder` or None; `class_counts` (n, c)
    annotations per class of `class_names`. `origin` says what it is (dataset, workspace, snapshot); `left_out` counts
    images without results, which are not among the n.
    """

    name: str
    item_ids: Sequence[str]
    content_hashes: Sequence[str]
    attributes: Floats
    attribute_names: tuple[str, ...] = COMPARED_ATTRIBUTES
    vectors: NDArray[np.floating[Any]] | None = None
    encoder: str | None = None
    class_names: tuple[str, ...] = ()
    class_counts: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 0), np.int64))
    boxes: Boxes = field(default_factory=Boxes.none)
    origin: Extra = NO_EXTRA
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.item_ids)

    def take(self, rows: NDArray[np.int64]) -> "Side":
        """Return the side made of these rows only, in this order, each at most once."""
        order: list[int] = rows.tolist()
        place = np.full(len(self), -1, np.int64)
        place[rows] = np.arange(len(rows))
        kept = place[self.boxes.item] >= 0
        return Side(
            name=self.name,
            item_ids=[self.item_ids[i] for i in order],
            content_hashes=[self.content_hashes[i] for i in order],
            attributes=self.attributes[rows],
            attribute_names=self.attribute_names,
            vectors=None if self.vectors is None else self.vectors[rows],
            encoder=self.encoder,
            class_names=self.class_names,
            class_counts=self.class_counts[rows] if len(self.class_counts) else self.class_counts,
            boxes=Boxes(
                place[self.boxes.item[kept]],
                *(
                    column[kept]
                    for column in (self.boxes.size, self.boxes.aspect, self.boxes.x, self.boxes.y)
                ),
            ),
            origin=self.origin,
            left_out=self.left_out,
        )


def load_side(
    layout: Layout,
    name: str,
    items: Table,
    annotations: Table | None = None,
    *,
    encoder_key: str | None = None,
    origin: Mapping[str, Any] = NO_EXTRA,
) -> Side:
    """Return a side from a root's stored analyses and its index.

    `items` needs item_id, content_hash, width, height; `annotations` item_id, class_name, x1, y1, x2, y2 (pixels;
    null where an annotation has no box). Images that could not be analysed are left out and counted.
    Raises InvalidInputError `no-images` where there are none, `not-analysed` where no image has results.
    """
    ids, hashes = items["item_id"].to_pylist(), items["content_hash"].to_pylist()
    if not ids:
        raise InvalidInputError(f"{name} has no images", code="no-images", side=name)
    attributes = ResultsStore(layout.analysis, ATTRIBUTES_KEY).matrix(hashes, COMPARED_ATTRIBUTES)
    known = np.isfinite(attributes).all(axis=1)
    if encoder_key is not None:
        known &= np.array(VectorStore(layout.vectors, encoder_key).have(hashes), bool)
    rows: list[int] = np.flatnonzero(known).tolist()
    if not rows:
        raise InvalidInputError(
            f"no image of {name} has been analysed; run the attribute and embedding analysis first",
            code="not-analysed",
            side=name,
        )
    kept_ids, kept_hashes = [ids[i] for i in rows], [hashes[i] for i in rows]
    class_names, counts, boxes = _annotated(kept_ids, items.take(rows), annotations)
    return Side(
        name=name,
        item_ids=kept_ids,
        content_hashes=kept_hashes,
        attributes=attributes[rows],
        vectors=VectorStore(layout.vectors, encoder_key).half_rows(kept_hashes) if encoder_key else None,
        encoder=encoder_key,
        class_names=class_names,
        class_counts=counts,
        boxes=boxes,
        origin=origin,
        left_out=len(ids) - len(rows),
    )


def _annotated(
    ids: Sequence[str], items: Table, annotations: Table | None
) -> tuple[tuple[str, ...], NDArray[np.int64], Boxes]:
    if annotations is None or not annotations.num_rows:
        return (), np.zeros((len(ids), 0), np.int64), Boxes.none()
    place = {item_id: row for row, item_id in enumerate(ids)}
    row = np.array([place.get(i, -1) for i in annotations["item_id"].to_pylist()], np.int64)
    labels = annotations["class_name"].to_pylist()
    class_names = tuple(sorted({label for label, r in zip(labels, row, strict=True) if r >= 0}))
    number = {label: i for i, label in enumerate(class_names)}
    column = np.array([number.get(label, -1) for label in labels], np.int64)
    counts = np.zeros((len(ids), len(class_names)), np.int64)
    np.add.at(counts, (row[row >= 0], column[row >= 0]), 1)
    corners = np.stack([_floats(annotations[c]) for c in ("x1", "y1", "x2", "y2")], axis=1)
    wide, high = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    good = (row >= 0) & (wide > 0) & (high > 0)  # NaN compares false: annotations without a box fall out here
    row, corners, wide, high = row[good], corners[good], wide[good], high[good]
    width, height = _floats(items["width"])[row], _floats(items["height"])[row]
    boxes = Boxes(
        item=row,
        size=np.sqrt(wide * high / (width * height)),
        aspect=np.log(wide / high),
        x=(corners[:, 0] + corners[:, 2]) / 2 / width,
        y=(corners[:, 1] + corners[:, 3]) / 2 / height,
    )
    return class_names, counts, boxes


def _floats(column: Any) -> Floats:
    return np.array([np.nan if v is None else v for v in column.to_pylist()], np.float64)


def check_sides(base: Side, target: Side) -> None:
    """Raise InvalidInputError where two sides cannot be compared.

    `no-images`, `too-few-images` (under 50 on a side: any verdict would be a guess), `encoders-differ`,
    `attributes-differ`.
    """
    for side in (base, target):
        if not len(side):
            raise InvalidInputError(f"{side.name} has no images", code="no-images", side=side.name)
    for side in (base, target):
        if len(side) < MIN_IMAGES:
            raise InvalidInputError(
                f"{side.name} has {len(side)} analysed images; a comparison needs at least {MIN_IMAGES} on each side",
                code="too-few-images",
                side=side.name,
                images=len(side),
                needed=MIN_IMAGES,
            )
    check_encoders(base.encoder, target.encoder)
    if base.attribute_names != target.attribute_names:
        raise InvalidInputError("the sides have different attributes", code="attributes-differ")


def check_encoders(base: str | None, target: str | None) -> None:
    """Raise InvalidInputError `encoders-differ` where two sides' vectors are of different encoders, by their keys.

    What embeds one side for a comparison asks this first, since embedding takes long.
    """
    if base != target:
        raise InvalidInputError(
            f"the sides were embedded by different encoders ({base}, {target}): vectors of other weights, of another "
            "version or of an 8-bit model do not compare",
            code="encoders-differ",
        )
