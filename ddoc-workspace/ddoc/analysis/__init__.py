"""Analysis: running analyzers over images, their results by content hash, and what follows from them."""

from ddoc.analysis.flags import FLAGS, FlagRule, flag_rules, load_rules
from ddoc.analysis.groups import (
    Groups,
    can_refine,
    find_similar,
    groups,
    groups_path,
    load_groups,
    refine_map,
)
from ddoc.analysis.neighbours import nearest
from ddoc.analysis.projection import View, fit_view
from ddoc.analysis.protocol import (
    Analyzer,
    Encoder,
    Quantizable,
    analyzers,
    encoders,
    get_analyzer,
    get_encoder,
)
from ddoc.analysis.results import ResultsStore
from ddoc.analysis.run import AnalysisSummary, analyze, failure_log
from ddoc.analysis.summary import ATTRIBUTES_KEY, histogram, last_encoder, summary
from ddoc.analysis.vectors import VectorStore
from ddoc.dataset.items import ImageRef

__all__ = [
    "ATTRIBUTES_KEY",
    "FLAGS",
    "AnalysisSummary",
    "Analyzer",
    "Encoder",
    "FlagRule",
    "Groups",
    "ImageRef",
    "Quantizable",
    "ResultsStore",
    "VectorStore",
    "View",
    "analyze",
    "analyzers",
    "can_refine",
    "encoders",
    "failure_log",
    "find_similar",
    "fit_view",
    "flag_rules",
    "get_analyzer",
    "get_encoder",
    "groups",
    "groups_path",
    "histogram",
    "last_encoder",
    "load_groups",
    "load_rules",
    "nearest",
    "refine_map",
    "summary",
]
