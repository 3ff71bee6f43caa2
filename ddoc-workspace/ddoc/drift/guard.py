"""A drift guard: a saved base with thresholds, against which every new upload is checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ddoc.drift.compare import EFFECT_THRESHOLD, compare
from ddoc.drift.report import Comparison
from ddoc.drift.sides import MIN_IMAGES, Boxes, Side
from ddoc.errors import InvalidInputError, NotFoundError
from ddoc.paths import atomic_path, write_atomic
from ddoc.progress import Progress, no_progress

Outcome = Literal["pass", "warn", "fail"]
FALSE_DISCOVERY_RATE = 0.1
_BOXES = ("item", "size", "aspect", "x", "y")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a guard warns and fails: a significant change (`alpha`) warns, from an effect of `fail_at` on it fails."""

    alpha: float = 0.05
    fail_at: float = EFFECT_THRESHOLD
    seed: int = 0

    def __post_init__(self) -> None:
        if not (0 < self.alpha < 1 and 0 <= self.fail_at <= 1):
            raise InvalidInputError(
                "alpha lies between 0 and 1, fail_at from 0 to 1", code="invalid-thresholds"
            )


@dataclass(frozen=True, slots=True)
class Guard:
    """A base and its thresholds."""

    base: Side
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class GuardResult:
    """What a guard says about a target.

    `failing` names the target's items whose own p-values stay significant at a false discovery rate of 10 %
    (Benjamini & Hochberg 1995), most target-like first; empty where the outcome is `pass`.
    """

    outcome: Outcome
    comparison: Comparison
    failing: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the outcome, the failing items and the report."""
        return {
            "outcome": self.outcome,
            "failing": list(self.failing),
            "report": self.comparison.report.to_json(),
        }


def save_guard(folder: Path, guard: Guard) -> None:
    """Write the guard as `guard.json` and `base.npz`. It needs nothing else: the base's images may be gone.

    Raises InvalidInputError `too-few-images` for a base that no verdict can rest on.
    """
    base = guard.base
    if len(base) < MIN_IMAGES:
        raise InvalidInputError(
            f"{base.name} has {len(base)} analysed images; a guard needs at least {MIN_IMAGES}",
            code="too-few-images",
            side=base.name,
            images=len(base),
            needed=MIN_IMAGES,
        )
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, NDArray[Any]] = {
        "item_ids": np.array(base.item_ids, np.str_),
        "content_hashes": np.array(base.content_hashes, np.str_),
        "attributes": base.attributes,
        "class_counts": base.class_counts,
        **{f"box_{name}": getattr(base.boxes, name) for name in _BOXES},
    }
    if base.vectors is not None:
        arrays["vectors"] = base.vectors
    with atomic_path(folder / "base.npz") as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # pyright: ignore[reportArgumentType]  # its **kwds are typed as allow_pickle
    facts = {
        "name": base.name,
        "attribute_names": list(base.attribute_names),
        "encoder": base.encoder,
        "class_names": list(base.class_names),
        "origin": dict(base.origin),
        "left_out": base.left_out,
        "alpha": guard.thresholds.alpha,
        "fail_at": guard.thresholds.fail_at,
        "seed": guard.thresholds.seed,
    }
    write_atomic(folder / "guard.json", json.dumps(facts, ensure_ascii=False).encode(), durable=True)


def load_guard(folder: Path) -> Guard:
    """Read a guard. Raises NotFoundError `unknown-guard`."""
    if not (folder / "guard.json").exists():
        raise NotFoundError("there is no guard in this folder", code="unknown-guard")
    facts: Mapping[str, Any] = json.loads((folder / "guard.json").read_text("utf-8"))
    with np.load(folder / "base.npz", allow_pickle=False) as data:
        base = Side(
            name=facts["name"],
            item_ids=data["item_ids"].tolist(),
            content_hashes=data["content_hashes"].tolist(),
            attributes=data["attributes"],
            attribute_names=tuple(facts["attribute_names"]),
            vectors=data["vectors"] if "vectors" in data.files else None,
            encoder=facts["encoder"],
            class_names=tuple(facts["class_names"]),
            class_counts=data["class_counts"],
            boxes=Boxes(*(data[f"box_{name}"] for name in _BOXES)),
            origin=facts["origin"],
            left_out=facts["left_out"],
        )
    return Guard(base, Thresholds(facts["alpha"], facts["fail_at"], facts["seed"]))


def check(
    guard: Guard, target: Side, *, report_id: str | None = None, progress: Progress = no_progress
) -> GuardResult:
    """Compare `target` with the guard's base. Raises what `compare` raises."""
    limits = guard.thresholds
    comparison = compare(
        guard.base,
        target,
        alpha=limits.alpha,
        seed=limits.seed,
        effect_threshold=limits.fail_at,
        report_id=report_id,
        progress=progress,
    )
    outcomes: dict[str, Outcome] = {"none": "pass", "warning": "warn", "drift": "fail"}
    outcome = outcomes[comparison.report.status]
    failing = () if outcome == "pass" else _discoveries(comparison)
    return GuardResult(outcome, comparison, failing)


def _discoveries(comparison: Comparison) -> tuple[str, ...]:
    p_values = np.asarray(comparison.target["p_value"].to_numpy())
    scores = np.asarray(comparison.target["score"].to_numpy())
    order = np.lexsort((-scores, p_values))
    limits = FALSE_DISCOVERY_RATE * np.arange(1, len(order) + 1) / len(order)
    passed = np.flatnonzero(p_values[order] <= limits)
    ids: list[str] = comparison.target["item_id"].to_pylist()
    return tuple(ids[i] for i in order[: passed[-1] + 1].tolist()) if len(passed) else ()


@dataclass(frozen=True, slots=True)
class Change:
    """Drift towards the same target before and after a curation of the base: scores and p-values of both."""

    before: float
    after: float
    p_before: float
    p_after: float
    items_before: int
    items_after: int

    def to_json(self) -> dict[str, Any]:
        """Return the fields; `added` is the cost of the step in images."""
        return {
            "score": {"before": self.before, "after": self.after, "change": self.after - self.before},
            "p_value": {"before": self.p_before, "after": self.p_after},
            "items": {"before": self.items_before, "after": self.items_after},
            "added": self.items_after - self.items_before,
        }


def before_after(before: Comparison, after: Comparison) -> Change:
    """Return how drift changed between two comparisons with the same target.

    Raises InvalidInputError `targets-differ` if the targets are of different images.
    """
    if set(before.target["content_hash"].to_pylist()) != set(after.target["content_hash"].to_pylist()):
        raise InvalidInputError("the two reports are of different targets", code="targets-differ")
    return Change(
        before=before.report.score,
        after=after.report.score,
        p_before=before.report.p_value,
        p_after=after.report.p_value,
        items_before=before.base.num_rows,
        items_after=after.base.num_rows,
    )
