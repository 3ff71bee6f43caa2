"""Loads what analyses and drift reports computed, by content hash, into an index."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from app.services.tables import Table
from ddoc.analysis import ATTRIBUTES_KEY, ResultsStore, groups_path, last_encoder
from ddoc.dataset.dataset import Dataset

_SCORE_COLUMNS = ["content_hash", "score", "p_value", "outlier"]


def load_results(dataset: Dataset, score_files: Mapping[str, Sequence[Path]]) -> None:
    """Load attributes, the groups of the encoder used last, and the scores of drift reports, as far as they exist."""
    attributes = ResultsStore(dataset.layout.analysis, ATTRIBUTES_KEY)
    table = attributes.numeric_table()
    if table.num_rows:
        dataset.index.load_attributes(table)
    encoder = last_encoder(dataset.layout)
    if encoder is not None and groups_path(dataset.layout, encoder).exists():
        dataset.index.load_groups(pq.read_table(groups_path(dataset.layout, encoder), memory_map=False))
    for report_id, files in score_files.items():
        parts = [pq.read_table(f, columns=_SCORE_COLUMNS, memory_map=False) for f in files if f.exists()]
        if parts:
            dataset.index.load_scores(report_id, _once_each(pa.concat_tables(parts)))


def _once_each(table: Table) -> Table:
    """Keep one row per content: the same image on both sides is scored as the target's."""
    last = {content_hash: row for row, content_hash in enumerate(table["content_hash"].to_pylist())}
    return table.take(pa.array(sorted(last.values()), pa.int64()))
