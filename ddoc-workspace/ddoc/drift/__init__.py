"""Drift: base against target, as tests, as sizes, and as a score for every image."""

from ddoc.drift.compare import EFFECT_THRESHOLD, compare
from ddoc.drift.guard import Guard, GuardResult, Thresholds, before_after, check, load_guard, save_guard
from ddoc.drift.html import report_html
from ddoc.drift.report import Comparison, DriftReport, load_report, load_scores, save_comparison
from ddoc.drift.sides import (
    COMPARED_ATTRIBUTES,
    MIN_IMAGES,
    Boxes,
    Side,
    check_encoders,
    check_sides,
    load_side,
)

__all__ = [
    "COMPARED_ATTRIBUTES",
    "EFFECT_THRESHOLD",
    "MIN_IMAGES",
    "Boxes",
    "Comparison",
    "DriftReport",
    "Guard",
    "GuardResult",
    "Side",
    "Thresholds",
    "before_after",
    "check",
    "check_encoders",
    "check_sides",
    "compare",
    "load_guard",
    "load_report",
    "load_scores",
    "load_side",
    "report_html",
    "save_comparison",
    "save_guard",
]
