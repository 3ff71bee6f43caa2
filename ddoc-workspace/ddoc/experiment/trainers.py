"""Trainers: folders `code/trainers/<name>/` with a `train.py`, perhaps an `eval.py` and a `config.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

import yaml

from ddoc.dataset.items import Task
from ddoc.errors import InvalidInputError, NotFoundError
from ddoc.hashing import md5_bytes, md5_file
from ddoc.ids import check_id

DataFormat = Literal["ddoc", "yolo", "coco", "voc", "imagefolder"]
ParamType = Literal["int", "float", "str", "bool"]
DATA_FORMATS: tuple[DataFormat, ...] = get_args(DataFormat)
_TYPES: Mapping[ParamType, type] = {"int": int, "float": float, "str": str, "bool": bool}
_IGNORED = {"__pycache__", ".git", ".DS_Store"}


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter that a trainer declares."""

    name: str
    type: ParamType
    default: int | float | str | bool | None = None
    help: str = ""


@dataclass(frozen=True, slots=True)
class TrainerConfig:
    """What `config.yaml` says.

    `format` is the layout of `dataset_path`: `ddoc` (the default) is `data/` itself, `images/<split>/…` with
    YOLO labels and `dataset.yaml`. `needs` are names of installed packages. `dry_run` is whether the first run of
    the code is tried on eight images before.
    """

    title: str = ""
    description: str = ""
    tasks: tuple[Task, ...] = ()
    format: DataFormat = "ddoc"
    needs: tuple[str, ...] = ()
    params: tuple[Param, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    dry_run: bool = True

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the params of a run: defaults, and what was given in their place.

        A trainer that declares params takes no others. Raises InvalidInputError naming the field.
        """
        declared = {param.name: param for param in self.params}
        values = {p.name: p.default for p in self.params if p.default is not None}
        for name, value in given.items():
            if declared and name not in declared:
                raise InvalidInputError(
                    f"the trainer has no param '{name}'; it has {', '.join(declared)}",
                    code="unknown-param",
                    pointer=f"/params/{name}",
                )
            values[name] = _typed(declared[name], value) if declared else value
        return values


@dataclass(frozen=True, slots=True)
class Trainer:
    """A trainer as it is on disk. `files` are relative paths; `code_hash` changes with any byte of them."""

    name: str
    folder: Path
    files: tuple[str, ...]
    code_hash: str
    config: TrainerConfig


def load_trainer(folder: Path) -> Trainer:
    """Read the trainer in `folder`. Raises NotFoundError, InvalidInputError for a config that makes no sense."""
    if not (folder / "train.py").is_file():
        raise NotFoundError(f"there is no trainer '{folder.name}'", code="trainer-not-found")
    files = trainer_files(folder)
    lines = "".join(f"{name}\0{md5_file(folder / name)}\n" for name in files)
    config = read_config(folder / "config.yaml")
    return Trainer(folder.name, folder, files, md5_bytes(lines.encode()), config)


def find_trainer(trainers: Path, name: str) -> Trainer:
    """Return the trainer `name` below `trainers`. Raises NotFoundError."""
    return load_trainer(trainers / check_id(name, what="trainer"))


def list_trainers(trainers: Path) -> list[Trainer]:
    """Return the usable trainers, by name. Folders without a `train.py` are none."""
    if not trainers.is_dir():
        return []
    return [load_trainer(f) for f in sorted(trainers.iterdir()) if (f / "train.py").is_file()]


def trainer_files(folder: Path) -> tuple[str, ...]:
    """Return the files of a trainer as relative paths, sorted; caches of Python are left out."""
    return tuple(
        sorted(
            str(path.relative_to(folder))
            for path in folder.rglob("*")
            if path.is_file() and not path.is_symlink() and not _IGNORED & set(path.relative_to(folder).parts)
        )
    )


def read_config(path: Path) -> TrainerConfig:
    """Read a `config.yaml`; a missing one is all defaults. Raises InvalidInputError `bad-trainer-config`."""
    if not path.exists():
        return TrainerConfig()
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise _bad("config.yaml is not YAML") from error
    if raw is None:
        return TrainerConfig()
    if not isinstance(raw, dict):
        raise _bad("config.yaml is not a mapping")
    values = cast("dict[str, Any]", raw)
    unknown = set(values) - set(TrainerConfig.__dataclass_fields__)
    if unknown:
        raise _bad(f"config.yaml has unknown entries: {', '.join(sorted(map(str, unknown)))}")
    wanted = values.get("format", "ddoc")
    if wanted not in DATA_FORMATS:
        raise _bad(f"format must be one of {', '.join(DATA_FORMATS)}")
    return TrainerConfig(
        title=str(values.get("title", "")),
        description=str(values.get("description", "")).strip(),
        tasks=_tasks(values.get("tasks") or []),
        format=wanted,
        needs=tuple(str(need) for need in _list(values.get("needs") or [], "needs")),
        params=_params(values.get("params") or {}),
        limits=_mapping(values.get("limits") or {}, "limits"),
        dry_run=bool(values.get("dry_run", True)),
    )


def _tasks(value: Any) -> tuple[Task, ...]:
    tasks = _list(value, "tasks")
    if any(task not in get_args(Task) for task in tasks):
        raise _bad(f"tasks must be among {', '.join(get_args(Task))}")
    return tuple(cast("list[Task]", tasks))


def _params(value: Any) -> tuple[Param, ...]:
    return tuple(_param(str(name), entry) for name, entry in _mapping(value, "params").items())


def _param(name: str, entry: Any) -> Param:
    """Read `name: default` or `name: {type, default, help}`."""
    if not name.isidentifier():
        raise _bad(f"param '{name}' is no Python name")
    if not isinstance(entry, dict):
        return Param(name, _type_of(entry), entry)
    given = cast("dict[str, Any]", entry)
    kind = given.get("type", _type_of(given.get("default")))
    if kind not in _TYPES:
        raise _bad(f"type of param '{name}' must be one of {', '.join(_TYPES)}")
    param = Param(name, kind, None, str(given.get("help", "")))
    default = given.get("default")
    return Param(name, kind, None if default is None else _typed(param, default), param.help)


def _type_of(value: Any) -> ParamType:
    for name, kind in (("bool", bool), ("int", int), ("float", float)):
        if isinstance(value, kind):
            return cast("ParamType", name)
    return "str"


def _typed(param: Param, value: Any) -> Any:
    kind = _TYPES[param.type]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InvalidInputError(
            f"param '{param.name}' must be of type {param.type}",
            code="bad-param",
            pointer=f"/params/{param.name}",
        )
    return value


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise _bad(f"{name} must be a list")
    return cast("list[Any]", value)


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _bad(f"{name} must be a mapping")
    return {str(key): entry for key, entry in cast("dict[Any, Any]", value).items()}


def _bad(detail: str) -> InvalidInputError:
    return InvalidInputError(detail, code="bad-trainer-config")
