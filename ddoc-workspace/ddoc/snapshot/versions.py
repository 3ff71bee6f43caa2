"""What a commit of a workspace holds, and building the next one."""

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pygit2

from ddoc.errors import InvalidInputError, TooLargeError
from ddoc.paths import Layout, write_atomic
from ddoc.snapshot import pointers
from ddoc.snapshot.disk import flush_folders, sync_file_system
from ddoc.snapshot.history import BlobEntry, History
from ddoc.snapshot.pointers import Output
from ddoc.snapshot.store import EDITS, RECORD

# What every snapshot commits: pointers, record, edits, code and the repository's own files. The rest is a user's.
OWNED: Final = re.compile(
    r"(data\.dvc|data/.*|snapshot\.json|edits\.json|workspace\.json|code/.*|\.gitignore|\.dvcignore|\.dvc/.*)\Z",
    re.DOTALL,
)
# Settings of the present, not of a version: a restore leaves them as they are.
STANDING: Final = frozenset((".gitignore", ".dvcignore", ".dvc/config", ".dvc/.gitignore", "workspace.json"))
IGNORED: Final = ("/.ddoc", "__pycache__/")
_CODE_LIMIT: Final = 64 << 20
_SKIPPED: Final = frozenset(("__pycache__",))


@dataclass(frozen=True, slots=True)
class Version:
    """A commit with its files and the outputs that its pointers name."""

    commit: str
    files: Mapping[str, BlobEntry]
    outputs: tuple[Output, ...]


def read_code(layout: Layout) -> dict[str, bytes]:
    """Return the files below `code/`, without byte code, by their paths in the workspace.

    Raises InvalidInputError for links and special files, TooLargeError above 64 MiB in all.
    """
    found: dict[str, bytes] = {}
    total = 0
    for folder, folders, names in os.walk(layout.root / "code"):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED)
        for name in sorted(names + [f for f in folders if Path(folder, f).is_symlink()]):
            path = Path(folder, name)
            shown = path.relative_to(layout.root).as_posix()
            if not stat.S_ISREG(path.lstat().st_mode) or not _is_utf8(shown):
                raise InvalidInputError(
                    f"{shown!r} is a link, a special file or not named in UTF-8; remove it",
                    code="link-in-code",
                )
            data = path.read_bytes()
            total += len(data)
            if total > _CODE_LIMIT:
                raise TooLargeError(
                    "code/ holds over 64 MiB; keep weights and data elsewhere", limit=_CODE_LIMIT, value=total
                )
            found[shown] = data
    return found


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def code_entries(layout: Layout) -> dict[str, BlobEntry]:
    """Return the files below `code/` as a commit would hold them; nothing is stored."""
    return {
        path: BlobEntry(str(pygit2.hash(data)), _is_executable(layout.root / path))
        for path, data in read_code(layout).items()
    }


def code_of(files: Mapping[str, BlobEntry]) -> dict[str, BlobEntry]:
    """Return the files of a commit that are code."""
    return {path: entry for path, entry in files.items() if path.startswith("code/")}


def pointer_files(outputs: list[Output]) -> dict[str, bytes]:
    """Return the pointers of outputs and the `.gitignore` files that go with them."""
    return {output.pointer: pointers.render(output) for output in outputs} | pointers.ignore_files(outputs)


def build_files(
    layout: Layout,
    history: History,
    base: Mapping[str, BlobEntry],
    outputs: list[Output],
    record: bytes,
    edits: bytes,
) -> dict[str, BlobEntry]:
    """Store the blobs of the next commit and return its files: ours made anew, a user's own as in `base`."""
    contents = pointer_files(outputs) | {RECORD: record, EDITS: edits} | read_code(layout)
    for path in STANDING:
        with_data = _read(layout.root / path)
        if path == ".gitignore":
            with_data = pointers.root_ignore(with_data or b"", outputs, always=IGNORED)
        if with_data is not None:
            contents[path] = with_data
    files = {path: entry for path, entry in base.items() if not OWNED.match(path)}
    known = {entry.oid for entry in base.values()}
    for path, data in contents.items():
        oid = str(pygit2.hash(data))
        if oid not in known:
            history.write_blob(data)
        files[path] = BlobEntry(oid, path.startswith("code/") and _is_executable(layout.root / path))
    return files


def write_pointers(
    layout: Layout, history: History, files: Mapping[str, BlobEntry], outputs: list[Output]
) -> None:
    """Make the working copy's pointers, record and ignore files those of a commit, for good.

    Unchanged ones are not touched; the others are flushed together, then renamed into place.
    """
    contents = {
        path: history.blob(entry.oid)
        for path, entry in files.items()
        if path in (RECORD, EDITS) or pointers.is_pointer(path) or pointers.is_control(path)
    }
    ignore = _read(layout.root / ".gitignore") or b""
    contents[".gitignore"] = pointers.root_ignore(ignore, outputs, always=IGNORED)
    changed = {path: data for path, data in contents.items() if _read(layout.root / path) != data}
    if not changed:
        return
    drafts: dict[Path, Path] = {}
    for path, data in changed.items():
        target = layout.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        drafts[target] = target.with_name(f".{target.name}.ddoc-new")
        drafts[target].write_bytes(data)
    sync_file_system(layout.root)
    for target, draft in drafts.items():
        draft.replace(target)
    flush_folders({target.parent for target in drafts}, within=layout.root)


def remove_pointers(layout: Layout, old: Mapping[str, BlobEntry], new: Mapping[str, BlobEntry]) -> None:
    """Remove the pointers of `old` that `new` has no more."""
    for path in old.keys() - new.keys():
        if pointers.is_pointer(path) or pointers.is_control(path):
            (layout.root / path).unlink(missing_ok=True)


def write_others(
    layout: Layout, history: History, old: Mapping[str, BlobEntry], new: Mapping[str, BlobEntry]
) -> None:
    """Bring code and a user's own tracked files to `new`.

    Code is replaced (its state was saved before, or given up); another file only where it is as `old` has it.
    """
    present = set(read_code(layout))
    candidates = {p for p in old.keys() | new.keys() | present if not _is_kept(p)}
    for path in sorted(candidates):
        entry, was, target = new.get(path), old.get(path), layout.root / path
        data = _read(target)
        mine = path.startswith("code/")
        if not mine and (data is None) != (was is None):
            continue
        if not mine and data is not None and was is not None and _oid(data) != was.oid:
            continue
        if entry is None:
            _remove(target, layout.root)
        elif data is None or _oid(data) != entry.oid or (mine and _is_executable(target) != entry.executable):
            _put(target, history.blob(entry.oid))
            target.chmod(0o755 if entry.executable else 0o644)


def _is_kept(path: str) -> bool:
    return (
        path in STANDING
        or path in (RECORD, EDITS)
        or path == "data.dvc"
        or path.startswith(("data/", ".dvc/"))
    )


def read_record(history: History, commit: str) -> dict[str, Any]:
    """Return what `snapshot.json` of a commit says; empty for a commit that is no snapshot."""
    data = history.file(commit, RECORD)
    return {} if data is None else json.loads(data)


def _oid(data: bytes) -> str:
    return str(pygit2.hash(data))


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o100)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _put(path: Path, data: bytes) -> None:
    if _read(path) != data:
        write_atomic(path, data, durable=True)


def _remove(path: Path, root: Path) -> None:
    path.unlink(missing_ok=True)
    folder = path.parent
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
