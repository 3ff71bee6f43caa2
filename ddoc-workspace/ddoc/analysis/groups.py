"""Groups of images from their vectors: clusters, duplicates, outliers and the two-dimensional map."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ddoc.analysis.contents import Hashes, distinct, joined_sorted, places_in
from ddoc.analysis.duplicates import components, cosine_thresholds, hash_pairs
from ddoc.analysis.neighbours import nearest
from ddoc.analysis.plane import MIN_ROWS, pacmap_plane, pca_plane
from ddoc.analysis.projection import FIT_ROWS, View, fit_view
from ddoc.analysis.results import KEY, ResultsStore, Table
from ddoc.analysis.vectors import VectorStore
from ddoc.paths import Layout, atomic_path, write_atomic
from ddoc.progress import Progress, no_progress

CLUSTER_DIMS = 50
NEIGHBOURS = 10
MAX_CLUSTERS = 256
OUTLIER_SHARE = 0.99
PCA, PACMAP = "pca", "pacmap"
Projection = Literal["pca", "pacmap"]
# vectors of a search that are in memory at once
_SEARCH_BLOCK = 16_384
_STEPS = ("view", "neighbours", "duplicates", "clusters", "done")


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of one encoder's vectors.

    `table` has one row per content: content_hash, cluster (−1: too few images), duplicate_group (−1: none),
    outlier (0–1: share of images that are closer to their neighbours), x, y (the map). `examples` names for each
    cluster the contents nearest to its centre; `thresholds` what made a near-duplicate; `projection` what made the
    map: `pca` at once, `pacmap` after `refine_map`.
    """

    encoder: str
    table: Table
    examples: Mapping[int, tuple[str, ...]]
    thresholds: Mapping[str, float]
    contents_digest: str
    projection: Projection = PCA


def groups(
    layout: Layout,
    encoder_key: str,
    hashes: Sequence[str],
    *,
    attributes: ResultsStore | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Groups:
    """Compute the groups of the items with these content hashes (one per item: equal contents appear repeatedly)
    and store them as `groups-<encoder>.parquet`.

    Contents without a vector are left out. With `attributes` (their `phash` and `phash_mirrored` columns),
    perceptual hashes take part in finding duplicates.
    """
    counts = Counter(hashes)
    store = VectorStore(layout.vectors, encoder_key)
    contents = sorted(h for h, known in zip(counts, store.have(list(counts)), strict=True) if known)
    vectors = store.half_rows(contents)
    _step(progress, 0)
    unit = _whitened(layout, encoder_key, vectors, seed)
    _step(progress, 1)
    indices, cosines = nearest(unit, unit, NEIGHBOURS, same=True)
    _step(progress, 2)
    duplicate, thresholds = _duplicates(contents, counts, unit, indices, cosines, attributes)
    _step(progress, 3)
    points = _components(vectors, seed) if contents else unit
    cluster, examples = _clusters(points, seed)
    plane = pca_plane(points)
    table = pa.table(
        {
            KEY: pa.array(contents, pa.string()),
            "cluster": pa.array(cluster, pa.int32()),
            "duplicate_group": pa.array(duplicate, pa.int32()),
            "outlier": pa.array(_outlier(cosines), pa.float32()),
            "x": pa.array(plane[:, 0], pa.float32()),
            "y": pa.array(plane[:, 1], pa.float32()),
        }
    )
    named = {c: tuple(contents[i] for i in rows) for c, rows in examples.items()}
    result = Groups(encoder_key, table, named, thresholds, _digest(hashes))
    _save(layout, result)
    _step(progress, 4)
    return result


def can_refine(layout: Layout, encoder_key: str) -> bool:
    """Whether there are groups whose map `refine_map` would better."""
    known = load_groups(layout, encoder_key)
    return known is not None and known.projection == PCA and known.table.num_rows >= MIN_ROWS


def refine_map(
    layout: Layout, encoder_key: str, *, seed: int = 0, progress: Progress = no_progress
) -> Groups | None:
    """Give the stored groups a better map (PaCMAP instead of principal components) and store them.

    A map that has been refined is left as it is, so running again costs nothing. What stops half-way (a cancel, a
    kill) leaves the principal components, and groups that were computed anew meanwhile are not overwritten. Returns
    the groups, or None if there are none.
    """
    known = load_groups(layout, encoder_key)
    if known is None or known.projection == PACMAP or known.table.num_rows < MIN_ROWS:
        return known
    vectors = VectorStore(layout.vectors, encoder_key).half_rows(known.table[KEY].to_pylist())
    plane = pacmap_plane(_components(vectors, seed), seed=seed, progress=progress)
    table = known.table
    for column, name in enumerate(("x", "y")):
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array(plane[:, column], pa.float32()))
    refined = replace(known, table=table, projection=PACMAP)
    now = load_groups(layout, encoder_key)
    if now is None or now.contents_digest != known.contents_digest:
        return now
    _save(layout, refined)
    return refined


