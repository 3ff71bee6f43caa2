"""Labels that look wrong beside what a model predicted on the same images.

Classes by confident learning (Northcutt, Jiang and Chuang 2021, as in cleanlab): a label is doubted where another
class is predicted with at least the confidence that this class usually has on objects labelled so, or far ahead of
the given one. Boxes by matching (after ObjectLab, Tkachenko et al. 2023): predicted and not labelled, labelled and not
found though the model usually finds that class, or found at another place.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ddoc.dataset.predictions import Corners, Prediction

SAME_OBJECT = 0.5
"""IoU from which on a prediction speaks of a labelled object."""
TOUCHING = 0.1
LOOSE = 0.2
"""Between these and SAME_OBJECT a confident prediction of the same class says that the box is drawn loosely."""
USUALLY_FOUND = 0.5
MIN_SCORE, CERTAIN = 0.3, 0.5
FAR_AHEAD = 0.5
_ROUNDING = 1e-9
WRONG_CLASS, MISSING_BOX, EXTRA_BOX, LOOSE_BOX = "wrong-class", "missing-box", "extra-box", "loose-box"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Label:
    """One annotation: `box` are its corners, None for a class of the whole image."""

    class_name: str
    box: Corners | None


@dataclass(frozen=True, slots=True)
class _Image:
    """One image: its labels and predictions, how far they overlap, and what each label's object is said to be."""

    item_id: str
    labels: Sequence[Label]
    predictions: Sequence[Prediction]
    overlaps: Floats
    """(labels, predictions); 1 throughout for classes of the whole image."""

    def said_of(self, label: int) -> dict[str, float]:
        """Return class → confidence of the object of a label: the best score of each class that covers it."""
        said: dict[str, float] = {}
        for at, prediction in enumerate(self.predictions):
            if self.overlaps[label, at] >= SAME_OBJECT:
                said[prediction.class_name] = max(said.get(prediction.class_name, 0.0), prediction.score)
        total = sum(said.values())
        return {name: score / max(1.0, total) for name, score in said.items()}


def find_predicted(
    labels: Mapping[str, Sequence[Label]], predictions: Mapping[str, Sequence[Prediction]]
) -> list[dict[str, Any]]:
    """Return doubtful labels, most doubtful first: `{item_id, code, class_name, score 0–1, detail, facts, box}`.

    Codes: `wrong-class`, `missing-box` (`class_name` and `box` are the predicted ones), `extra-box`, `loose-box`.
    Only images that are in both are judged.
    """
    images = [
        _Image(item_id, given, said, _overlaps(given, said))
        for item_id, given in labels.items()
        if (said := predictions.get(item_id))
    ]
    thresholds, found_share = _thresholds(images)
    rows: list[dict[str, Any]] = []
    for image in images:
        rows += _classes(image, thresholds)
        rows += _unlabelled(image, thresholds)
        rows += _misplaced(image, thresholds, found_share)
    rows.sort(key=lambda row: (-row["score"], row["item_id"], row["code"], row["box"] or []))
    return rows


def _overlaps(labels: Sequence[Label], predictions: Sequence[Prediction]) -> Floats:
    if not labels or not predictions:
        return np.zeros((len(labels), len(predictions)))
    a = np.array([label.box or (0, 0, 1, 1) for label in labels], np.float64)[:, None]
    b = np.array([p.box or (0, 0, 1, 1) for p in predictions], np.float64)[None]
    sides = np.clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None)
    shared = sides.prod(axis=-1)
    union = (a[..., 2:] - a[..., :2]).prod(axis=-1) + (b[..., 2:] - b[..., :2]).prod(axis=-1) - shared
    alike = np.array([[(x.box is None) == (p.box is None) for p in predictions] for x in labels])
    return np.where(alike, shared / np.maximum(union, 1e-12), 0.0)


def _thresholds(images: Sequence[_Image]) -> tuple[dict[str, float], dict[str, float]]:
    """Return per class the mean confidence in it on objects that are labelled so and seen at all, and the share of
    its labels that are seen as anything."""
    said: defaultdict[str, list[float]] = defaultdict(list)
    seen: defaultdict[str, list[bool]] = defaultdict(list)
    for image in images:
        for at, label in enumerate(image.labels):
            confidences = image.said_of(at)
            seen[label.class_name].append(bool(confidences))
            if confidences:
                said[label.class_name].append(confidences.get(label.class_name, 0.0))
    thresholds = {name: float(np.mean(values)) for name, values in said.items()}
    return thresholds, {name: float(np.mean(values)) for name, values in seen.items()}


