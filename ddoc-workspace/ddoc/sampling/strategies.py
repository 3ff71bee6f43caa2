"""The sampling strategies, as what callers say: a discriminated union of frozen dataclasses, by `kind`."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar

from ddoc.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Random:
    """Items at random."""

    kind: ClassVar[str] = "random"
    needs: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class Stratified:
    """Items in the mix of the pool: classes and box sizes keep their shares, the size is exact."""

    kind: ClassVar[str] = "stratified"
    needs: ClassVar[tuple[str, ...]] = ("labels",)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Items whose value is in a range, highest first (lowest first with `ascending`).

    `field` is `drift_score` (with `report_id`), an attribute, `outlier`, `annotation_count`, `width`, `height` or
    `bytes`.
    """

    kind: ClassVar[str] = "threshold"
    needs: ClassVar[tuple[str, ...]] = ("drift report or attributes",)
    field: str = "drift_score"
    report_id: str | None = None
    min: float | None = None
    max: float | None = None
    ascending: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """Items so that the classes come closest to target shares of the annotations (default: all equal)."""

    kind: ClassVar[str] = "balance"
    needs: ClassVar[tuple[str, ...]] = ("labels",)
    shares: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Diversity:
    """Items far from each other and from `include`: k-center greedy (Gonzalez 1985; Sener and Savarese 2018)."""

    kind: ClassVar[str] = "diversity"
    needs: ClassVar[tuple[str, ...]] = ("vectors",)
    encoder: str | None = None


