"""Comparing two sides: tests, effect sizes, what changed, and a score for every image."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ddoc.drift import classifier
from ddoc.drift.classifier import Effect
from ddoc.drift.clusters import JointClusters, new_clusters
from ddoc.drift.labels import ClassShift, GeometryShift, class_shift, geometry_shift
from ddoc.drift.marginals import AttributeDrift, attribute_drift
from ddoc.drift.outliers import outlier_scores
from ddoc.drift.permutation import TestResult, mmd_test
from ddoc.drift.report import Comparison, DriftReport, Status, scores_table
from ddoc.drift.sides import Side, check_sides
from ddoc.drift.views import (
    Pair,
    attribute_view,
    embedding_view,
    frechet_distance,
    given_content,
    given_the_others,
    leading,
    with_squares,
)
from ddoc.drift.why import explain
from ddoc.ids import new_id
from ddoc.progress import Progress, no_progress

METHOD_VERSION = "3"
EFFECT_THRESHOLD = 0.1
_STEPS = ("attributes", "embedding", "scores", "labels", "clusters", "done")
_CLUSTER_DIMS = 50
_ONE_THREAD = 10_000
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _ViewResult:
    """What one view says: its test, its effect and its out-of-fold scores of (base, target), one pair per classifier."""

    name: str
    pair: Pair
    test: TestResult
    effect: Effect
    scores: tuple[tuple[Floats, Floats], ...]

    @property
    def strength(self) -> float:
        # an AUC below one half means that nothing was learnt, not that the sides differ
        return max(0.0, 2 * (self.effect.auc - 0.5))


@dataclass(frozen=True, slots=True)
class _Decider:
    """A test that takes part in the verdict, and the size (0–1) of what it tests."""

    name: str
    test: TestResult
    strength: float


def compare(
    base: Side,
    target: Side,
    *,
    alpha: float = 0.05,
    seed: int = 0,
    effect_threshold: float = EFFECT_THRESHOLD,
    report_id: str | None = None,
    progress: Progress = no_progress,
) -> Comparison:
    """Return whether and how `target` differs from `base`, with a score for every image of both.

    The verdict rests on permutation tests of each view (attributes, embedding), of the class shares and of the box
    geometry, corrected by Bonferroni for as many as there are. It is `drift` if the corrected p-value is at most
    `alpha` and the effect (0–1) reaches `effect_threshold`, `warning` if it is significant but smaller, else `none`.
    Equal sides, alpha and seed give equal results.

    Raises InvalidInputError; see `check_sides`.
    """
    check_sides(base, target)
    # hundreds of small products: two threads wait for each other longer than one computes
    with threadpool_limits(1 if len(base) + len(target) <= _ONE_THREAD else None):
        return _compare(base, target, alpha, seed, effect_threshold, report_id or new_id("drift"), progress)


def _compare(
    base: Side,
    target: Side,
    alpha: float,
    seed: int,
    effect_threshold: float,
    report_id: str,
    progress: Progress,
) -> Comparison:
    rng = np.random.default_rng(seed)
    _step(progress, 0)
    views = [
        v for v in (_attributes(base, target, rng), _embedding(base, target, rng, progress)) if v is not None
    ]
    _step(progress, 2)
    scores = _item_scores(views, base, target, rng)
    outliers = _outliers(views, base, target, rng)
    _step(progress, 3)
    found = _findings(base, target, views, rng, alpha=alpha, seed=seed)
    _step(progress, 4)
    content = {
        "report_id": report_id,
        **_verdict(found, alpha, effect_threshold),
        **_changes(found, base, target, alpha),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "seed": seed,
        "versions": _versions(base),
    }
    _step(progress, 5)
    clusters = found.clusters
    return Comparison(
        report=DriftReport(content),
        base=_table(base, scores[0], scores, outliers[0], clusters.base if clusters else None, own=True),
        target=_table(
            target, scores[1], scores, outliers[1], clusters.target if clusters else None, own=False
        ),
    )


@dataclass(frozen=True, slots=True)
class _Findings:
    """Everything that a comparison found out about the two sides as wholes."""

    views: Sequence[_ViewResult]
    attributes: Sequence[AttributeDrift]
    classes: ClassShift | None
    geometry: Sequence[GeometryShift]
    clusters: JointClusters | None
    deciders: Sequence[_Decider]

    def decides(self, name: str, alpha: float) -> bool:
        """Whether the test `name` is significant after correction."""
        return any(d.name == name and d.test.p_value * len(self.deciders) <= alpha for d in self.deciders)


def _findings(
    base: Side,
    target: Side,
    views: Sequence[_ViewResult],
    rng: np.random.Generator,
    *,
    alpha: float,
    seed: int,
) -> _Findings:
    classes = class_shift(base, target, rng)
    geometry, boxes = geometry_shift(base, target, rng, alpha=alpha)
    return _Findings(
        views=views,
        attributes=attribute_drift(base.attribute_names, base.attributes, target.attributes, alpha=alpha),
        classes=classes,
        geometry=geometry,
        clusters=_clusters(views, target.item_ids, alpha, seed),
        deciders=_deciders(views, classes, geometry, boxes),
    )


def _changes(found: _Findings, base: Side, target: Side, alpha: float) -> dict[str, Any]:
    classes = found.classes
    return {
        "base": _describe(base),
        "target": _describe(target),
        "attributes": [a.to_json() for a in found.attributes],
        "attribute_view": _view_json(found.views, "attributes"),
        "classes": None
        if classes is None
        else {**classes.to_json(), "drifted": found.decides("classes", alpha)},
        "geometry": [g.to_json() for g in found.geometry],
        "embedding": {"encoder": base.encoder, **_view_json(found.views, "embedding")}
        if base.encoder
        else None,
        "new_clusters": [c.to_json() for c in found.clusters.new] if found.clusters else [],
    }


def _step(progress: Progress, done: int) -> None:
    progress(done, len(_STEPS) - 1, unit="steps", message=_STEPS[done])


def _attributes(base: Side, target: Side, rng: np.random.Generator) -> _ViewResult | None:
    pair = attribute_view(base, target)
    if pair is None:
        return None
    test = mmd_test(pair.base, pair.target, rng)
    squared = with_squares(pair)
    scores = (
        classifier.out_of_fold(pair.base, pair.target, rng),
        classifier.out_of_fold(squared.base, squared.target, rng),
    )
    return _ViewResult("attributes", pair, test, classifier.effect(*classifier.combine(scores), rng), scores)


def _embedding(base: Side, target: Side, rng: np.random.Generator, progress: Progress) -> _ViewResult | None:
    _step(progress, 1)
    pair = embedding_view(base, target, rng)
    if pair is None:
        return None
    test = mmd_test(pair.base, pair.target, rng)
    first = leading(pair)
    scores = classifier.out_of_fold(first.base, first.target, rng)
    return _ViewResult("embedding", pair, test, classifier.effect(*scores, rng), (scores,))


def _item_scores(
    views: Sequence[_ViewResult], base: Side, target: Side, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return one score per image of each side: of every view, and of attributes that are odd for the image."""
    if not views:
        return _no_scores(base, target)
    scores = [found for view in views for found in view.scores]
    pairs = {view.name: view.pair for view in views}
    if "attributes" in pairs:
        odd = [given_the_others(pairs["attributes"])]
        if "embedding" in pairs:
            odd.append(given_content(pairs["attributes"], pairs["embedding"]))
        scores += [classifier.out_of_fold(pair.base, pair.target, rng) for pair in odd]
    return classifier.combine(scores)