def _classes(image: _Image, thresholds: Mapping[str, float]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for at, label in enumerate(image.labels):
        said = image.said_of(at)
        if not said:
            continue
        best = max(said, key=lambda name: (said[name], name))
        ahead = said[best] - said.get(label.class_name, 0.0)
        usual = max(thresholds.get(best, 1.0) - _ROUNDING, MIN_SCORE)
        if best != label.class_name and (said[best] >= usual or ahead >= FAR_AHEAD):
            # cleanlab's normalised margin: 0.5 is level
            detail = f"predicted as {best} with {said[best]:.2f}"
            facts = {"predicted": best, "confidence": said[best]}
            rows.append(_row(image, WRONG_CLASS, label.class_name, 0.5 + ahead / 2, detail, label.box, facts))
    return rows


def _unlabelled(image: _Image, thresholds: Mapping[str, float]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    taken: list[Corners] = []
    for at in sorted(range(len(image.predictions)), key=lambda at: -image.predictions[at].score):
        prediction = image.predictions[at]
        if prediction.box is None or prediction.score < _certain(prediction.class_name, thresholds):
            continue
        if len(image.labels) and image.overlaps[:, at].max() >= TOUCHING:
            continue
        probe = [Label("", box) for box in taken]
        if taken and _overlaps(probe, [prediction]).max() >= SAME_OBJECT:
            continue  # the same object, predicted twice
        taken.append(prediction.box)
        detail = f"predicted with {prediction.score:.2f}, no label is there"
        facts = {"confidence": prediction.score}
        rows.append(
            _row(image, MISSING_BOX, prediction.class_name, prediction.score, detail, prediction.box, facts)
        )
    return rows


def _certain(name: str, thresholds: Mapping[str, float]) -> float:
    """Return the score from which on a prediction of this class is believed: the usual one, or half if that is less."""
    return max(MIN_SCORE, min(CERTAIN, thresholds.get(name, 1.0)))


def _misplaced(
    image: _Image, thresholds: Mapping[str, float], found_share: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return labels that are found at another place, and those that are not found at all."""
    rows: list[dict[str, Any]] = []
    for at, label in enumerate(image.labels):
        if label.box is None:
            continue
        best = float(image.overlaps[at].max(initial=0.0))
        if best >= SAME_OBJECT:
            continue
        loose = _loosely(image, at, thresholds)
        if loose is not None:
            overlap, score = loose
            detail = f"predicted with {score:.2f} at IoU {overlap:.2f}"
            facts = {"confidence": score, "overlap": overlap}
            rows.append(
                _row(image, LOOSE_BOX, label.class_name, score * (1 - overlap), detail, label.box, facts)
            )
        elif best < TOUCHING and found_share.get(label.class_name, 0.0) >= USUALLY_FOUND:
            share = found_share[label.class_name]
            detail = f"not predicted, as {100 * share:.0f} % of its class are"
            facts = {"found_share": share}
            rows.append(
                _row(image, EXTRA_BOX, label.class_name, share * (1 - best), detail, label.box, facts)
            )
    return rows


def _loosely(image: _Image, label: int, thresholds: Mapping[str, float]) -> tuple[float, float] | None:
    """Return (IoU, score) of the best confident prediction of the label's class beside it that is no other label's."""
    name = image.labels[label].class_name
    found = [
        (float(image.overlaps[label, at]), p.score)
        for at, p in enumerate(image.predictions)
        if p.class_name == name
        and p.score >= _certain(name, thresholds)
        and image.overlaps[label, at] >= LOOSE
        and image.overlaps[label, at] == image.overlaps[:, at].max()
    ]
    return max(found, default=None)


def _row(
    image: _Image,
    code: str,
    class_name: str,
    score: float,
    detail: str,
    box: Corners | None,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "item_id": image.item_id,
        "code": code,
        "class_name": class_name,
        "score": round(min(max(float(score), 0.0), 1.0), 4),
        "detail": detail,
        "facts": {k: v if isinstance(v, str) else round(float(v), 4) for k, v in facts.items()},
        "box": None if box is None else list(box),
    }
