"""Sampling: the time of every strategy for 1,000 of 100,000 × 512, and how good the choices are.

    python -m tests.bench.data.sampling [--items 100000] [--dim 512] [--size 1000] [--photos bccd-voc.zip]

The pool is synthetic: 200 clusters of very different size, five boxes an item, a drift report whose target lies in
ten small clusters. With `--photos` (an archive of photographs) two questions are asked of real images as well:
does `dedup` find planted near-duplicates (JPEG 30, resize, brightness, 90 % crop), and how much drift does
`match_target` leave beside random choice and the highest scores. `processor` is the time of all threads, which a busy
machine does not change.
"""

import argparse
import statistics
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ddoc.analysis import VectorStore
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.filters import Filter
from ddoc.sampling import (
    Balance,
    Combine,
    Coverage,
    DatasetSource,
    Dedup,
    Diversity,
    MatchTarget,
    Random,
    ReportSides,
    SampleRequest,
    Similar,
    Strategy,
    Stratified,
    Threshold,
    Typicality,
    sample,
)
from ddoc.sampling.dedup import near_pairs
from ddoc.sampling.source import unit_rows
from tests.bench.data import synthetic

ENCODER = "bench-1"


def clustered(n: int, dim: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return (vectors of n items, of 2,000 target items)."""
    centres = rng.normal(size=(200, dim)).astype(np.float32)
    weights = 1 / np.arange(1, 201)
    labels = rng.choice(200, n, p=weights / weights.sum())
    vectors = centres[labels] + rng.normal(scale=0.7, size=(n, dim)).astype(np.float32)
    target = centres[rng.integers(190, 200, 2_000)] + rng.normal(scale=0.7, size=(2_000, dim)).astype(
        np.float32
    )
    return unit_rows(vectors), unit_rows(target.astype(np.float32))


def make(root: Path, n: int, dim: int) -> tuple[Dataset, DatasetSource]:
    """Make a root with labels, attributes, scores and vectors."""
    synthetic.make_root(root, n)
    dataset = Dataset.open(root, refresh=False)
    hashes: list[str] = dataset.index.items_table().column("content_hash").to_pylist()
    dataset.index.load_attributes(
        synthetic.attributes_table(dataset.index.items_table().column("content_hash"))
    )
    dataset.index.load_scores(
        "r1", synthetic.scores_table(dataset.index.items_table().column("content_hash"))
    )
    vectors, target = clustered(n, dim, np.random.default_rng(1))
    VectorStore(dataset.layout.vectors, ENCODER, dim=dim).append(hashes, vectors)
    base = vectors[: min(10_000, n // 10)]

    def sides_of(_report: str, _features: str, _encoder: str | None) -> ReportSides:
        return ReportSides(hashes[: len(base)], base, target)

    return dataset, DatasetSource(dataset, sides_of=sides_of)


def strategies(ids: Sequence[str]) -> list[Strategy]:
    """Return one of every kind."""
    return [
        Random(),
        Stratified(),
        Threshold(report_id="r1", min=0.5),
        Balance(),
        Diversity(encoder=ENCODER),
        Typicality(encoder=ENCODER),
        Coverage(encoder=ENCODER),
        Similar(item_ids=tuple(ids[:5]), encoder=ENCODER),
        MatchTarget(report_id="r1", encoder=ENCODER),
        Dedup(encoder=ENCODER),
        Combine(((Threshold(report_id="r1", min=0.3), 1.0), (Diversity(encoder=ENCODER), 1.0))),
    ]


def speed(n: int, dim: int, size: int) -> None:
    """Print the time of every strategy and how exact the stratified one is."""
    with tempfile.TemporaryDirectory() as scratch:
        dataset, source = make(Path(scratch) / "root", n, dim)
        ids = dataset.index.ids()
        source.values(ids, "sharpness")
        print(f"| {size:,} of {n:,} × {dim} | wall, s | processor, s | |\n|---|---|---|---|")
        for strategy in strategies(ids):
            begun, used = time.perf_counter(), time.process_time()
            made = sample(source, SampleRequest(strategy, size=size))
            wall, processor = time.perf_counter() - begun, time.process_time() - used
            note = ""
            if isinstance(strategy, Stratified):
                note = exactness(source, ids, made.item_ids)
            if made.curve is not None:
                note = f"curve ends at {made.curve[-1]['value']:.3f}"
            print(f"| {strategy.kind} | {wall:.1f} | {processor:.1f} | {note} |")
        dataset.close()


def exactness(source: DatasetSource, ids: list[str], chosen: Sequence[str]) -> str:
    """Say how far the shares of the classes are off."""
    counts, _ = source.class_counts(ids)
    place = {item_id: row for row, item_id in enumerate(ids)}
    rows = [place[i] for i in chosen]
    has = (counts > 0).toarray()
    off = np.abs(has.mean(axis=0) - has[rows].mean(axis=0)).max()
    return f"{len(chosen):,} chosen, class share off by at most {100 * off:.2f} %"


ONE_SCENE = {
    ("BloodImage_00037.jpg", "BloodImage_00038.jpg"),
    ("BloodImage_00386.jpg", "BloodImage_00391.jpg"),
}
"""Photographs of bccd-voc.zip that were looked at: the same cells in the same place, at another focus, or shifted."""


def photographs(archive: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the JPEGs of an archive as (name, pixels)."""
    import cv2

    with zipfile.ZipFile(archive) as file:
        for name in sorted(file.namelist()):
            if name.lower().endswith((".jpg", ".jpeg")):
                pixels = cv2.imdecode(np.frombuffer(file.read(name), np.uint8), cv2.IMREAD_COLOR)
                yield name.rsplit("/", 1)[-1], pixels


def variants(image: np.ndarray) -> dict[str, np.ndarray]:
    """Return near-duplicates of an image."""
    import cv2

    height, width = image.shape[:2]
    top, left = height // 20, width // 20
    return {
        "jpeg 30": cv2.imdecode(
            cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR
        ),
        "resize": cv2.resize(image, (width * 3 // 5, height * 3 // 5), interpolation=cv2.INTER_AREA),
        "brightness": np.clip(image * 1.15 + 8, 0, 255).astype(np.uint8),
        "crop 90 %": image[top : height - top, left : width - left],
    }


def encode(images: Sequence[np.ndarray]) -> np.ndarray:
    """Return descriptor vectors of length 1."""
    import cv2

    from ddoc.analysis import get_encoder

    encoder = get_encoder("descriptor")
    work = encoder.worker()
    vectors: list[np.ndarray] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, image in enumerate(images):
            path = Path(folder) / f"{number}.png"
            cv2.imwrite(str(path), image)
            hashes, values, failures = work(((f"{number:032x}", str(path)),))
            assert hashes, failures
            vectors.append(np.asarray(encoder.encode(values), np.float32))
            path.unlink()
    return unit_rows(np.concatenate(vectors))


def quality(archive: Path) -> None:
    """Print recall and false pairs of dedup, and the drift that each way of choosing leaves."""
    titles, images = zip(*photographs(archive), strict=True)
    planted = images[:100]
    made = [variants(image) for image in planted]
    names = list(made[0])
    vectors = encode([*images, *(v[name] for v in made for name in names)])
    pairs, threshold = near_pairs(vectors, None, np.random.default_rng(0))
    found = {tuple(pair) for pair in pairs.tolist()}
    first = len(images)
    print(
        f"\n| near-duplicates of 100 among {len(vectors)} photographs, cosine {threshold:.3f} | recall |\n|---|---|"
    )
    for at, name in enumerate(names):
        hits = sum((source, first + source * len(names) + at) in found for source in range(len(planted)))
        print(f"| {name} | {hits} % |")
    origin = [row if row < first else (row - first) // len(names) for row in range(len(vectors))]
    crossing = [tuple(sorted((origin[a], origin[b]))) for a, b in found if origin[a] != origin[b]]
    unknown = [pair for pair in crossing if tuple(titles[row] for row in pair) not in ONE_SCENE]
    share = 100 / max(1, len(found))
    print(f"| pairs across photographs, by name | {share * len(crossing):.2f} % of {len(found)} |")
    print(f"| … that do not show one scene | {share * len(unknown):.2f} % |")
    shown = sorted({(titles[a], titles[b]) for a, b in crossing})
    print(f"\nacross photographs: {shown}")
    matching(images)


def changed(image: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    """Return the image changed in one of three ways in turn, the first as often as the others together."""
    import cv2

    if number % 4 in {0, 1}:
        return (image * 0.6).astype(np.uint8)
    if number % 4 == 2:
        return cv2.GaussianBlur(image, (0, 0), 3)
    return np.clip(image + rng.normal(0, 25, image.shape), 0, 255).astype(np.uint8)


def matching(images: Sequence[np.ndarray]) -> None:
    """See which choice from a mixed pool comes closest to a target: means over eight drawings of the photographs.

    A third of the photographs is the base. The target is a quarter of another third, darkened, blurred or noisy; as
    much again is held out, and what is left is measured there, so that learning the target by heart gains nothing.
    The pool is the last third as it is and the other half of the changed ones. "Half" has as many ordinary
    photographs in the target as changed ones: there the highest scores overshoot.
    """
    rng = np.random.default_rng(123)
    plain = encode(images)
    touched = encode([changed(image, at, rng) for at, image in enumerate(images)])
    print(
        "\nsquared MMD to the held-out target, % of that of the base alone (of 8 drawings, better than top score)\n"
    )
    print("| target | matched by | size | match_target | top score | random |\n|---|---|---|---|---|---|")
    for mixed in (False, True):
        for with_base in (True, False):
            for size in (15, 30, 60, 90):
                rows = np.array(
                    [
                        left_after(plain, touched, seed, size, mixed=mixed, with_base=with_base)
                        for seed in range(8)
                    ]
                )
                mean, wins = rows.mean(axis=0), int((rows[:, 0] < rows[:, 1]).sum())
                title = (
                    "half" if mixed else "changed",
                    "base and choice" if with_base else "the choice alone",
                )
                print(
                    f"| {title[0]} | {title[1]} | {size} | {mean[0]:.1f} ({wins}/8) | {mean[1]:.1f} | {mean[2]:.1f} |",
                    flush=True,
                )


def left_after(
    plain: np.ndarray, touched: np.ndarray, seed: int, size: int, *, mixed: bool, with_base: bool
) -> tuple[float, float, float]:
    """Return what match_target, the highest scores and random choice (median of 15) leave, in per cent."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(plain))
    third = len(plain) // 3
    base, rest, some = plain[order[:third]], order[third : 2 * third], plain[order[2 * third :]]
    half = third // 2
    seen, held = touched[rest[:half:2]], touched[rest[1:half:2]]
    if mixed:
        quarter = len(seen)
        seen, held = (
            np.concatenate([seen, some[:quarter]]),
            np.concatenate([held, some[quarter : 2 * quarter]]),
        )
        some = some[2 * quarter :]
    pool = np.concatenate([some, touched[rest[half:]]])
    start = mmd2(base, held)

    def left(rows: Sequence[int]) -> float:
        both = np.concatenate([base, pool[rows]]) if with_base else pool[rows]
        return 100 * mmd2(both, held) / start

    at_random = [left(rng.choice(len(pool), size, replace=False).tolist()) for _ in range(15)]
    return (
        left(match(base, seen, pool, size, with_base=with_base)),
        left(top(base, seen, pool, size)),
        statistics.median(at_random),
    )


class Arrays:
    """A source of vectors alone."""

    version = "bench"

    def __init__(self, base: np.ndarray, target: np.ndarray, pool: np.ndarray) -> None:
        self._sides = ReportSides([f"b{i}" for i in range(len(base))], base, target)
        self._pool = pool

    def ids(self, pool: Filter | None) -> list[str]:
        """Return numbers as ids."""
        assert pool is None
        return [str(i) for i in range(len(self._pool))]

    def hashes(self, ids: Sequence[str]) -> list[str]:
        """Return the ids."""
        return list(ids)

    def vectors(self, ids: Sequence[str], encoder: str | None) -> tuple[np.ndarray, np.ndarray]:
        """Return the vectors."""
        assert encoder is None
        return self._pool[[int(i) for i in ids]], np.ones(len(ids), bool)

    def sides(self, report_id: str, *, features: str, encoder: str | None) -> ReportSides:
        """Return the sides."""
        assert (report_id, features, encoder) == ("r", "embedding", None)
        return self._sides


def match(base: np.ndarray, target: np.ndarray, pool: np.ndarray, size: int, *, with_base: bool) -> list[int]:
    """Return the rows that match_target chooses."""
    source: Any = Arrays(base, target, pool)
    request = SampleRequest(MatchTarget(report_id="r", with_base=with_base), size=size)
    return [int(i) for i in sample(source, request).item_ids]


def top(base: np.ndarray, target: np.ndarray, pool: np.ndarray, size: int) -> list[int]:
    """Return the rows that a domain classifier finds most target-like."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, max_iter=500)
    model.fit(np.concatenate([base, target]), np.repeat([0, 1], [len(base), len(target)]))
    return np.argsort(-model.decision_function(pool))[:size].tolist()


def mmd2(left: np.ndarray, right: np.ndarray) -> float:
    """Return the squared MMD, Gaussian kernel by the median heuristic of both together."""
    both = np.concatenate([left, right])
    squared = 2 - 2 * both @ both.T
    gamma = 1 / np.median(squared[np.triu_indices(len(both), 1)])
    kernel = np.exp(-gamma * squared)
    n = len(left)
    return float(kernel[:n, :n].mean() - 2 * kernel[:n, n:].mean() + kernel[n:, n:].mean())


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--size", type=int, default=1_000)
    parser.add_argument("--photos", type=Path)
    options = parser.parse_args()
    if options.items:
        speed(options.items, options.dim, options.size)
    if options.photos is not None:
        quality(options.photos)


if __name__ == "__main__":
    main()
