"""One Pascal VOC xml file: hostile text in, plain values out; and the text of one on the way back.

Boxes are 1-based with both ends inside (VOC devkit, `VOCreadrecxml`), so the minima lose one on reading and gain it
on writing: a box of one pixel has equal ends.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from ddoc.dataset.items import Annotation, Box
from ddoc.errors import InvalidInputError
from ddoc.formats.voc_flags import FLAGS

_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,100}encoding=["']([A-Za-z0-9_.-]{1,40})["']""")
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "cp949": "cp949",
    "ms949": "cp949",
}
MAX_BYTES = 32 * 1024 * 1024
_EDGES = ("xmin", "ymin", "xmax", "ymax")
_TO_ESCAPE = re.compile("[&<>]")


@dataclass(frozen=True, slots=True)
class VocObject:
    """One `object`: name, the texts of its edges (xmin, ymin, xmax, ymax) or None, a ring, details beyond that."""

    name: str
    edges: tuple[str, str, str, str] | None
    ring: tuple[float, ...] | None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class VocImage:
    """What one xml file says."""

    filename: str
    width: int | None
    height: int | None
    objects: tuple[VocObject, ...]
    extra: Mapping[str, Any]
    skipped: tuple[str, ...] = ()


def parse(raw: bytes) -> VocImage:
    """Read one xml file. Raises InvalidInputError `xml-invalid` (not an annotation) or `xml-refused` (a DOCTYPE,
    whose entities could grow without end, or too large)."""
    try:
        root = ET.fromstring(_text(raw))  # noqa: S314 (no DOCTYPE, no entities)
    except (ET.ParseError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"not well-formed: {error}"[:200], code="xml-invalid") from error
    if root.tag != "annotation":
        raise InvalidInputError("the root is not <annotation>", code="xml-invalid")
    objects: list[VocObject] = []
    skipped: list[str] = []
    for element in root.iterfind("object"):
        objects.append(_object(element, skipped))
    size = root.find("size")
    return VocImage(
        filename=(root.findtext("filename") or "").strip(),
        width=_int(size.findtext("width")) if size is not None else None,
        height=_int(size.findtext("height")) if size is not None else None,
        objects=tuple(objects),
        extra=_image_extra(root),
        skipped=tuple(skipped),
    )


