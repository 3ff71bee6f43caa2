"""Bringing trainer code into a workspace: uploads and templates."""

import shutil
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ddoc.errors import ConflictError, InvalidInputError, NotFoundError, TooLargeError
from ddoc.experiment.checks import Check, check_trainer
from ddoc.experiment.trainers import Trainer, load_trainer, trainer_files
from ddoc.formats.archives import extract
from ddoc.formats.limits import Limits as ArchiveLimits
from ddoc.ids import check_id, new_id
from ddoc.paths import Layout

MAX_CODE_BYTES = 64 << 20
MAX_CODE_FILES = 2000
_MAY_FAIL = {"needs"}


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A trainer that was put in place, and what was checked."""

    trainer: Trainer
    checks: tuple[Check, ...]


def install_upload(layout: Layout, name: str, file: Path, *, file_name: str) -> Uploaded:
    """Put an uploaded `.py` or `.zip` in place as the trainer `name`; an older one of that name is replaced.

    A zip may hold the files at its top or in one folder. Packages that are declared but not installed are
    reported in the checks, not refused. Raises InvalidInputError (`not-a-trainer`, `trainer-check-failed`, and the
    codes of the extractor), TooLargeError.
    """
    check_id(name, what="trainer")
    if file.stat().st_size > MAX_CODE_BYTES:
        raise TooLargeError("trainer code is too large", limit="code_bytes", value=file.stat().st_size)
    staging = layout.tmp / new_id("trainer")
    staging.mkdir(parents=True)
    try:
        source = _unpack(file, staging / "files", file_name)
        return _install(layout, name, source)
    finally:
        shutil.rmtree(staging)


def list_templates() -> list[Trainer]:
    """Return the templates that come with the library, by name."""
    return [
        load_trainer(folder) for folder in sorted(_templates().iterdir()) if (folder / "train.py").is_file()
    ]


def install_template(layout: Layout, template: str, *, name: str | None = None) -> Uploaded:
    """Copy a template in as the trainer `name` (default: the template's). Raises NotFoundError, ConflictError."""
    folder = _templates() / check_id(template, what="template")
    if not (folder / "train.py").is_file():
        raise NotFoundError(f"there is no template '{template}'", code="template-not-found")
    wanted = check_id(name or template, what="trainer")
    if (layout.trainers / wanted).exists():
        raise ConflictError(
            f"there is a trainer '{wanted}' already; choose another name", code="trainer-exists"
        )
    return _install(layout, wanted, folder)


def _templates() -> Path:
    return Path(str(resources.files("ddoc.experiment") / "templates"))


def _unpack(file: Path, target: Path, file_name: str) -> Path:
    suffix = Path(file_name).suffix.lower()
    if suffix == ".py":
        target.mkdir()
        shutil.copyfile(file, target / "train.py")
        return target
    if suffix != ".zip":
        raise InvalidInputError("upload a .py or a .zip", code="not-a-trainer", pointer="/file")
    extract(file, target, limits=ArchiveLimits(members=MAX_CODE_FILES, total_bytes=MAX_CODE_BYTES))
    entries = [e for e in target.iterdir() if e.name != "__MACOSX"]
    if len(entries) == 1 and entries[0].is_dir():
        return entries[0]
    return target


def _install(layout: Layout, name: str, source: Path) -> Uploaded:
    checks = check_trainer(source)
    failed = [c for c in checks if not c.ok and c.name not in _MAY_FAIL]
    if failed:
        raise InvalidInputError(
            "; ".join(f"{c.name}: {c.detail}" for c in failed), code="trainer-check-failed", pointer="/file"
        )
    copy = layout.tmp / new_id("trainer")
    copy_code(source, copy)
    target = layout.trainers / name
    target.parent.mkdir(parents=True, exist_ok=True)
    replaced = layout.tmp / new_id("replaced")
    if target.exists():
        target.rename(replaced)
    copy.rename(target)
    if replaced.exists():
        shutil.rmtree(replaced)
    return Uploaded(load_trainer(target), tuple(checks))


def copy_code(source: Path, target: Path) -> None:
    """Copy the files of a trainer to the new folder `target`."""
    for name in trainer_files(source):
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, destination)
