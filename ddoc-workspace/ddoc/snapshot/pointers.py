"""DVC's pointer files: which outputs a version has, what `.dvc` and `.gitignore` say of them."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import yaml

from ddoc.errors import DamagedError
from ddoc.snapshot.disk import sum_of_sizes
from ddoc.snapshot.manifest import Known
from ddoc.snapshot.scan import CONTROL_SUFFIX

PART_LIMIT: Final = 200_000
MOST_PARTS: Final = 200
_FEW_FILES: Final = 16
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_-]*)*")
_YAML_WORDS: Final = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))


@dataclass(frozen=True, slots=True)
class Output:
    """One output of DVC. `part` is its path below data/: "" for data/ itself, "images/" a folder, else a file."""

    part: str
    md5: str
    size: int
    files: int

    @property
    def is_folder(self) -> bool:
        """Whether the output is a folder, listed by a `.dir` object."""
        return not self.part or self.part.endswith("/")

    @property
    def pointer(self) -> str:
        """The path of its `.dvc` file in the workspace."""
        return f"data/{self.part.rstrip('/')}{CONTROL_SUFFIX}" if self.part else f"data{CONTROL_SUFFIX}"


def plan_parts(folders: Mapping[str, Known], *, limit: int = PART_LIMIT, most: int = MOST_PARTS) -> list[str]:
    """Return the outputs' parts: data/ whole, or above `limit` files its sub-folders, so that only dirty ones are
    rewritten. The largest part is split first, while there are under `most`; a folder with many direct files stays.
    """
    totals = _totals(folders)
    parts = {"": totals.get("", 0)}
    while True:
        large = [p for p, n in parts.items() if n > limit and (not p or p.endswith("/"))]
        for part in sorted(large, key=lambda p: (-parts[p], p)):
            pieces = _pieces(part, folders, totals)
            if pieces and len(parts) - 1 + len(pieces) <= most:
                del parts[part]
                parts.update(pieces)
                break
        else:
            return sorted(parts)


def _totals(folders: Mapping[str, Known]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for path, known in folders.items():
        above = path
        while True:
            totals[above] = totals.get(above, 0) + len(known.names)
            if not above:
                break
            above = above[: above.rfind("/", 0, -1) + 1]
    return totals


def _pieces(part: str, folders: Mapping[str, Known], totals: Mapping[str, int]) -> dict[str, int]:
    files = folders[part].names if part in folders else ()
    if len(files) > _FEW_FILES or any(n.endswith(CONTROL_SUFFIX) or n == ".gitignore" for n in files):
        return {}
    below = {
        p: n
        for p, n in totals.items()
        if p != part and p.startswith(part) and p.count("/") == part.count("/") + 1
    }
    return {**below, **{part + name: 1 for name in files}} if below else {}


def size_below(folders: Mapping[str, Known], part: str) -> tuple[int, int]:
    """Return (bytes, files) of the files below a folder part."""
    size = files = 0
    for path, known in folders.items():
        if path.startswith(part):
            files += len(known.names)
            size += sum_of_sizes(known.signatures)
    return size, files


def render(output: Output) -> bytes:
    """Return the `.dvc` file of an output, as DVC writes it."""
    name = output.part.rstrip("/").rpartition("/")[2] or "data"
    fields: dict[str, str | int] = {"md5": output.md5, "size": output.size}
    if output.is_folder:
        fields["nfiles"] = output.files
    fields |= {"hash": "md5", "path": name}
    if not _PLAIN.fullmatch(name) or name.lower() in _YAML_WORDS:
        return _render_quoted(fields)
    lines = [f"{'-' if i == 0 else ' '} {key}: {value}\n" for i, (key, value) in enumerate(fields.items())]
    return ("outs:\n" + "".join(lines)).encode()


def _render_quoted(fields: dict[str, str | int]) -> bytes:
    """Let DVC's own YAML library quote a name that needs it."""
    from ruamel.yaml import YAML

    writer = YAML()
    writer.default_flow_style = False
    buffer = io.BytesIO()
    writer.dump({"outs": [fields]}, buffer)
    return buffer.getvalue()


def parse(path: str, data: bytes) -> Output:
    """Read a `.dvc` file at `path` in the workspace. Raises DamagedError if it is not one of an output of data/."""
    try:
        (out,) = yaml.safe_load(data)["outs"]
        name, md5 = str(out["path"]), str(out["md5"])
        size, files = int(out.get("size", 0)), int(out.get("nfiles", 1))
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as error:
        raise DamagedError(f"{path} is not a pointer file that DVC wrote", code="bad-pointer") from error
    if path == f"data{CONTROL_SUFFIX}":
        return Output("", md5, size, files)
    part = path.removeprefix("data/").rpartition("/")[0]
    part = f"{part}/{name}" if part else name
    return Output(part + "/" if md5.endswith(".dir") else part, md5, size, files)


def is_pointer(path: str) -> bool:
    """Return whether a path of a commit is a pointer to data."""
    return path == f"data{CONTROL_SUFFIX}" or (path.startswith("data/") and path.endswith(CONTROL_SUFFIX))


def is_control(path: str) -> bool:
    """Return whether a path of a commit is a file of ours inside data/: a pointer or its `.gitignore`."""
    return path.startswith("data/") and (
        path.endswith(CONTROL_SUFFIX) or path.rpartition("/")[2] == ".gitignore"
    )


def ignore_files(outputs: Sequence[Output]) -> dict[str, bytes]:
    """Return the `.gitignore` files inside data/ that keep git away from the outputs (none for data/ whole)."""
    lines: dict[str, list[str]] = {}
    for output in outputs:
        if output.part:
            folder, _, name = output.part.rstrip("/").rpartition("/")
            lines.setdefault(f"data/{folder}/.gitignore" if folder else "data/.gitignore", []).append(name)
    return {
        path: "".join(f"/{_escape(n)}\n" for n in sorted(names)).encode() for path, names in lines.items()
    }


def _escape(name: str) -> str:
    return re.sub(r"([\\*?\[\] ])", r"\\\1", name)


def root_ignore(present: bytes, outputs: Iterable[Output], *, always: Sequence[str]) -> bytes:
    """Return the root's `.gitignore`: the `present` lines, with `/data` there only if data/ is one output."""
    whole = any(not output.part for output in outputs)
    lines = [line for line in present.decode("utf-8", "surrogateescape").splitlines() if line != "/data"]
    lines += [line for line in always if line not in lines]
    if whole:
        lines.append("/data")
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")
