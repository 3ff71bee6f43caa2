"""Properties of the drift statistics that hold for any numbers."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ddoc.drift.classifier import as_share, auc, conformal_p
from ddoc.drift.marginals import attribute_drift, holm

VALUES = st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=40)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert (adjusted >= np.array(p_values) - 1e-12).all()
    assert (adjusted <= 1).all()
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


@settings(max_examples=80, deadline=None)
@given(VALUES, VALUES)
def test_auc_of_swapped_sides_is_its_complement(base: list[float], target: list[float]) -> None:
    one, other = auc(np.array(base), np.array(target)), auc(np.array(target), np.array(base))
    assert 0 <= one <= 1
    assert abs(one + other - 1) < 1e-9


@settings(max_examples=80, deadline=None)
@given(VALUES, VALUES)
def test_scores_and_p_values_are_shares_in_opposite_order(base: list[float], scores: list[float]) -> None:
    share, p_values = (
        as_share(np.array(base), np.array(scores)),
        conformal_p(np.array(base), np.array(scores)),
    )
    assert ((share >= 0) & (share <= 1)).all()
    assert ((p_values > 0) & (p_values <= 1)).all()
    order = np.argsort(scores, kind="stable")
    assert (np.diff(share[order]) >= -1e-12).all()
    assert (np.diff(p_values[order]) <= 1e-12).all()


@settings(max_examples=60, deadline=None)
@given(VALUES, VALUES)
def test_histograms_of_both_sides_share_bins_and_hold_everything(
    base: list[float], target: list[float]
) -> None:
    (found,) = attribute_drift(["a"], np.array(base)[:, None], np.array(target)[:, None], alpha=0.05)
    assert len(found.edges) == len(found.base_histogram) + 1 == len(found.target_histogram) + 1
    assert abs(sum(found.base_histogram) - 1) < 1e-9
    assert abs(sum(found.target_histogram) - 1) < 1e-9
    assert np.isfinite([found.size, found.shift, found.psi, found.p_value]).all()
