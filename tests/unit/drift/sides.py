"""Made-up sides for drift tests."""

import numpy as np

from ddoc.drift import COMPARED_ATTRIBUTES, Boxes, Side

DIM = 48


def make_side(
    seed: int,
    count: int,
    *,
    name: str = "base",
    shift: dict[str, float] | None = None,
    share: float = 1.0,
    classes: tuple[float, ...] | None = None,
    box_scale: float = 1.0,
    offset: float = 0.0,
    vectors: bool = True,
) -> Side:
    """Return a side of random images: `share` of them with attributes shifted by so many deviations, vectors moved by
    `offset` and, with `classes` (their weights), boxes of a mean size of .2 · `box_scale`.
    """
    rng = np.random.default_rng(seed)
    attributes = rng.normal(10, 1, (count, len(COMPARED_ATTRIBUTES)))
    attributes[:, COMPARED_ATTRIBUTES.index("megapixels")] = 0.3
    touched = np.arange(count) < share * count
    for attribute, deviations in (shift or {}).items():
        attributes[touched, COMPARED_ATTRIBUTES.index(attribute)] += deviations
    matrix = rng.normal(size=(count, DIM)) + np.where(touched, offset, 0)[:, None] * np.eye(DIM)[0]
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    counts, boxes = np.zeros((count, 0), np.int64), Boxes.none()
    if classes is not None:
        main = rng.choice(len(classes), count, p=np.array(classes) / sum(classes))
        counts = np.zeros((count, len(classes)), np.int64)
        per_image = rng.integers(1, 6, count)
        counts[np.arange(count), main] = (
            per_image  # all boxes of an image are of one class: strongly dependent
        )
        item = np.repeat(np.arange(count), per_image)
        size = np.exp(rng.normal(np.log(0.2 * box_scale), 0.3, count))[item] * rng.uniform(
            0.9, 1.1, len(item)
        )
        boxes = Boxes(
            item,
            size,
            rng.normal(0, 0.3, len(item)),
            rng.uniform(0, 1, len(item)),
            rng.uniform(0, 1, len(item)),
        )
    return Side(
        name=name,
        item_ids=[f"{name}-{i}" for i in range(count)],
        content_hashes=[f"{seed:016x}{i:016x}" for i in range(count)],
        attributes=attributes,
        vectors=matrix.astype(np.float16) if vectors else None,
        encoder="test-1" if vectors else None,
        class_names=tuple(f"class{i}" for i in range(counts.shape[1])),
        class_counts=counts,
        boxes=boxes,
    )