def _text(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise InvalidInputError("the xml file is larger than 32 MiB", code="xml-refused")
    declared = _ENCODING.match(raw)
    name = declared.group(1).decode().lower() if declared else "utf-8"
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        name = encoding = "utf-16"
    else:
        encoding = _ENCODINGS.get(name)
    if encoding is None:
        raise InvalidInputError(f"unknown encoding {name}", code="xml-invalid")
    text = raw.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InvalidInputError("a DOCTYPE is refused", code="xml-refused")
    return text


def _object(element: ET.Element, skipped: list[str]) -> VocObject:
    name, edges, ring = "", None, None
    extra: dict[str, Any] = {}
    for child in element:
        tag = child.tag
        if tag == "name":
            name = child.text or ""
        elif tag == "bndbox":
            texts = {edge.tag: (edge.text or "").strip() for edge in child}
            if len(texts) >= 4 and all(e in texts for e in _EDGES):
                edges = (texts["xmin"], texts["ymin"], texts["xmax"], texts["ymax"])
        elif tag == "polygon":
            ring = _ring(child)
        elif len(child):
            skipped.append(tag)
        elif child.text:
            _detail(tag, child.text.strip(), extra)
    return VocObject(name, edges, ring, extra)


def _detail(tag: str, text: str, extra: dict[str, Any]) -> None:
    """Keep what a plain element says, unless it is what VOC takes for granted."""
    if tag in FLAGS:
        if text not in {"0", "", "False", "false"}:
            extra[tag] = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1
    elif tag == "pose":
        if text not in {"", "Unspecified"}:
            extra["pose"] = text
    elif text:
        extra.setdefault("voc", {})[tag] = text


def _ring(element: ET.Element) -> tuple[float, ...] | None:
    """Read x1, y1, x2, y2, … (as Roboflow writes them) or pt/x, pt/y (as LabelMe does); None if it is neither."""
    points = element.findall("pt")
    texts = [e.text for pt in points for e in (pt.find("x"), pt.find("y")) if e is not None] if points else []
    if not points:
        named = {child.tag: child.text for child in element}
        number = 1
        while f"x{number}" in named and f"y{number}" in named:
            texts += [named[f"x{number}"], named[f"y{number}"]]
            number += 1
    try:
        return tuple(float(t or "") for t in texts) or None
    except ValueError:
        return None


def _image_extra(root: ET.Element) -> Mapping[str, Any]:
    extra: dict[str, Any] = {}
    database = (root.findtext("source/database") or "").strip()
    if database not in {"", "Unknown"}:
        extra["voc_database"] = database
    if (root.findtext("segmented") or "0").strip() == "1":
        extra["voc_segmented"] = 1
    return extra


def _int(text: str | None) -> int | None:
    try:
        return int(float(text or ""))
    except (ValueError, OverflowError):
        return None


def edges_of(box: Box) -> tuple[str, str, str, str]:
    """Return the texts of xmin, ymin, xmax, ymax: whole numbers where they are, else exact decimals."""
    return (_number(box.x1 + 1), _number(box.y1 + 1), _number(box.x2), _number(box.y2))


def corners_of(edges: Sequence[str]) -> tuple[float, float, float, float]:
    """Return x1, y1, x2, y2 of a 0-based box with its far side exclusive. Raises ValueError."""
    return (float(edges[0]) - 1, float(edges[1]) - 1, float(edges[2]), float(edges[3]))


def object_xml(annotation: Annotation, name: str, edges: Sequence[str]) -> str:
    """Return the element of one object; `name` is escaped already."""
    extra = annotation.extra
    pose, truncated, difficult, more = "Unspecified", 0, 0, ""
    if extra:
        pose = escaped(str(extra.get("pose", pose)))
        truncated, difficult = int(extra.get("truncated", 0)), int(extra.get("difficult", 0))
        if "occluded" in extra:
            more = f"\t\t<occluded>{int(extra['occluded'])}</occluded>\n"
        more += "".join(f"\t\t<{k}>{escaped(str(v))}</{k}>\n" for k, v in extra.get("voc", {}).items())
    ring = _ring_xml(annotation.polygons[0]) if annotation.polygons else ""
    return (
        f"\t<object>\n\t\t<name>{name}</name>\n\t\t<pose>{pose}</pose>\n\t\t<truncated>{truncated}</truncated>\n"
        f"\t\t<difficult>{difficult}</difficult>\n{more}\t\t<bndbox>\n\t\t\t<xmin>{edges[0]}</xmin>\n"
        f"\t\t\t<ymin>{edges[1]}</ymin>\n\t\t\t<xmax>{edges[2]}</xmax>\n\t\t\t<ymax>{edges[3]}</ymax>\n"
        f"\t\t</bndbox>\n{ring}\t</object>\n"
    )


def _ring_xml(ring: Sequence[float]) -> str:
    points = "".join(
        f"\t\t\t<x{n}>{_number(ring[at])}</x{n}>\n\t\t\t<y{n}>{_number(ring[at + 1])}</y{n}>\n"
        for n, at in enumerate(range(0, len(ring), 2), 1)
    )
    return f"\t\t<polygon>\n{points}\t\t</polygon>\n"


def escaped(text: str) -> str:
    """Return `text` for use between tags; characters that XML 1.0 cannot hold become U+FFFD."""
    if _TO_ESCAPE.search(text):
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if text.isprintable():
        return text
    return "".join(c if _is_xml(c) else "\ufffd" for c in text)


def _is_xml(character: str) -> bool:
    """Return whether XML 1.0 allows the character (production 2, Char); CR is not kept by parsers, so it is not."""
    code = ord(character)
    return code in {0x9, 0xA} or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _number(value: float) -> str:
    whole = int(value)
    return str(whole) if whole == value else repr(value)