def _no_scores(base: Side, target: Side) -> tuple[Floats, Floats]:
    """Return equal scores: nothing varies among the images, so none is more target-like than another."""
    return np.zeros(len(base)), np.zeros(len(target))


def _outliers(
    views: Sequence[_ViewResult], base: Side, target: Side, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return outlier scores in the embedding, or in the attributes where there is no embedding."""
    if not views:
        return _no_scores(base, target)
    pair = views[-1].pair
    if views[-1].name == "embedding":  # its rows are of length 1 already
        return outlier_scores(pair.base, pair.target, rng)
    return outlier_scores(_unit(pair.base), _unit(pair.target), rng)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + np.float32(1e-12))


def _clusters(
    views: Sequence[_ViewResult], target_ids: Sequence[str], alpha: float, seed: int
) -> JointClusters | None:
    for view in views:
        if view.name == "embedding":
            base, target = (side[:, :_CLUSTER_DIMS] for side in (view.pair.base, view.pair.target))
            return new_clusters(base, target, target_ids, alpha=alpha, seed=seed)
    return None


def _deciders(
    views: Sequence[_ViewResult],
    classes: ClassShift | None,
    geometry: Sequence[GeometryShift],
    boxes: TestResult | None,
) -> list[_Decider]:
    deciders = [_Decider(view.name, view.test, view.strength) for view in views]
    if classes is not None and len(classes.counts) > 1:
        deciders.append(_Decider("classes", TestResult(classes.statistic, classes.p_value), classes.distance))
    if boxes is not None:
        deciders.append(_Decider("geometry", boxes, max(g.statistic for g in geometry)))
    return deciders


def _verdict(found: _Findings, alpha: float, threshold: float) -> dict[str, Any]:
    """Return the fields of the verdict. The score is the largest effect among the views and what is significant."""
    deciders = found.deciders
    count = max(1, len(deciders))
    significant = [d.strength for d in deciders if d.test.p_value * count <= alpha]
    views = [d.strength for d in deciders if d.name in {"attributes", "embedding"}]
    status: Status = "none"
    if significant:
        status = "drift" if max(significant) >= threshold else "warning"
    reason = explain(
        status=status,
        attributes=found.attributes,
        classes=found.classes if found.decides("classes", alpha) else None,
        geometry=found.geometry if found.decides("geometry", alpha) else (),
        clusters=found.clusters.new if found.clusters else (),
    )
    return {
        "status": status,
        "score": max([*significant, *views], default=0.0),
        "p_value": min(1.0, count * min((d.test.p_value for d in deciders), default=1.0)),
        "alpha": alpha,
        "effect_threshold": threshold,
        "why": reason.to_json(),
        "tests": [_test_json(d, alpha / count) for d in deciders],
    }


def _describe(side: Side) -> dict[str, Any]:
    return {"name": side.name, "items": len(side), "left_out": side.left_out, **side.origin}


def _test_json(decider: _Decider, threshold: float) -> dict[str, Any]:
    return {
        "name": decider.name,
        "statistic": decider.test.statistic,
        "p_value": decider.test.p_value,
        "threshold": threshold,
        "drifted": decider.test.p_value <= threshold,
        "effect": decider.strength,
    }


def _view_json(views: Sequence[_ViewResult], name: str) -> dict[str, Any]:
    for view in views:
        if view.name == name:
            return {
                "auc": view.effect.auc,
                "auc_ci": [view.effect.low, view.effect.high],
                "mmd": view.test.statistic,
                "p_value": view.test.p_value,
                "frechet": frechet_distance(view.pair),
            }
    return {}


def _versions(base: Side) -> dict[str, str]:
    found = {
        "ddoc": version("ddoc-workspace"),
        "drift_method": METHOD_VERSION,
        "numpy": version("numpy"),
        "scipy": version("scipy"),
        "scikit-learn": version("scikit-learn"),
    }
    return found | ({"encoder": base.encoder} if base.encoder else {})


def _table(
    side: Side,
    own_scores: Floats,
    scores: tuple[Floats, Floats],
    outliers: Floats,
    clusters: NDArray[np.int64] | None,
    *,
    own: bool,
) -> Any:
    return scores_table(
        {
            "item_id": side.item_ids,
            "content_hash": side.content_hashes,
            "score": classifier.as_share(scores[0], own_scores),
            "p_value": classifier.conformal_p(scores[0], own_scores, own=own),
            "outlier": outliers,
            "cluster": np.full(len(side), -1) if clusters is None else clusters,
        }
    )
