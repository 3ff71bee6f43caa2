"""What the command line works on: a root of ours, or any folder or archive, ingested into a cache once."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddoc.analysis import AnalysisSummary, ImageRef, VectorStore, analyze, get_analyzer, get_encoder
from ddoc.dataset.dataset import Dataset
from ddoc.drift import Side, load_side
from ddoc.errors import DamagedError, NotFoundError
from ddoc.execution import Executor
from ddoc.formats.ingest import ingest
from ddoc.ids import slugify
from ddoc.paths import Layout
from ddoc.progress import Progress


@dataclass(frozen=True, slots=True)
class Source:
    """A set of images with their annotations: what the index of its root tells, and where its results are kept."""

    name: str
    results: Layout
    refs: tuple[ImageRef, ...]
    items: Any
    annotations: Any
    ingest_report: tuple[Mapping[str, Any], ...]


def open_source(path: Path, *, cache: Path, executor: Executor, progress: Progress) -> Source:
    """Read the images at `path`.

    A root (a workspace or an ingested dataset) keeps its results in its own `.ddoc/`. Anything else is ingested into
    `cache` once, its format detected; results then lie in the cache, by content. Raises NotFoundError `no-such-path`
    and what ingest and `Dataset.open` raise.
    """
    if not path.exists():
        raise NotFoundError("there is no such file or folder", code="no-such-path", path=str(path))
    if (path / "data" / "dataset.yaml").exists():
        root, results, report = path, Layout(path), ()
    else:
        root, results = _cached_root(path, cache), Layout(cache)
        made = ingest(path, root, name=path.name, executor=executor, progress=progress)
        report = tuple(made.report.to_json())
    with Dataset.open(root, executor=executor, progress=progress) as dataset:
        return Source(
            name=path.name,
            results=results,
            refs=tuple(dataset.image_refs()),
            items=dataset.index.items_table(),
            annotations=dataset.index.annotations_table(),
            ingest_report=report,
        )


def analyze_source(
    source: Source, *, encoder: str, force: bool, executor: Executor, progress: Progress
) -> dict[str, AnalysisSummary]:
    """Run both analyses on what is new (on everything with `force`). Returns their summaries by name."""
    return {
        name: analyze(
            get_analyzer(name, **options),
            source.refs,
            layout=source.results,
            executor=executor,
            progress=progress,
            force=force,
        )
        for name, options in (("attributes", {}), ("embedding", {"encoder": encoder}))
    }


def side_of(path: Path, *, cache: Path, encoder: str, executor: Executor, progress: Progress) -> Side:
    """Return the analysed side at `path`."""
    source = open_source(path, cache=cache, executor=executor, progress=progress)
    analyze_source(source, encoder=encoder, force=False, executor=executor, progress=progress)
    return load_side(
        source.results,
        source.name,
        source.items,
        source.annotations,
        encoder_key=get_encoder(encoder).key,
        origin={"path": str(path)},
    )


def damaged_vectors(layout: Layout) -> list[dict[str, str]]:
    """Check the vectors of every encoder against their checksums. Returns findings as `fsck` words them."""
    found: list[dict[str, str]] = []
    for folder in sorted(p for p in layout.vectors.glob("*") if (p / "meta.json").exists()):
        try:
            VectorStore(layout.vectors, folder.name).verify()
        except DamagedError as error:
            row = {"area": "vectors", "severity": "error", "code": error.error_code, "subject": folder.name}
            found.append({**row, "detail": error.detail})
    return found


def default_cache() -> Path:
    """Return the folder for what the command line derives: `DDOC_CACHE`, else `ddoc` in the user's cache folder."""
    named = os.environ.get("DDOC_CACHE")
    return Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "ddoc"


def _cached_root(path: Path, cache: Path) -> Path:
    """Return the root for the source as it is now; roots of what it was before are removed."""
    place = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:8]
    stem = f"{slugify(path.name, fallback='source')}-{place}-"
    root = cache / "roots" / (stem + _stamp(path))
    for old in (cache / "roots").glob(stem + "*"):
        if old != root:
            shutil.rmtree(old)
    return root


def _stamp(path: Path) -> str:
    """Return 16 hex digits that change with any file's path, size or time."""
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    for file in files:
        facts = file.stat()
        digest.update(f"{file.relative_to(path.parent)}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:16]
