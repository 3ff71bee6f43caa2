"""What is checked of trainer code before it is kept. Nothing is imported or run."""

import ast
import importlib.metadata
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

from ddoc.errors import InvalidInputError
from ddoc.experiment.limits import Limits
from ddoc.experiment.trainers import read_config, trainer_files

_REQUIREMENT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, whether it passed, and a sentence."""

    name: str
    ok: bool
    detail: str


def check_trainer(folder: Path) -> list[Check]:
    """Check the code in `folder`: `syntax`, `entry-point`, `config`, `needs`, in this order."""
    checks = [_syntax(folder)]
    if checks[0].ok:
        checks.append(_entry_point(folder))
    checks.append(_config(folder))
    if checks[-1].ok:
        checks.append(_needs(folder))
    return checks


def missing_needs(needs: tuple[str, ...]) -> list[str]:
    """Return the declared packages that are not installed."""
    return [need for need in needs if not _is_installed(need)]


def _syntax(folder: Path) -> Check:
    for name in trainer_files(folder):
        if name.endswith(".py"):
            try:
                ast.parse((folder / name).read_bytes(), filename=name)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                line = getattr(error, "lineno", None)
                where = f"{name}:{line}" if line else name
                return Check("syntax", ok=False, detail=f"{where}: {getattr(error, 'msg', error)}")
    return Check("syntax", ok=True, detail="every file parses")


def _entry_point(folder: Path) -> Check:
    script = folder / "train.py"
    if not script.is_file():
        return Check("entry-point", ok=False, detail="there is no train.py")
    module = ast.parse(script.read_bytes())
    function = next((n for n in module.body if isinstance(n, ast.FunctionDef) and n.name == "train"), None)
    if function is not None:
        takes = len(function.args.posonlyargs) + len(function.args.args)
        if takes >= 2 or function.args.vararg is not None:
            return Check("entry-point", ok=True, detail="train.py has train(dataset_path, output_dir, …)")
        return Check("entry-point", ok=False, detail="train() must take dataset_path and output_dir")
    if any(_does_something(node) for node in module.body):
        return Check("entry-point", ok=True, detail="train.py is run as a script")
    return Check(
        "entry-point",
        ok=False,
        detail="train.py has neither a function train(dataset_path, output_dir, …) nor code",
    )


def _does_something(node: ast.stmt) -> bool:
    """Tell a statement that runs code from imports, definitions, constants and docstrings."""
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    return isinstance(node, ast.If | ast.For | ast.While | ast.With | ast.Try)


def _config(folder: Path) -> Check:
    try:
        config = read_config(folder / "config.yaml")
        Limits().overridden(config.limits)
    except InvalidInputError as error:
        return Check("config", ok=False, detail=error.detail)
    return Check("config", ok=True, detail=f"data format {config.format}, {len(config.params)} params")


def _needs(folder: Path) -> Check:
    missing = missing_needs(read_config(folder / "config.yaml").needs)
    if missing:
        return Check("needs", ok=False, detail=f"not installed: {', '.join(missing)}")
    return Check("needs", ok=True, detail="all declared packages are installed")


def _is_installed(need: str) -> bool:
    match = _REQUIREMENT.match(need)
    if match is None:
        return False
    name = match.group()
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        module = name.replace("-", "_")
        return "." not in module and importlib.util.find_spec(module) is not None
    return True
