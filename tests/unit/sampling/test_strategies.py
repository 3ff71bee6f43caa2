"""Every strategy on a root with labels, attributes, vectors and a drift report."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from ddoc.analysis import VectorStore
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.filters import Filter
from ddoc.dataset.info import write_info
from ddoc.dataset.items import DatasetInfo
from ddoc.errors import InvalidInputError, UnavailableError
from ddoc.sampling import (
    Balance,
    Combine,
    Coverage,
    DatasetSource,
    Dedup,
    Diversity,
    MatchTarget,
    NotEnoughItems,
    Random,
    ReportSides,
    SampleRequest,
    Similar,
    Strategy,
    Stratified,
    Threshold,
    Typicality,
    read_sample,
    record_sample,
    sample,
    strategy_from_json,
    strategy_to_json,
)
from ddoc.sampling.source import unit_rows
from tests.bench.data.synthetic import CLASSES, SPLITS, attributes_table, scan_table, scores_table

N, DIM = 2_000, 96
Vectors = npt.NDArray[np.float32]


@dataclass
class World:
    dataset: Dataset
    source: DatasetSource
    vectors: Vectors
    target: Vectors

    def rows(self, ids: tuple[str, ...]) -> npt.NDArray[np.int64]:
        place = {item_id: row for row, item_id in enumerate(self.dataset.index.ids())}
        return np.array([place[i] for i in ids])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root = tmp_path_factory.mktemp("world")
    (root / "data").mkdir()
    write_info(root / "data", DatasetInfo("synthetic", "detect", CLASSES, SPLITS))
    with Dataset.open(root) as dataset:
        dataset.apply_scan(scan_table(N))
        hashes = dataset.index.items_table().column("content_hash")
        dataset.index.load_attributes(attributes_table(hashes))
        dataset.index.load_scores("r1", scores_table(hashes))
        vectors, target = make_vectors(hashes.to_pylist())
        VectorStore(dataset.layout.vectors, "test-1", dim=DIM).append(hashes.to_pylist(), vectors)

        def sides_of(report_id: str, features: str, encoder: str | None) -> ReportSides:
            assert (report_id, features, encoder) == ("r1", "embedding", "test-1")
            base = vectors[:400]
            return ReportSides(hashes.to_pylist()[:400], base, target)

        yield World(dataset, DatasetSource(dataset, sides_of=sides_of), vectors, target)


def make_vectors(hashes: list[str]) -> tuple[Vectors, Vectors]:
    """Ten clusters of very different size; equal hashes have equal vectors; the target lies in the two smallest."""
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(10, DIM))
    share = np.array([0.4, 0.2, 0.1, 0.1, 0.05, 0.05, 0.04, 0.03, 0.02, 0.01])
    labels = rng.choice(10, len(hashes), p=share)
    vectors = unit_rows((centres[labels] + 0.4 * rng.normal(size=(len(hashes), DIM))).astype(np.float32))
    first: dict[str, int] = {}
    vectors = vectors[[first.setdefault(h, row) for row, h in enumerate(hashes)]]
    target = unit_rows(
        (centres[rng.integers(8, 10, 300)] + 0.4 * rng.normal(size=(300, DIM))).astype(np.float32)
    )
    return vectors, target


ENC = "test-1"
ALL: list[Strategy] = [
    Random(),
    Stratified(),
    Threshold(field="drift_score", report_id="r1", min=0.3),
    Balance(),
    Diversity(encoder=ENC),
    Typicality(encoder=ENC),
    Coverage(encoder=ENC),
    MatchTarget(report_id="r1", encoder=ENC),
    Dedup(encoder=ENC),
    Combine(((Typicality(encoder=ENC), 1.0), (Threshold(report_id="r1", min=0.5), 2.0))),
]


@pytest.mark.parametrize("strategy", ALL, ids=lambda s: s.kind)
def test_the_same_seed_gives_the_same_ids_of_the_asked_number(world: World, strategy: Strategy) -> None:
    request = SampleRequest(strategy, size=50, pool=Filter(split="train"), seed=3)
    first, second = sample(world.source, request), sample(world.source, request)
    assert first.item_ids == second.item_ids
    assert len(set(first.item_ids)) == 50
    assert set(first.item_ids) <= set(world.dataset.index.ids(Filter(split="train")))
    assert first.data_version == world.dataset.version


@pytest.mark.parametrize("strategy", ALL, ids=lambda s: s.kind)
def test_included_items_are_never_chosen_again(world: World, strategy: Strategy) -> None:
    some = tuple(world.dataset.index.ids()[:300])
    made = sample(world.source, SampleRequest(strategy, size=40, include=some))
    assert not set(made.item_ids) & set(some)


@pytest.mark.parametrize("strategy", [*ALL, Similar(item_ids=("0" * 16,))], ids=lambda s: s.kind)
def test_a_strategy_survives_the_wire(strategy: Strategy) -> None:
    assert strategy_from_json(strategy_to_json(strategy)) == strategy


def test_a_recorded_sample_reads_back_and_is_a_selection(world: World) -> None:
    made = sample(world.source, SampleRequest(Coverage(encoder=ENC), size=20))
    record_sample(world.dataset.samples, made)
    assert read_sample(world.dataset.samples.get(made.sample_id)) == made
    from ddoc.dataset.selections import Selection

    assert world.dataset.resolve(Selection(sample_id=made.sample_id)) == list(made.item_ids)


def test_stratified_is_exact_and_keeps_class_shares(world: World) -> None:
    made = sample(world.source, SampleRequest(Stratified(), size=333))
    assert len(made.item_ids) == 333
    counts, _ = world.source.class_counts(world.dataset.index.ids())
    has = (counts > 0).toarray()
    shares, got = has.mean(axis=0), has[world.rows(made.item_ids)].mean(axis=0)
    assert np.abs(shares - got).max() <= 0.02


def test_threshold_gives_the_highest_first_and_all_without_a_size(world: World) -> None:
    strategy = Threshold(report_id="r1", min=0.9)
    ids = world.dataset.index.ids()
    scores = dict(zip(ids, world.source.values(ids, "drift_score:r1").tolist(), strict=True))
    made = sample(world.source, SampleRequest(strategy))
    got = [scores[i] for i in made.item_ids]
    assert got == sorted(got, reverse=True)
    assert len(got) == sum(v >= np.float32(0.9) for v in scores.values())


def test_balance_evens_out_the_classes(world: World) -> None:
    def spread(ids: tuple[str, ...]) -> float:
        counts, _ = world.source.class_counts(ids)
        totals = np.asarray(counts.sum(axis=0)).ravel()
        return float(totals.std() / totals.mean())

    even = sample(world.source, SampleRequest(Balance(), size=200))
    plain = sample(world.source, SampleRequest(Random(), size=200))
    assert spread(even.item_ids) < 0.2 * spread(plain.item_ids)


def test_diversity_reaches_every_cluster_and_a_smaller_radius_than_chance(world: World) -> None:
    def radius(ids: tuple[str, ...]) -> float:
        cosines = world.vectors @ world.vectors[world.rows(ids)].T
        return float(1 - cosines.max(axis=1).min())

    spread = sample(world.source, SampleRequest(Diversity(encoder=ENC), size=40))
    chance = [sample(world.source, SampleRequest(Random(), size=40, seed=s)) for s in range(5)]
    assert radius(spread.item_ids) < min(radius(c.item_ids) for c in chance)


def test_typical_items_lie_denser_than_diverse_ones(world: World) -> None:
    def nearness(ids: tuple[str, ...]) -> float:
        cosines = np.sort(world.vectors[world.rows(ids)] @ world.vectors.T, axis=1)[:, -21:-1]
        return float(cosines.mean())

    typical = sample(world.source, SampleRequest(Typicality(encoder=ENC), size=30))
    diverse = sample(world.source, SampleRequest(Diversity(encoder=ENC), size=30))
    assert nearness(typical.item_ids) > nearness(diverse.item_ids)


def test_coverage_grows_along_its_curve_and_beats_chance(world: World) -> None:
    def covered(ids: tuple[str, ...]) -> float:
        return float(np.maximum(0, world.vectors @ world.vectors[world.rows(ids)].T).max(axis=1).mean())

    made = sample(world.source, SampleRequest(Coverage(encoder=ENC), size=40))
    assert made.curve is not None
    values = [point["value"] for point in made.curve]
    assert values == sorted(values)
    assert made.coverage == pytest.approx(values[-1], abs=1e-5)
    chance = [sample(world.source, SampleRequest(Random(), size=40, seed=s)) for s in range(5)]
    assert covered(made.item_ids) > max(covered(c.item_ids) for c in chance)


def test_similar_items_are_the_nearest(world: World) -> None:
    ids = world.dataset.index.ids()
    made = sample(world.source, SampleRequest(Similar(item_ids=(ids[7],), encoder=ENC), size=5))
    cosines = world.vectors @ world.vectors[7]
    cosines[7] = -1
    assert cosines[world.rows(made.item_ids)].min() >= np.sort(cosines)[-5] - 0.01


def test_match_target_leaves_less_drift_than_random_and_than_the_top_scores(world: World) -> None:
    pool_ids = world.dataset.index.ids()

    def drift(ids: tuple[str, ...]) -> float:
        union = np.concatenate([world.vectors[:400], world.vectors[world.rows(ids)]])
        return mmd2(union, world.target)

    pool = Filter(ids=tuple(pool_ids[400:]))
    made = sample(world.source, SampleRequest(MatchTarget(report_id="r1", encoder=ENC), size=60, pool=pool))
    chance = sample(world.source, SampleRequest(Random(), size=60, pool=pool))
    centre = world.target.mean(axis=0)
    nearest = np.argsort(-(world.vectors[400:] @ centre))[:60]
    top = tuple(pool_ids[400 + row] for row in nearest)
    assert drift(made.item_ids) < drift(top)
    assert drift(made.item_ids) < drift(chance.item_ids)
    assert made.curve is not None
    assert made.curve[0]["value"] == 1.0
    assert made.curve[-1]["value"] < 0.8


def mmd2(left: Vectors, right: Vectors) -> float:
    def kernel(a: Vectors, b: Vectors) -> float:
        return float(np.exp(-(2 - 2 * a @ b.T)).mean())

    return kernel(left, left) - 2 * kernel(left, right) + kernel(right, right)


def test_dedup_keeps_the_sharpest_of_equal_images(world: World) -> None:
    ids = world.dataset.index.ids()
    hashes = world.source.hashes(ids)
    made = sample(world.source, SampleRequest(Dedup(threshold=0.9999, encoder=ENC)))
    assert len(made.item_ids) == len(set(hashes))
    kept = [hashes[row] for row in world.rows(made.item_ids)]
    assert len(kept) == len(set(kept))
    sharp = world.source.values(ids, "sharpness")
    for row in world.rows(made.item_ids):
        same = [r for r, h in enumerate(hashes) if h == hashes[row]]
        assert sharp[row] == max(sharp[same])


def test_more_than_there_is_is_refused(world: World) -> None:
    with pytest.raises(NotEnoughItems) as caught:
        sample(world.source, SampleRequest(Random(), size=N + 1))
    assert caught.value.context == {"matched": N, "wanted": N + 1}
    with pytest.raises(NotEnoughItems):
        sample(world.source, SampleRequest(Random(), size=1, pool=Filter(split="nope")))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"kind": "magic"}, "unknown-strategy"),
        ({}, "unknown-strategy"),
        ({"kind": "random", "n": 3}, "unknown-field"),
        ({"kind": "threshold"}, "invalid-strategy"),
        ({"kind": "threshold", "field": "sharpness", "min": 1, "max": 0}, "invalid-strategy"),
        ({"kind": "threshold", "field": "sharpness", "min": "low"}, "invalid-strategy"),
        ({"kind": "match_target"}, "invalid-strategy"),
        ({"kind": "similar"}, "invalid-strategy"),
        ({"kind": "balance", "shares": {"cat": -1}}, "invalid-strategy"),
        ({"kind": "combine", "parts": []}, "invalid-strategy"),
        ({"kind": "combine", "parts": [{"strategy": {"kind": "combine", "parts": []}}]}, "invalid-strategy"),
    ],
)
def test_a_strategy_that_cannot_be_is_refused(data: dict, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        strategy_from_json(data)
    assert caught.value.error_code == code


def test_what_a_strategy_needs_is_said(world: World, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        sample(world.source, SampleRequest(Threshold(field="beauty", min=0), size=1))
    assert caught.value.error_code == "unknown-field"
    with pytest.raises(InvalidInputError) as caught:
        sample(world.source, SampleRequest(Diversity(encoder=ENC)))
    assert caught.value.error_code == "size-needed"
    (tmp_path / "data").mkdir()
    write_info(tmp_path / "data", DatasetInfo("bare", "detect", CLASSES, SPLITS))
    with Dataset.open(tmp_path) as bare:
        bare.apply_scan(scan_table(20))
        with pytest.raises(UnavailableError) as missing:
            sample(DatasetSource(bare), SampleRequest(Diversity(), size=3))
        assert missing.value.error_code == "needs-embedding"
        exact = sample(DatasetSource(bare), SampleRequest(Dedup()))
        assert exact.detail["near"] is False


def test_values_of_the_world_are_whole(world: World) -> None:
    table = world.dataset.index.values_table()
    assert isinstance(table, pa.Table)
    assert table.num_rows == N
