"""The sidecar of a label file: what YOLO text cannot hold, as JSON. `ddoc.dataset.labels` alone reads and writes it."""

import json
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, cast

from ddoc.dataset import masks
from ddoc.dataset.items import NO_EXTRA, Annotation, Box, Extra
from ddoc.errors import InvalidInputError

VERSION = 1
MAX_BYTES = 32 * 1024 * 1024
Issue = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A sidecar entry that completes a line; None = the line says it."""

    box: Box | None
    polygons: tuple[tuple[float, ...], ...] | None
    mask: Mapping[str, Any] | None
    extra: Extra


def sidecar_text(image: Extra, entries: list[dict[str, Any]]) -> str | None:
    """Return the sidecar's content, None where there is nothing to say. Equal content gives equal text."""
    if not image and not entries:
        return None
    document: dict[str, Any] = {"ddoc": VERSION}
    if image:
        document["image"] = dict(image)
    if entries:
        document["annotations"] = entries
    try:
        text = _dumps(document)
    except ValueError:  # not a number, or infinite: JSON has neither
        text = _dumps(_finite(document))
    return f"{text}\n".encode("utf-8", "backslashreplace").decode()


def _dumps(document: object) -> str:
    return _ENCODER.encode(document)


def _finite(value: object) -> object:
    """Return `value` with null for every number that is not finite."""
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in cast("Sequence[Any]", value)]
    return None if isinstance(value, float) and not isfinite(value) else value


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    raise TypeError(f"{type(value).__name__} cannot be kept in a sidecar")


def parse_sidecar(raw: bytes, issues: list[Issue]) -> tuple[Extra, dict[str, list[Entry]], list[Annotation]]:
    """Return the image's extra, the entries by the geometry they complete, and the classes of the whole image."""
    entries: dict[str, list[Entry]] = {}
    whole: list[Annotation] = []
    try:
        document = json.loads(text_of(raw))
        image = _mapping(document.get("image", {}) if document["ddoc"] == VERSION else None)
        for item in document.get("annotations", []):
            extra = _mapping(item.get("extra", {}))
            if "at" not in item:
                whole.append(Annotation(str(item["class"]), extra=extra))
                continue
            entries.setdefault(str(item["at"]), []).append(_entry(item, extra))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidInputError) as error:
        issues.append(("sidecar-invalid", str(error)[:200]))
        return NO_EXTRA, {}, []
    return image, entries, whole


def _entry(item: Mapping[str, Any], extra: Extra) -> Entry:
    box = Box(*_numbers_of(item["box"], 4)) if "box" in item else None
    if box is not None and not (box.x1 < box.x2 and box.y1 < box.y2):
        raise ValueError("a box without area")
    polygons = tuple(_numbers_of(ring, None) for ring in item["polygons"]) if "polygons" in item else None
    if polygons is not None and any(len(ring) < 6 or len(ring) % 2 for ring in polygons):
        raise ValueError("a polygon of fewer than three points")
    mask = masks.compressed(item["mask"]) if "mask" in item else None
    return Entry(box, polygons, mask, extra)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain)


def _numbers_of(values: Any, count: int | None) -> tuple[float, ...]:
    numbers = tuple(float(v) for v in values)
    if (count is not None and len(numbers) != count) or not all(isfinite(v) for v in numbers):
        raise ValueError("not finite numbers")
    return numbers


def _mapping(value: Any) -> Extra:
    if not isinstance(value, dict):
        raise TypeError("not a mapping")
    return cast("dict[str, Any]", value) or NO_EXTRA


def text_of(raw: bytes) -> str:
    """Decode a label file. Raises InvalidInputError `labels-too-large` or `labels-not-text`."""
    if len(raw) > MAX_BYTES:
        raise InvalidInputError("the label file is larger than 32 MiB", code="labels-too-large")
    try:
        return (raw[3:] if raw[:3] == BOM_UTF8 else raw).decode()  # the codec of both is slow
    except UnicodeDecodeError:
        raise InvalidInputError("the label file is not text", code="labels-not-text") from None
