"""Recipes: the edits that stand, as steps that can be repeated on another workspace."""

from collections.abc import Callable, Mapping
from typing import Any

from ddoc.dataset.dataset import Dataset
from ddoc.dataset.edits import EditResult, Edits
from ddoc.dataset.resplit import SplitRequest
from ddoc.dataset.selections import Selection
from ddoc.errors import DdocError, InvalidInputError

RECIPE_VERSION = 1
Resample = Callable[[Mapping[str, Any]], str]
"""Makes a sample from a recorded request (plain data) on the dataset at hand; returns its sample id."""


def export_recipe(dataset: Dataset, *, since: int = 0) -> dict[str, Any]:
    """Return the edits after the mark `since` that stand: `{recipe, name, steps: [{kind, params, changed}]}`."""
    steps = [
        {"kind": record.kind, "params": dict(record.params), "changed": record.changed}
        for record in Edits(dataset).since(since)
    ]
    return {"recipe": RECIPE_VERSION, "name": dataset.info.name, "steps": steps}


def replay_recipe(
    dataset: Dataset,
    recipe: Mapping[str, Any],
    *,
    dry_run: bool = False,
    resample: Resample | None = None,
) -> dict[str, Any]:
    """Repeat the steps of a recipe here. Returns `{steps: [{kind, params, changed, expected, outcome, code?,
    skipped, edit_id, effect}], differs}`.

    Each step is an edit of its own, so all can be undone. `outcome` is `done`, `nothing` (no item matched here),
    `not-portable` (added files are not in a recipe; samples need `resample`) or `failed` with a code; the steps
    after it are still tried. With `dry_run` every step is judged against the data as it is now.
    Raises InvalidInputError `invalid-recipe`.
    """
    if recipe.get("recipe") != RECIPE_VERSION or not isinstance(recipe.get("steps"), list):
        raise InvalidInputError("this is not a recipe of ours", code="invalid-recipe", pointer="/recipe")
    edits = Edits(dataset)
    report = [_step(edits, step, dry_run=dry_run, resample=resample) for step in recipe["steps"]]
    return {"steps": report, "differs": any(row["changed"] != row["expected"] for row in report)}


def _step(
    edits: Edits, step: Mapping[str, Any], *, dry_run: bool, resample: Resample | None
) -> dict[str, Any]:
    try:
        kind, params, expected = str(step["kind"]), dict(step["params"]), int(step.get("changed", 0))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInputError("a step of the recipe is not well-formed", code="invalid-recipe") from error
    row: dict[str, Any] = {
        "kind": kind, "params": params, "changed": 0, "expected": expected,
        "skipped": [], "edit_id": None, "effect": {},
    }  # fmt: skip
    try:
        result = _repeat(edits, kind, params, dry_run=dry_run, resample=resample)
    except DdocError as error:
        code = error.error_code
        row["outcome"] = {"empty-selection": "nothing", "not-portable": "not-portable"}.get(code, "failed")
        return row | {"code": code}
    skipped = [{"item_id": item_id, "code": code} for item_id, code in result.skipped]
    return row | {
        "changed": result.changed,
        "outcome": "done" if result.changed else "nothing",
        "skipped": skipped,
        "edit_id": result.edit_id,
        "effect": dict(result.effect),
    }


def _repeat(
    edits: Edits, kind: str, params: Mapping[str, Any], *, dry_run: bool, resample: Resample | None
) -> EditResult:
    try:
        match kind:
            case "move":
                chosen = Selection.from_json(params["selection"])
                return edits.move(chosen, target_split=params["target_split"], dry_run=dry_run)
            case "remove":
                return edits.remove(Selection.from_json(params["selection"]), dry_run=dry_run)
            case "relabel":
                return edits.relabel(
                    Selection.from_json(params["selection"]),
                    new_label=params["new_label"],
                    from_label=params.get("from_label"),
                    dry_run=dry_run,
                )
            case "split":
                options: dict[str, Any] = dict(params)
                options["frozen"] = tuple(options.get("frozen", ()))
                request = SplitRequest(**options)
                return edits.divide(request, dry_run=dry_run)
            case "apply_sample" if resample is not None:
                return edits.apply_sample(
                    resample(params["sample"]),
                    action=params["action"],
                    target_split=params.get("target_split"),
                    dry_run=dry_run,
                )
            case "add" | "apply_sample":
                raise InvalidInputError("this step cannot be repeated elsewhere", code="not-portable")
            case _:
                raise InvalidInputError(f"no edit is called {kind!r}", code="invalid-recipe")
    except (KeyError, TypeError) as error:
        raise InvalidInputError("a step of the recipe is not well-formed", code="invalid-recipe") from error
