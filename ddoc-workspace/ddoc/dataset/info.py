"""`data/dataset.yaml`: name, task, classes in fixed order, splits. Also a valid Ultralytics data.yaml."""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

import yaml

from ddoc.dataset.items import DatasetInfo, Task
from ddoc.errors import InvalidInputError, NotFoundError
from ddoc.paths import write_atomic

FILE_NAME = "dataset.yaml"
MAX_CHARACTERS = 4 * 1024 * 1024
TASKS: tuple[Task, ...] = get_args(Task)
_ULTRALYTICS_SPLITS = ("train", "val", "test")
_SPLIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_split_name(name: str) -> bool:
    """Return whether `name` may name a split: ASCII letters, digits, `. _ -`, at most 64."""
    return _SPLIT.fullmatch(name) is not None


def read_info(data: Path) -> DatasetInfo:
    """Read `data/dataset.yaml`.

    A file that somebody edited may lack `task` (then `detect`) and `splits` (then the keys train, val and test).
    Raises NotFoundError without the file and InvalidInputError `invalid-dataset-yaml` where it makes no sense.
    """
    try:
        text = (data / FILE_NAME).read_text("utf-8")
    except FileNotFoundError:
        raise NotFoundError(f"{FILE_NAME} is missing", code="dataset-yaml-missing") from None
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{FILE_NAME} is not UTF-8", code="invalid-dataset-yaml") from error
    try:
        raw = parse_yaml(text)
    except InvalidInputError as error:
        raise InvalidInputError(f"{FILE_NAME}: {error.detail}", code="invalid-dataset-yaml") from error
    return _parse(raw)


def parse_yaml(text: str) -> dict[str, Any]:
    """Parse hostile YAML whose top is a mapping. Raises InvalidInputError `invalid-yaml`.

    The loader is the one in Python: the one in C has no limit on nesting but the stack.
    """
    try:
        raw = yaml.safe_load(text) if len(text) <= MAX_CHARACTERS else None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise InvalidInputError("not YAML", code="invalid-yaml") from error
    if not isinstance(raw, dict):
        raise InvalidInputError("not a YAML mapping of sensible size", code="invalid-yaml")
    return cast("dict[str, Any]", raw)


def write_info(data: Path, info: DatasetInfo) -> None:
    """Write `data/dataset.yaml` by temporary file and rename. Equal infos give equal bytes.

    Raises InvalidInputError for two classes of one name or a split that cannot be a folder.
    """
    _check(info)
    write_atomic(data / FILE_NAME, yaml_of(info).encode())


def yaml_of(info: DatasetInfo) -> str:
    """Return the text of dataset.yaml: what Ultralytics reads first, then what is ours.

    Ultralytics takes the file's folder as root when `path` is absent, and needs `train` and `val`: a set without
    one of them names the other.
    """
    document: dict[str, Any] = {"name": info.name, "task": info.task}
    present = [s for s in _ULTRALYTICS_SPLITS if s in info.splits]
    first = present[0] if present else (info.splits[0] if info.splits else "train")
    for split in _ULTRALYTICS_SPLITS:
        if split in present:
            document[split] = f"images/{split}"
        elif split != "test":
            document[split] = f"images/{first}"
    document["nc"] = len(info.classes)
    document["names"] = list(info.classes)
    document["splits"] = list(info.splits)
    if info.origin:
        document["origin"] = _plain(info.origin)
    return yaml.dump(document, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=1 << 20)


def _parse(raw: dict[str, Any]) -> DatasetInfo:
    task = raw.get("task", "detect")
    if task not in TASKS:
        raise InvalidInputError(f"unknown task; one of {', '.join(TASKS)}", code="invalid-dataset-yaml")
    splits = raw.get("splits")
    if not isinstance(splits, list):
        splits = [s for s in _ULTRALYTICS_SPLITS if raw.get(s)]
    origin = raw.get("origin")
    info = DatasetInfo(
        name=str(raw.get("name", "")),
        task=task,
        classes=class_names_of(raw.get("names")),
        splits=tuple(str(s) for s in cast("list[Any]", splits)),
        origin=cast("Mapping[str, Any]", origin) if isinstance(origin, dict) else {},
    )
    _check(info)
    return info


def class_names_of(names: object) -> tuple[str, ...]:
    """Return class names in order of their number from YAML's `names`: a list, or a mapping number → name.

    Numbers left out of a mapping become `class_<n>`. Raises InvalidInputError for anything else.
    """
    if names is None:
        return ()
    if isinstance(names, list):
        return tuple(_nfc(n) for n in cast("list[Any]", names))
    if isinstance(names, dict):
        try:
            numbered = {int(k): _nfc(v) for k, v in cast("dict[Any, Any]", names).items()}
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidInputError("`names` must be numbered", code="invalid-dataset-yaml") from error
        if min(numbered, default=0) < 0 or max(numbered, default=0) > 100_000:
            raise InvalidInputError("class numbers must be 0 to 100,000", code="invalid-dataset-yaml")
        return tuple(numbered.get(n, f"class_{n}") for n in range(max(numbered, default=-1) + 1))
    raise InvalidInputError("`names` must be a list or a mapping", code="invalid-dataset-yaml")


def _check(info: DatasetInfo) -> None:
    if len(set(info.classes)) != len(info.classes):
        raise InvalidInputError("two classes have one name", code="invalid-dataset-yaml")
    if any(not is_split_name(s) for s in info.splits) or len(set(info.splits)) != len(info.splits):
        raise InvalidInputError(
            "splits must have different names that can be folders", code="invalid-dataset-yaml"
        )


def _nfc(value: object) -> str:
    if not isinstance(value, str | int | float):  # aliases could make a nested name of any length
        raise InvalidInputError("a class name must be a word", code="invalid-dataset-yaml")
    return unicodedata.normalize("NFC", str(value))


def _plain(value: object) -> Any:
    """Turn mappings and tuples into what YAML writes plainly."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in cast("list[Any]", value)]
    return value


_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
