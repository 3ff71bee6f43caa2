"""Sampling: choose items by a strategy. Every choice is pure, seeded, recorded and can be made again."""

from ddoc.sampling.preview import preview
from ddoc.sampling.request import NotEnoughItems, Sample, SampleRequest
from ddoc.sampling.sample import read_sample, record_sample, sample
from ddoc.sampling.source import DatasetSource, ReportSides, SampleSource
from ddoc.sampling.strategies import (
    STRATEGIES,
    Balance,
    Combine,
    Coverage,
    Dedup,
    Diversity,
    MatchTarget,
    Random,
    Similar,
    Strategy,
    Stratified,
    Threshold,
    Typicality,
    describe_strategies,
    strategy_from_json,
    strategy_to_json,
)

__all__ = [
    "STRATEGIES",
    "Balance",
    "Combine",
    "Coverage",
    "DatasetSource",
    "Dedup",
    "Diversity",
    "MatchTarget",
    "NotEnoughItems",
    "Random",
    "ReportSides",
    "Sample",
    "SampleRequest",
    "SampleSource",
    "Similar",
    "Strategy",
    "Stratified",
    "Threshold",
    "Typicality",
    "describe_strategies",
    "preview",
    "read_sample",
    "record_sample",
    "sample",
    "strategy_from_json",
    "strategy_to_json",
]
