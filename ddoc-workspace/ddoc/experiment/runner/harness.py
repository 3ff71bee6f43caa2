"""Inside the trainer's process: finds the entry point, calls it, writes down what it returned.

    python -u -m ddoc.experiment.runner.harness

Reads `DDOC_CODE_PATH`, `DDOC_DATASET_PATH`, `DDOC_OUTPUT_DIR`, `DDOC_PARAMS` (JSON) and `DDOC_RESULT_FILE`. A
`train.py` without a function `train` is run as a script, which reads the same variables and logs by itself.
"""

import importlib.util
import inspect
import json
import os
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any


class BadResultError(Exception):
    """A trainer returned something that is not `{"model_path": …, "metrics": {…}, "artifacts": […]}`."""


def main() -> None:
    """Train, then evaluate when there is an `eval.py` and a model; write the result file last."""
    code = Path(os.environ["DDOC_CODE_PATH"])
    dataset = Path(os.environ["DDOC_DATASET_PATH"])
    output = Path(os.environ["DDOC_OUTPUT_DIR"])
    params: dict[str, Any] = json.loads(os.environ["DDOC_PARAMS"])
    sys.path.insert(0, str(code))
    script = code / "train.py"
    if not _defines(script, "train"):
        sys.argv = [str(script)]
        runpy.run_path(str(script), run_name="__main__")
        _write_result({"metrics": {}, "artifacts": [], "model_path": None, "script": True})
        return
    module = _load(script, "train")
    result = _checked(module.train(dataset, output, **_accepted(module.train, params)), output)
    evaluator = code / "eval.py"
    if result["model_path"] is not None and evaluator.exists() and _defines(evaluator, "evaluate"):
        evaluate = _load(evaluator, "eval").evaluate
        more = evaluate(output / result["model_path"], dataset, output, **_accepted(evaluate, params))
        extra = _checked({"model_path": None, **more}, output)
        result["metrics"] |= extra["metrics"]
        result["artifacts"] += extra["artifacts"]
    _write_result(result)


def _defines(script: Path, function: str) -> bool:
    import ast

    return any(
        isinstance(node, ast.FunctionDef) and node.name == function
        for node in ast.parse(script.read_bytes()).body
    )


def _load(script: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, script)
    if spec is None or spec.loader is None:
        raise ImportError(f"{script.name} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    # registered under its own name, so that a data loader's worker processes can import it again
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _accepted(function: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params that `function` takes: all of them when it has `**params`."""
    signature = inspect.signature(function).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.values()):
        return dict(params)
    return {name: value for name, value in params.items() if name in signature}


def _checked(returned: Any, output: Path) -> dict[str, Any]:
    if not isinstance(returned, Mapping):
        raise BadResultError(f"the trainer returned {type(returned).__name__}, not a dict")
    metrics = {str(name): float(value) for name, value in (returned.get("metrics") or {}).items()}
    artifacts = [_inside(path, output) for path in returned.get("artifacts") or []]
    model = returned.get("model_path")
    return {
        "model_path": None if model is None else _inside(model, output),
        "metrics": metrics,
        "artifacts": artifacts,
    }


def _inside(path: Any, output: Path) -> str:
    """Return `path` relative to the output folder. A relative one is taken from there."""
    full = (output / str(path)).resolve()
    if not full.is_relative_to(output.resolve()):
        raise BadResultError(f"{path} is outside the output folder")
    if not full.exists():
        raise BadResultError(f"{path} does not exist")
    return str(full.relative_to(output.resolve()))


def _write_result(result: Mapping[str, Any]) -> None:
    target = Path(os.environ["DDOC_RESULT_FILE"])
    temporary = target.with_suffix(".tmp")
    temporary.write_text(json.dumps(result))
    temporary.replace(target)


if __name__ == "__main__":
    main()