def _components(vectors: NDArray[np.float16], seed: int) -> NDArray[np.float32]:
    """Return the first 50 principal components: what clusters and the map are made of."""
    return fit_view(vectors, dim=CLUSTER_DIMS, whiten=0, unit=False, seed=seed).apply(vectors)


def _step(progress: Progress, done: int) -> None:
    progress(done, len(_STEPS) - 1, unit="steps", message=_STEPS[done])


def _whitened(
    layout: Layout, encoder_key: str, vectors: NDArray[np.float16], seed: int
) -> NDArray[np.float32]:
    """Return the vectors in the whitened view, fitted to them and stored for later searches."""
    if not len(vectors):
        return np.empty((0, 1), np.float32)
    view = fit_view(vectors, seed=seed)
    view.save(view_path(layout, encoder_key))
    return view.apply(vectors)


def load_groups(layout: Layout, encoder_key: str) -> Groups | None:
    """Return the stored groups, or None if there are none."""
    path, notes = groups_path(layout, encoder_key), _notes_path(layout, encoder_key)
    if not path.exists() or not notes.exists():
        return None
    facts = json.loads(notes.read_text("utf-8"))
    return Groups(
        encoder=encoder_key,
        table=pq.read_table(path, memory_map=False),
        examples={int(c): tuple(rows) for c, rows in facts["examples"].items()},
        thresholds=facts["thresholds"],
        contents_digest=facts["contents_digest"],
        projection=facts.get("projection", PCA),
    )


def groups_path(layout: Layout, encoder_key: str) -> Path:
    """Return where the table of groups lies."""
    return layout.analysis / f"groups-{encoder_key}.parquet"


def view_path(layout: Layout, encoder_key: str) -> Path:
    """Return where the whitened view of an encoder's vectors lies."""
    return layout.vectors / encoder_key / "view.npz"


def are_current(groups_: Groups, hashes: Hashes) -> bool:
    """Whether the groups were made of just these items' contents."""
    return groups_.contents_digest == _digest(hashes)


def _notes_path(layout: Layout, encoder_key: str) -> Path:
    return layout.analysis / f"groups-{encoder_key}.json"


def _save(layout: Layout, result: Groups) -> None:
    with atomic_path(groups_path(layout, result.encoder)) as temporary:
        pq.write_table(result.table, temporary, compression="zstd")
    facts: dict[str, Any] = {
        "examples": {str(c): list(rows) for c, rows in result.examples.items()},
        "thresholds": dict(result.thresholds),
        "contents_digest": result.contents_digest,
        "projection": result.projection,
    }
    write_atomic(_notes_path(layout, result.encoder), json.dumps(facts).encode())


def _digest(hashes: Hashes) -> str:
    return hashlib.sha256(joined_sorted(hashes)).hexdigest()


def _clusters(points: NDArray[np.float32], seed: int) -> tuple[NDArray[np.int64], dict[int, list[int]]]:
    """Return (cluster per row, rows nearest to each centre). MiniBatchKMeans, k ≈ √(n/2), largest cluster first."""
    from sklearn.cluster import MiniBatchKMeans

    count = len(points)
    k = int(min(MAX_CLUSTERS, np.sqrt(count / 2)))
    if k < 2:
        return np.zeros(count, np.int64) - (count < 1), ({0: list(range(min(count, 6)))} if count else {})
    model: Any = MiniBatchKMeans(k, batch_size=4096, n_init=cast("Any", 3), random_state=seed).fit(points)
    labels = np.asarray(model.labels_, np.int64)
    order = np.argsort(-np.bincount(labels, minlength=k), kind="stable")
    number = np.empty(k, np.int64)
    number[order] = np.arange(k)
    distance = np.linalg.norm(points - model.cluster_centers_[labels], axis=1)
    labels = number[labels]
    examples: dict[int, list[int]] = {}
    for row in np.lexsort((distance, labels)):
        rows = examples.setdefault(int(labels[row]), [])
        if len(rows) < 6:
            rows.append(int(row))
    return labels, examples


