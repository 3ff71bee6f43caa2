"""The 2-D map: principal components at once, PaCMAP when asked, and what is interrupted keeps the first."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ddoc.analysis import VectorStore, groups, groups_path, load_groups, nearest, refine_map
from ddoc.analysis.plane import pacmap_plane, pca_plane
from ddoc.errors import CancelledError
from ddoc.paths import Layout

KEY = "test-1"


def knots(count: int, *, kinds: int = 30, dim: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Return points (count, dim) around `kinds` centres and the kind of each; components in falling order."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, kinds, count)
    points = (1.5 * rng.normal(size=(kinds, dim))[kind] + rng.normal(size=(count, dim))).astype(np.float32)
    points -= points.mean(0)
    _, _, axes = np.linalg.svd(points, full_matrices=False)
    return (points @ axes.T).astype(np.float32), kind


def purity(plane: np.ndarray, kind: np.ndarray) -> float:
    """Return how many of the five nearest places on a map are of the same kind."""
    gaps = np.linalg.norm(plane[:, None] - plane[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    near = np.argsort(gaps, axis=1)[:, :5]
    return float((kind[near] == kind[:, None]).mean())


def stored(tmp_path: Path, count: int = 300) -> tuple[Layout, list[str], np.ndarray]:
    layout = Layout(tmp_path / "root")
    points, kind = knots(count)
    hashes = [f"{i:032x}" for i in range(count)]
    VectorStore(layout.vectors, KEY, dim=points.shape[1]).append(
        hashes, points / np.linalg.norm(points, axis=1, keepdims=True)
    )
    groups(layout, KEY, hashes)
    return layout, hashes, kind


def test_pacmap_keeps_neighbours_together_where_two_components_cannot() -> None:
    points, kind = knots(400)
    plane = pacmap_plane(points, seed=1)
    assert plane.shape == (400, 2)
    assert np.abs(plane).max() == pytest.approx(1)
    assert purity(plane, kind) >= 0.9
    assert purity(plane, kind) > purity(pca_plane(points), kind) + 0.1
    assert np.array_equal(plane, pacmap_plane(points, seed=1))


def test_rows_beyond_the_fitted_ones_are_placed_among_their_neighbours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ddoc.analysis.plane.MAX_FITTED", 250)
    points, kind = knots(500, kinds=10)
    assert purity(pacmap_plane(points), kind) >= 0.9


def test_the_map_is_there_at_once_and_better_when_refined(tmp_path: Path) -> None:
    layout, hashes, kind = stored(tmp_path)
    first = load_groups(layout, KEY)
    assert first is not None
    assert first.projection == "pca"
    refined = refine_map(layout, KEY)
    assert refined is not None
    assert refined.projection == "pacmap"
    table = pq.read_table(groups_path(layout, KEY))
    assert table["content_hash"].to_pylist() == hashes
    assert table.drop_columns(["x", "y"]).equals(first.table.drop_columns(["x", "y"]))
    plane = np.stack([table["x"].to_numpy(), table["y"].to_numpy()], axis=1)
    assert purity(plane, kind) > purity(
        np.stack([first.table["x"].to_numpy(), first.table["y"].to_numpy()], axis=1), kind
    )
    steps: list[int] = []
    refine_map(layout, KEY, progress=lambda done, total, *, unit="", message="": steps.append(done))
    assert steps == []  # it is refined already


def test_a_cancel_of_the_refining_keeps_the_first_map(tmp_path: Path) -> None:
    layout, _, _ = stored(tmp_path)
    before = load_groups(layout, KEY)

    def cancelled(done: int, total: int | None, *, unit: str = "", message: str = "") -> None:
        if done >= 100:
            raise CancelledError("enough")

    with pytest.raises(CancelledError):
        refine_map(layout, KEY, progress=cancelled)
    after = load_groups(layout, KEY)
    assert before is not None
    assert after is not None
    assert after.projection == "pca"
    assert after.table.equals(before.table)


def test_there_is_no_map_before_an_embedding_and_few_images_keep_their_components(tmp_path: Path) -> None:
    assert refine_map(Layout(tmp_path), KEY) is None
    points, _ = knots(19)
    assert np.array_equal(pacmap_plane(points), pca_plane(points))


@pytest.mark.parametrize(
    ("queries", "pool", "k"), [(60, 60, 10), (300, 2_005, 7), (80, 5_003, 1), (5, 3, 10)]
)
def test_neighbours_equal_those_of_sorting_everything(queries: int, pool: int, k: int) -> None:
    rng = np.random.default_rng(queries)
    rows = rng.normal(size=(pool, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    asked = rng.normal(size=(queries, 16)).astype(np.float32)
    indices, cosines = nearest(asked, rows, k)
    exact = asked @ rows.T
    assert np.array_equal(indices, np.argsort(-exact, axis=1, kind="stable")[:, :k])
    assert np.allclose(cosines, -np.sort(-exact, axis=1)[:, :k], atol=1e-6)
    own, _ = nearest(rows, rows, 3, same=True)
    assert not (own == np.arange(pool)[:, None]).any()