@dataclass(frozen=True, slots=True)
class Typicality:
    """Items of dense regions first, spread out (after TypiClust, Hacohen et al. 2022). `weight` 0 is all diversity."""

    kind: ClassVar[str] = "typicality"
    needs: ClassVar[tuple[str, ...]] = ("vectors",)
    encoder: str | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Items that stand for the whole pool: facility location, with the coverage reached after each of them."""

    kind: ClassVar[str] = "coverage"
    needs: ClassVar[tuple[str, ...]] = ("vectors",)
    encoder: str | None = None


@dataclass(frozen=True, slots=True)
class Similar:
    """Items nearest to given items, or to a text where the encoder has text."""

    kind: ClassVar[str] = "similar"
    needs: ClassVar[tuple[str, ...]] = ("vectors",)
    item_ids: tuple[str, ...] = ()
    text: str | None = None
    encoder: str | None = None


@dataclass(frozen=True, slots=True)
class MatchTarget:
    """Items so that the report's base together with them comes closest to its target (greedy MMD).

    `with_base=False` matches the target by the chosen items alone. `features` is `embedding` or `attributes`.
    """

    kind: ClassVar[str] = "match_target"
    needs: ClassVar[tuple[str, ...]] = ("drift report", "vectors or attributes")
    report_id: str = ""
    encoder: str | None = None
    features: str = "embedding"
    with_base: bool = True


@dataclass(frozen=True, slots=True)
class Dedup:
    """One of each group of (nearly) equal images: the sharpest, then largest, then most annotated.

    `threshold` is the cosine above which two images count as one; None takes it from the data.
    """

    kind: ClassVar[str] = "dedup"
    needs: ClassVar[tuple[str, ...]] = ("hashes", "vectors")
    encoder: str | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Combine:
    """Items by the weighted product of several strategies' ranks: `parts` are (strategy, weight).

    Parts `dedup` and `threshold` filter first: what they leave out is never chosen, nor seen by the others.
    """

    kind: ClassVar[str] = "combine"
    needs: ClassVar[tuple[str, ...]] = ("what its parts need",)
    parts: tuple[tuple["Strategy", float], ...] = field(default=())


Strategy = (
    Random
    | Stratified
    | Threshold
    | Balance
    | Diversity
    | Typicality
    | Coverage
    | Similar
    | MatchTarget
    | Dedup
    | Combine
)
STRATEGIES: Mapping[str, type[Strategy]] = {
    s.kind: s
    for s in (
        Random,
        Stratified,
        Threshold,
        Balance,
        Diversity,
        Typicality,
        Coverage,
        Similar,
        MatchTarget,
        Dedup,
        Combine,
    )
}


def strategy_from_json(data: Mapping[str, Any], *, pointer: str = "/strategy") -> Strategy:
    """Read a strategy `{kind, …}`. Raises InvalidInputError `unknown-strategy`, `unknown-field`, `invalid-strategy`."""
    kind = data.get("kind")
    made = STRATEGIES.get(kind) if isinstance(kind, str) else None
    if made is None:
        raise InvalidInputError(
            f"there is no strategy {kind!r}", code="unknown-strategy", pointer=f"{pointer}/kind"
        )
    known = {f.name for f in fields(made)}
    values = {name: value for name, value in data.items() if name != "kind"}
    for name in values:
        if name not in known:
            raise InvalidInputError(
                f"{made.kind} has no parameter {name!r}", code="unknown-field", pointer=f"{pointer}/{name}"
            )
    if made is Combine:
        return _combine(values, pointer)
    if "item_ids" in values:
        values["item_ids"] = tuple(values["item_ids"] or ())
    strategy = made(**values)
    _check(strategy, pointer)
    return strategy


def _combine(values: Mapping[str, Any], pointer: str) -> Combine:
    parts = values.get("parts")
    if not isinstance(parts, (list, tuple)) or not 1 <= len(parts) <= 8:
        raise InvalidInputError(
            "combine takes 1 to 8 parts", code="invalid-strategy", pointer=f"{pointer}/parts"
        )
    read: list[tuple[Strategy, float]] = []
    for at, part in enumerate(parts):
        here = f"{pointer}/parts/{at}"
        try:
            inner, weight = dict(part["strategy"]), float(part.get("weight", 1.0))
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInputError(
                "a part is {strategy, weight}", code="invalid-strategy", pointer=here
            ) from error
        if inner.get("kind") == Combine.kind or not 0 <= weight < float("inf"):
            raise InvalidInputError(
                "a part is not a combination, and its weight is 0 or more",
                code="invalid-strategy",
                pointer=here,
            )
        read.append((strategy_from_json(inner, pointer=f"{here}/strategy"), weight))
    return Combine(tuple(read))


def _check(strategy: Strategy, pointer: str) -> None:
    fault = _not_a_number(strategy) or _fault(strategy)
    if fault is not None:
        name, detail = fault
        raise InvalidInputError(detail, code="invalid-strategy", pointer=f"{pointer}/{name}")


def _not_a_number(strategy: Strategy) -> tuple[str, str] | None:
    for f in fields(strategy):
        value = getattr(strategy, f.name)
        if f.name in {"min", "max", "threshold", "weight"} and value is not None and not _is_number(value):
            return f.name, "not a number"
    return None


def _fault(strategy: Strategy) -> tuple[str, str] | None:
    """Return (parameter, what is wrong with it), or None."""
    match strategy:
        case Threshold(field="drift_score", report_id=None):
            return "report_id", "drift_score needs the report that gave it"
        case Threshold(min=low, max=high) if low is not None and high is not None and low > high:
            return "min", "min is above max"
        case MatchTarget(report_id=""):
            return "report_id", "which drift report?"
        case MatchTarget(features=features) if features not in {"embedding", "attributes"}:
            return "features", "features is embedding or attributes"
        case Similar(item_ids=ids, text=text) if bool(ids) == bool(text):
            return "item_ids", "give item_ids or text"
        case Balance(shares=shares) if shares is not None and not _are_shares(shares):
            return "shares", "shares are numbers of 0 or more, not all 0"
        case _:
            return None


def _are_shares(shares: Mapping[str, float]) -> bool:
    return (
        bool(shares) and all(_is_number(v) and v >= 0 for v in shares.values()) and sum(shares.values()) > 0
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


def strategy_to_json(strategy: Strategy) -> dict[str, Any]:
    """Return `{kind, …}` with all parameters."""
    if isinstance(strategy, Combine):
        parts = [{"strategy": strategy_to_json(s), "weight": w} for s, w in strategy.parts]
        return {"kind": strategy.kind, "parts": parts}
    values = {f.name: getattr(strategy, f.name) for f in fields(strategy)}
    if isinstance(values.get("item_ids"), tuple):
        values["item_ids"] = list(values["item_ids"])
    return {"kind": strategy.kind, **values}


def describe_strategies() -> list[dict[str, Any]]:
    """Return every strategy for people and forms: `{kind, title, params: [{name, type, default}], needs}`."""
    return [
        {
            "kind": made.kind,
            "title": (made.__doc__ or "").split("\n")[0],
            "params": [
                {
                    "name": f.name,
                    "type": str(f.type),
                    "default": None if f.default is MISSING or f.default == () else f.default,
                }
                for f in fields(made)
            ],
            "needs": list(made.needs),
        }
        for made in STRATEGIES.values()
    ]