def _outlier(cosines: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return for each row the share of rows whose mean distance to their 10 neighbours is smaller."""
    if not cosines.size:
        return np.zeros(len(cosines))
    distance = 1 - cosines.mean(1)
    return np.searchsorted(np.sort(distance), distance, side="left") / len(distance)


def _duplicates(
    contents: Sequence[str],
    counts: Mapping[str, int],
    unit: NDArray[np.float32],
    indices: NDArray[np.int64],
    cosines: NDArray[np.float32],
    attributes: ResultsStore | None,
) -> tuple[NDArray[np.int64], dict[str, float]]:
    """Return (group per content, thresholds). Equal contents, then perceptual hash, then cosine."""
    strict, loose = cosine_thresholds(cosines[:, -1:].ravel())
    rows = np.arange(len(contents))
    pairs = [np.empty((0, 2), np.int64)]
    for place in range(indices.shape[1]):
        near = cosines[:, place] >= strict
        pairs.append(np.stack([rows[near], indices[near, place]], axis=1))
    hashed = _perceptual_hashes(contents, attributes)
    if hashed is not None:
        known, plain, mirrored = hashed
        proposed = known[hash_pairs(plain, mirrored)]
        cosine = np.einsum("ij,ij->i", unit[proposed[:, 0]], unit[proposed[:, 1]])
        flipped = _are_mirrored(plain, mirrored, np.searchsorted(known, proposed))
        pairs.append(proposed[(cosine >= loose) | flipped])
    group = components(len(contents), np.concatenate(pairs))
    alone = np.flatnonzero((group < 0) & np.array([counts[h] > 1 for h in contents], bool))
    group[alone] = np.arange(len(alone)) + (int(group.max()) + 1 if len(group) else 0)
    return group, {"cosine": strict, "cosine_with_hash": loose, "hash_bits": 6.0}


def _perceptual_hashes(
    contents: Sequence[str], attributes: ResultsStore | None
) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.uint64]] | None:
    """Return (rows of `contents` with hashes, their hashes, the mirrored ones), or None without any."""
    if attributes is None:
        return None
    table = attributes.table()
    if not {"phash", "phash_mirrored"} <= set(table.column_names):
        return None
    place = {h: i for i, h in enumerate(table[KEY].to_pylist())}
    known = np.array([i for i, h in enumerate(contents) if h in place], np.int64)
    if not len(known):
        return None
    taken = np.array([place[contents[i]] for i in known])
    return known, table["phash"].to_numpy()[taken], table["phash_mirrored"].to_numpy()[taken]


def _are_mirrored(
    plain: NDArray[np.uint64], mirrored: NDArray[np.uint64], pairs: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether a pair is closer as mirror images: there the cosine has no say, since vectors know left from right."""
    straight = np.bitwise_count(plain[pairs[:, 0]] ^ plain[pairs[:, 1]])
    flipped = np.bitwise_count(plain[pairs[:, 0]] ^ mirrored[pairs[:, 1]])
    return (flipped < straight) & (flipped <= 3)


def find_similar(
    layout: Layout,
    encoder_key: str,
    query: str | NDArray[np.floating[Any]],
    pool: Hashes,
    *,
    k: int = 24,
) -> list[tuple[str, float]]:
    """Return the `k` contents of `pool` most similar to a content hash or a vector, best first, with cosines.

    Raises NotFoundError where there is no vector. Images are compared in the whitened view; a vector from a text
    is compared with the plain vectors, since the view is fitted to images. The pool is read in blocks.
    """
    store = VectorStore(layout.vectors, encoder_key)
    asked = store.rows([query]) if isinstance(query, str) else query.astype(np.float32).reshape(1, -1)
    contents, _ = distinct(pool)
    places = places_in(store.contents(), contents)
    known = np.flatnonzero(places >= 0)
    if not len(known):
        return []
    places = places[known]
    apply = _search_view(layout, store, places).apply if isinstance(query, str) else _plain
    target = apply(asked)[0]
    blocks = (places[start : start + _SEARCH_BLOCK] for start in range(0, len(places), _SEARCH_BLOCK))
    cosines = np.concatenate([apply(store.at(block)) @ target for block in blocks])
    best = np.argsort(-cosines, kind="stable")[: k + 1]
    found = zip(contents.take(pa.array(known[best])).to_pylist(), cosines[best].tolist(), strict=True)
    itself = query if isinstance(query, str) else None
    return [(content_hash, cosine) for content_hash, cosine in found if content_hash != itself][:k]


def _search_view(layout: Layout, store: VectorStore, places: NDArray[np.int64]) -> View:
    """Return the stored whitened view, or one fitted to vectors spread over `places` where there is none yet."""
    path = view_path(layout, store.key)
    return View.load(path) if path.exists() else fit_view(store.at(places[:: 1 + len(places) // FIT_ROWS]))


def _plain(vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    return vectors.astype(np.float32)
