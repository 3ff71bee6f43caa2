"""What an attribute is given the content and the other attributes: it shows images that no attribute shows alone."""

import numpy as np
from sklearn.metrics import roc_auc_score

from ddoc.drift.classifier import conformal_p, out_of_fold
from ddoc.drift.views import Pair, given_content, given_the_others, with_squares

COUNT, TOUCHED = 400, 80
Rows = np.ndarray


def pair_of(attributes: Rows) -> Pair:
    return Pair(attributes[:COUNT].astype(np.float32), attributes[COUNT:].astype(np.float32))


def found(pair: Pair) -> float:
    """Return the AUROC of the touched target images, which come first."""
    _, target = out_of_fold(pair.base, pair.target, np.random.default_rng(0))
    return float(roc_auc_score(np.arange(COUNT) < TOUCHED, target))


def test_an_image_that_is_as_bright_as_others_but_not_for_what_it_shows_is_seen_given_its_content() -> None:
    rng = np.random.default_rng(1)
    content = rng.normal(size=(2 * COUNT, 40))
    attributes = rng.normal(size=(2 * COUNT, 5))
    attributes[:, 0] = content[:, 3] + 0.1 * rng.normal(size=2 * COUNT)
    first = slice(COUNT, COUNT + TOUCHED)
    attributes[first, 0] = rng.permutation(attributes[first, 0])
    assert found(with_squares(pair_of(attributes))) < 0.65
    assert found(given_the_others(pair_of(attributes))) < 0.65
    assert found(given_content(pair_of(attributes), pair_of(content))) > 0.8


def test_an_image_whose_attributes_do_not_belong_together_is_seen_given_the_others() -> None:
    rng = np.random.default_rng(2)
    attributes = rng.normal(size=(2 * COUNT, 5))
    attributes[:, 1] = attributes[:, 0] + 0.1 * rng.normal(size=2 * COUNT)
    first = slice(COUNT, COUNT + TOUCHED)
    attributes[first, 1] = rng.permutation(attributes[first, 1])
    assert found(with_squares(pair_of(attributes))) < 0.65
    assert found(given_the_others(pair_of(attributes))) > 0.8


def test_neither_tells_sides_of_one_distribution_apart() -> None:
    shares = []
    for seed in range(12):
        rng = np.random.default_rng((3, seed))
        content, attributes = rng.normal(size=(2 * COUNT, 40)), rng.normal(size=(2 * COUNT, 5))
        attributes += content[:, :5]
        for pair in (
            given_the_others(pair_of(attributes)),
            given_content(pair_of(attributes), pair_of(content)),
        ):
            shares.append(float((conformal_p(*out_of_fold(pair.base, pair.target, rng)) <= 0.05).mean()))
    assert 0.035 <= np.mean(shares) <= 0.065


def test_one_attribute_that_nothing_explains_is_itself() -> None:
    values = np.random.default_rng(4).normal(size=(2 * COUNT, 1))
    alone = given_the_others(pair_of(values))
    standard = (values - values.mean()) / values.std()
    assert np.allclose(np.concatenate([alone.base, alone.target])[:, :1], np.clip(standard, -4, 4), atol=1e-4)
