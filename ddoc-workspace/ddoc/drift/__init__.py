"""Drift: base against target, as tests, as sizes, and as a score for every image."""

from ddoc.drift.compare import compare
from ddoc.drift.report import Comparison, DriftReport, load_report, load_scores, save_comparison
from ddoc.drift.sides import COMPARED_ATTRIBUTES, MIN_IMAGES, Boxes, Side, check_sides, load_side

__all__ = [
    "COMPARED_ATTRIBUTES",
    "MIN_IMAGES",
    "Boxes",
    "Comparison",
    "DriftReport",
    "Side",
    "check_sides",
    "compare",
    "load_report",
    "load_scores",
    "load_side",
    "save_comparison",
]
