"""Running an analyzer over items: only what is new is computed, and what is computed is kept."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddoc.analysis.failures import FailureLog
from ddoc.analysis.protocol import AnalysisStore, Analyzer, Chunk, ChunkResult, Failure
from ddoc.dataset.items import ImageRef
from ddoc.execution import Executor, SerialExecutor, WorkerDied
from ddoc.paths import Layout, write_atomic
from ddoc.progress import Progress, no_progress
from ddoc.reports import Report

CRASHED = "crashes-the-decoder"
_FLUSH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class AnalysisSummary:
    """What a run of an analyzer did. `items` counts images, `contents` distinct contents among them.

    `computed` contents were new, `cached` were there already, `failed` cannot be analysed (all of them, also those
    known from earlier runs); `report` names them.
    """

    analyzer: str
    version: str
    key: str
    items: int
    contents: int
    computed: int
    cached: int
    failed: int
    seconds: float
    report: Report

    def to_json(self) -> dict[str, Any]:
        """Return the fields, the report as rows."""
        return {
            "analyzer": self.analyzer,
            "analyzer_version": self.version,
            "key": self.key,
            "items": self.items,
            "contents": self.contents,
            "computed": self.computed,
            "cached": self.cached,
            "failed": self.failed,
            "seconds": round(self.seconds, 3),
            "report": self.report.to_json(),
        }


def failure_log(layout: Layout, key: str) -> FailureLog:
    """Return the log of what the analyzer with this key could not read in a root."""
    return FailureLog(layout.analysis / f"{key}.failures.jsonl")


def analyze(
    analyzer: Analyzer,
    refs: Sequence[ImageRef],
    *,
    layout: Layout,
    executor: Executor | None = None,
    progress: Progress = no_progress,
    force: bool = False,
) -> AnalysisSummary:
    """Analyse the images that have no result yet (all of them with `force`).

    Results are appended as they come, so that a cancel (an error raised by `progress`) or a kill keeps what is
    done. An image that cannot be read, or that kills its worker, is named in the report; the others are done.
    """
    started = time.monotonic()
    store, log = analyzer.open_store(layout), failure_log(layout, analyzer.key)
    paths = {ref.content_hash: ref.path for ref in refs}
    if force:
        store.clear(list(paths))
        log.forget(set(paths))
    done, broken = store.hashes() & paths.keys(), log.read().keys() & paths.keys()
    todo = [(h, path) for h, path in paths.items() if h not in done and h not in broken]
    _mark(layout, analyzer.key, complete=False)
    _compute(analyzer, todo, store, log, executor or SerialExecutor(), progress)
    analyzer.finish(layout, [ref.content_hash for ref in refs], progress)
    _mark(layout, analyzer.key, complete=True)
    failures = [f for f in log.read().values() if f[0] in paths]
    return AnalysisSummary(
        analyzer=analyzer.name,
        version=analyzer.version,
        key=analyzer.key,
        items=len(refs),
        contents=len(paths),
        computed=len(todo) - sum(f[0] not in broken for f in failures),
        cached=len(done),
        failed=len(failures),
        seconds=time.monotonic() - started,
        report=_report(failures, refs),
    )


def finished(layout: Layout, key: str) -> bool:
    """Whether the last run of the analyzer with this key came to its end."""
    path = _state_file(layout, key)
    return path.exists() and bool(json.loads(path.read_text("utf-8"))["complete"])


def _compute(
    analyzer: Analyzer,
    todo: Sequence[tuple[str, str]],
    store: AnalysisStore,
    log: FailureLog,
    executor: Executor,
    progress: Progress,
) -> None:
    if not todo:
        return  # not even the encoder's weights are read
    worker, size = (
        analyzer.worker(),
        analyzer.chunk_size,
    )  # in this order: the size may follow from what is loaded
    chunks: list[Chunk] = [tuple(todo[i : i + size]) for i in range(0, len(todo), size)]
    count, flushed = 0, time.monotonic()
    try:
        for position, outcome in executor.map(worker, chunks):
            chunk = chunks[position]
            results = _one_by_one(analyzer, chunk, executor) if isinstance(outcome, WorkerDied) else [outcome]
            for hashes, values, failures in results:
                if hashes:
                    store.append(hashes, analyzer.receive(values))
                log.append(failures)
            count += len(chunk)
            if time.monotonic() - flushed > _FLUSH_SECONDS:
                store.flush()
                flushed = time.monotonic()
            progress(count, len(todo), unit="images", message=analyzer.name)
    finally:
        store.flush()


def _one_by_one(analyzer: Analyzer, chunk: Chunk, executor: Executor) -> list[ChunkResult]:
    """Repeat a chunk that killed its worker image by image, so that the bad file is named and the rest is done."""
    results: list[ChunkResult] = []
    singles: list[Chunk] = [(image,) for image in chunk]
    for position, outcome in executor.map(analyzer.worker(), singles):
        if isinstance(outcome, WorkerDied):
            failure = (singles[position][0][0], CRASHED, "the image kills the process that decodes it")
            results.append(((), None, (failure,)))
        else:
            results.append(outcome)
    return results


def _report(failures: Sequence[Failure], refs: Sequence[ImageRef]) -> Report:
    names = {ref.content_hash: Path(ref.path).name for ref in refs}
    report = Report()
    for content_hash, code, detail in failures:
        report.note(code, names[content_hash], "skipped", detail)
    return report


def _state_file(layout: Layout, key: str) -> Path:
    return layout.analysis / f"{key}.state.json"


def _mark(layout: Layout, key: str, *, complete: bool) -> None:
    write_atomic(_state_file(layout, key), json.dumps({"complete": complete}).encode())
