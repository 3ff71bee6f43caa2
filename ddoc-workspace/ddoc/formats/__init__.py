"""Reading and writing dataset formats through one model, and bringing sources into the canonical layout."""

from ddoc.formats.model import (
    ClassTable,
    ExportItem,
    ExportSource,
    Format,
    FormatInfo,
    SourceDataset,
    SourceItem,
)
from ddoc.formats.registry import FORMATS, detect, format_named

__all__ = [
    "FORMATS",
    "ClassTable",
    "ExportItem",
    "ExportSource",
    "Format",
    "FormatInfo",
    "SourceDataset",
    "SourceItem",
    "detect",
    "format_named",
]
