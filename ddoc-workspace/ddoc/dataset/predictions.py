"""What a model predicted on the images of a set: read from COCO results JSON, as finished runs store it.

A row is `{"file_name", "category_id", "score"}` with `"bbox": [x, y, width, height]` in pixels for a box, without one
for a class of the whole image; `file_name` is the item's name, `category_id` the number of a class of dataset.yaml
(`category_name`, where present, counts instead). Several rows for one image and several classes are as usual.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, cast

import orjson

from ddoc.errors import InvalidInputError
from ddoc.ids import item_id_of

MAX_BYTES = 1 << 30
Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One predicted object: `box` are its corners in pixels, None for a class of the whole image; `score` 0–1."""

    class_name: str
    score: float
    box: Corners | None


def read_predictions(path: Path, classes: Sequence[str]) -> dict[str, list[Prediction]]:
    """Return item id → its predictions; `classes` are those of the set. Raises InvalidInputError
    `invalid-predictions` for a file that is not such a list."""
    if path.stat().st_size > MAX_BYTES:
        raise _invalid(f"the predictions are larger than {MAX_BYTES >> 20} MiB")
    try:
        rows = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise _invalid("the predictions are not JSON") from error
    if not isinstance(rows, list):
        raise _invalid("the predictions are not a list")
    found: dict[str, list[Prediction]] = {}
    ids: dict[str, str] = {}
    for at, row in enumerate(cast("list[Any]", rows)):
        try:
            name = str(row["file_name"])
            prediction = _prediction(row, classes)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise _invalid(f"prediction {at} is not one: {str(error)[:100]}") from error
        item_id = ids.get(name) or ids.setdefault(name, item_id_of(name))
        found.setdefault(item_id, []).append(prediction)
    return found


def _prediction(row: Mapping[str, Any], classes: Sequence[str]) -> Prediction:
    number, score = row.get("category_id"), float(row["score"])
    name = row.get("category_name")
    if name is None and (type(number) is not int or number < 0):
        raise ValueError("no class")
    if not 0 <= score <= 1:
        raise ValueError("the score is not in 0 … 1")
    corners = None
    if row.get("bbox") is not None:
        x, y, w, h = (float(v) for v in row["bbox"])
        if not isfinite(x + y + w + h) or w < 0 or h < 0:
            raise ValueError("the box is none")
        corners = (x, y, x + w, y + h)
    return Prediction(classes[cast("int", number)] if name is None else str(name), score, corners)


def _invalid(detail: str) -> InvalidInputError:
    return InvalidInputError(detail, code="invalid-predictions")
