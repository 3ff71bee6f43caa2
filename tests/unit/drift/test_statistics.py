"""The statistics under the verdict: calibrated without drift, equal to references where there are some."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control, ks_2samp, rankdata, wasserstein_distance
from sklearn.metrics import roc_auc_score

from ddoc.drift.classifier import as_share, auc, average_ranks, conformal_p, effect, out_of_fold
from ddoc.drift.labels import class_shift, geometry_shift
from ddoc.drift.marginals import attribute_drift, holm
from ddoc.drift.permutation import assignments, gaussian_kernel, mmd_test, p_value
from tests.unit.drift.sides import make_side


def rows(seed: int, count: int, dim: int = 12, shift: float = 0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=(count, dim)) + shift).astype(np.float32)


def test_the_matrix_product_equals_mmd_computed_pair_by_pair() -> None:
    base, target = rows(1, 30), rows(2, 40, shift=0.3)
    kernel = gaussian_kernel(np.concatenate([base, target]), np.random.default_rng(0)).astype(float)
    expected = kernel[:30, :30].mean() + kernel[30:, 30:].mean() - 2 * kernel[:30, 30:].mean()
    assert mmd_test(base, target, np.random.default_rng(0)).statistic == pytest.approx(expected, abs=1e-5)


def test_assignments_keep_the_sizes_and_start_with_the_observed() -> None:
    found = assignments(5, 7, np.random.default_rng(0), permutations=99)
    assert found.shape == (100, 12)
    assert (found.sum(1) == 7).all()
    assert found[0].tolist() == [False] * 5 + [True] * 7


def test_mmd_gives_false_alarms_at_its_level_and_finds_a_shift() -> None:
    p_values = [
        mmd_test(rows(s, 60), rows(s + 1000, 60), np.random.default_rng(s), permutations=99).p_value
        for s in range(200)
    ]
    assert 0.01 <= np.mean(np.array(p_values) <= 0.05) <= 0.10
    assert mmd_test(rows(1, 100), rows(2, 100, shift=0.4), np.random.default_rng(0)).p_value <= 0.01


def test_a_constant_statistic_has_p_one() -> None:
    assert p_value(np.zeros(100)).p_value == 1


def test_out_of_fold_scores_know_nothing_where_there_is_nothing() -> None:
    found = [auc(*out_of_fold(rows(s, 100), rows(s + 500, 100), np.random.default_rng(s))) for s in range(30)]
    assert abs(np.mean(found) - 0.5) < 0.03


def test_auc_and_its_interval_agree_with_references() -> None:
    rng = np.random.default_rng(3)
    base, target = rng.normal(size=300), rng.normal(0.8, 1, 200)
    expected = roc_auc_score(np.repeat([0, 1], [300, 200]), np.concatenate([base, target]))
    found = effect(base, target, rng)
    assert found.auc == pytest.approx(expected)
    assert found.low < expected < found.high
    assert found.high - found.low == pytest.approx(4 * 0.0215, rel=0.35)  # Hanley & McNeil's standard error


def test_conformal_p_values_count_the_base() -> None:
    base = np.array([1.0, 2.0, 3.0, 4.0])
    assert conformal_p(base, np.array([5.0, 3.0, 0.0])).tolist() == [1 / 5, 3 / 5, 1.0]
    assert conformal_p(base, base, own=True).tolist() == [1.0, 0.75, 0.5, 0.25]


def test_shares_keep_the_order_of_scores_beyond_the_base() -> None:
    base = np.random.default_rng(0).normal(size=100)
    scores = np.linspace(-6, 6, 500)
    share = as_share(base, scores)
    assert (np.diff(share) > 0).all()
    assert share[0] > 0
    assert share[-1] < 1


def test_holm_equals_its_definition() -> None:
    assert holm([0.01, 0.04, 0.03, 0.5]).tolist() == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert (holm([0.2, 0.01, 0.03]) >= false_discovery_control([0.2, 0.01, 0.03])).all()


def test_attribute_tests_give_no_false_alarm_family_wise() -> None:
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(100):
        base, target = rng.normal(size=(2, 80, 6))
        found = attribute_drift([f"a{i}" for i in range(6)], base, target, alpha=0.05)
        alarms += any(a.drifted for a in found)
    assert alarms <= 10


def test_class_and_geometry_tests_hold_their_level_though_boxes_of_an_image_depend() -> None:
    classes = geometry = naive = 0
    for seed in range(60):
        base, target = make_side(seed, 60, classes=(5, 3, 2)), make_side(seed + 5000, 60, classes=(5, 3, 2))
        rng = np.random.default_rng(seed)
        found = class_shift(base, target, rng)
        assert found is not None
        classes += found.p_value <= 0.05
        _, joint = geometry_shift(base, target, rng, alpha=0.05)
        assert joint is not None
        geometry += joint.p_value <= 0.05
        naive += ks_2samp(base.boxes.size, target.boxes.size).pvalue <= 0.05
    assert classes <= 8
    assert geometry <= 8
    assert naive >= 12  # counting boxes as if they were independent: why images are permuted


def test_the_wasserstein_distance_and_ranks_equal_scipys() -> None:
    rng = np.random.default_rng(1)
    base, target = rng.normal(size=90).round(1), rng.normal(0.5, 2, 70).round(1)
    (found,) = attribute_drift(["a"], base[:, None], target[:, None], alpha=0.05)
    assert found.size * base.std() == pytest.approx(wasserstein_distance(base, target))
    assert average_ranks(base).tolist() == rankdata(base).tolist()
