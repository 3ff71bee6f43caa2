"""Class names and details as hostile files give them, made fit to be kept."""

import unicodedata
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, cast

from ddoc.formats.names import is_safe_name, shortened
from ddoc.formats.tree import nfc, printable
from ddoc.reports import Report

MAX_DEPTH = 16


def class_name(raw: str, *, fallback: str, report: Report) -> str:
    """Return `raw` as a class name: NFC, trimmed, without control characters, at most 255 bytes; changes are reported."""
    plain = nfc(raw.strip())
    if plain and plain.isascii() and plain.isprintable() and len(plain) < 256:
        return plain
    kept = "".join(c if c in "/\\" or is_safe_name(c) else "_" for c in plain)
    name = shortened(unicodedata.normalize("NFC", kept)) or fallback
    if name != plain:
        report.note("class-renamed", printable(raw)[:200], "renamed", name)
    return name


def sane(value: object, depth: int = 0) -> bool:
    """Return whether a decoded JSON value is finite and nested at most 16 deep: JSON that can be written again."""
    if isinstance(value, float):
        return isfinite(value)
    if depth > MAX_DEPTH:
        return False
    if isinstance(value, Mapping):
        return all(sane(v, depth + 1) for v in cast("Mapping[Any, Any]", value).values())
    if isinstance(value, list | tuple):
        return all(sane(v, depth + 1) for v in cast("Sequence[Any]", value))
    return True
