"""The dvc program as the oracle: on random trees and edits it agrees with us about everything.

Its command line runs in one process that stays (`dvc.cli.main`, the function behind the program), since starting
Python and importing DVC takes longer than all that is tested.
"""

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ddoc.core.snapshot_service import SnapshotService
from ddoc.errors import ConflictError
from ddoc.snapshot.repository import make_repository
from tests.unit.snapshot.making import contents, dvc_environment, git

_SERVER = """
import json, os, sys, tempfile
answers = os.fdopen(os.dup(1), "w")
said = tempfile.TemporaryFile("w+")
os.dup2(said.fileno(), 1)
os.dup2(said.fileno(), 2)
from dvc.cli import main
for line in sys.stdin:
    folder, arguments = json.loads(line)
    os.chdir(folder)
    os.lseek(1, 0, os.SEEK_SET)
    os.ftruncate(1, 0)
    code = main(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir("/")
    text = os.pread(1, 1 << 24, 0).decode(errors="replace")
    answers.write(json.dumps([code, text]) + "\\n")
    answers.flush()
"""


class Dvc:
    """The dvc command line, answering one command after another."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | dvc_environment(folder / "oracle"),
        )

    def __call__(self, root: Path, *arguments: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(root), arguments]) + "\n")
        self._process.stdin.flush()
        code, said = json.loads(self._process.stdout.readline())
        assert code == 0, said
        return said

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def dvc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dvc]:
    oracle = Dvc(tmp_path_factory.mktemp("oracle"))
    yield oracle
    oracle.close()


PART = st.one_of(
    st.sampled_from(
        [
            "a",
            "images",
            "labels",
            "train",
            "x.jpg",
            ".hidden",
            "ü",
            "새",
            "a b",
            'q"q',
            "new\nline",
            "{}",
            "%s",
            "#",
        ]
    ),
    st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=6),
).filter(lambda name: name not in (".", "..", ".dvc", ".git", ".hg", ".dvcignore"))
PATHS = st.lists(PART, min_size=1, max_size=3).map("/".join)
FILES = st.dictionaries(PATHS, st.one_of(st.just(b""), st.binary(max_size=40)), min_size=1, max_size=10)
STEPS = st.lists(FILES, min_size=2, max_size=3)


def _lay_out(data: Path, files: dict[str, bytes]) -> None:
    """Make data/ hold `files`, rewriting what is there only where it differs; clashing paths are left out."""
    wanted = {p: b for p, b in files.items() if not any(q.startswith(f"{p}/") for q in files)}
    for path, old in contents(data).items():
        if wanted.get(path) != old:
            (data / path).unlink()
    for folder in sorted((p for p in data.rglob("*") if p.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    for path, new in wanted.items():
        target = data / path
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(new)


@given(STEPS)
@settings(
    max_examples=6,
    deadline=None,
    # an example takes seconds of dvc's time: a failing one is printed as found, not made smaller
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_dvc_agrees_about_every_version_of_a_random_tree(dvc: Dvc, steps: list[dict[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "ws")
        (root / ".ddoc").mkdir(parents=True)
        make_repository(root)
        data = root / "data"
        data.mkdir()
        snapshots = SnapshotService(root)
        versions: dict[str, dict[str, bytes]] = {}
        for files in steps:
            _lay_out(data, files)
            try:
                made = snapshots.create_snapshot("Step")
            except ConflictError:
                continue
            versions[made.snapshot_id] = contents(data)
            _require_agreement(dvc, root)
        names = list(versions)
        for old, new in itertools.pairwise(names):
            said = json.loads(dvc(root, "diff", "--json", f"ddoc/{old}", f"ddoc/{new}") or "{}")
            swapped = _folders(versions[old]) | _folders(versions[new])
            # where a file takes a folder's place, dvc diff names only one of the two
            expected = _changes_between(versions[old], versions[new])
            assert _without(_changes_of(said), swapped) == _without(expected, swapped)
        for name in names:
            snapshots.restore_snapshot(name)
            assert contents(data) == versions[name]
        assert "up to date" in dvc(root, "status")
        _require_that_dvc_brings_all_back(dvc, root, snapshots, versions)


def _require_agreement(dvc: Dvc, root: Path) -> None:
    before = (root / "data.dvc").read_bytes()
    assert "up to date" in dvc(root, "status")
    dvc(root, "add", "-q", "data")
    assert (root / "data.dvc").read_bytes() == before
    assert git(root, "status", "--porcelain") == ""


def _require_that_dvc_brings_all_back(
    dvc: Dvc, root: Path, snapshots: SnapshotService, versions: dict[str, dict[str, bytes]]
) -> None:
    remote = root.with_name("remote")
    snapshots.push(str(remote))
    shutil.rmtree(root / ".dvc" / "cache")
    dvc(root, "remote", "add", "-q", "-d", "remote", str(remote))
    for name, files in versions.items():
        git(root, "checkout", "-q", f"ddoc/{name}", "--", "data.dvc")
        shutil.rmtree(root / "data")
        dvc(root, "pull", "-q")
        assert contents(root / "data") == files


def _folders(files: dict[str, bytes]) -> set[str]:
    return {path[:cut] for path in files for cut in range(len(path)) if path[cut] == "/"}


def _without(changes: dict[str, set[str]], paths: set[str]) -> dict[str, set[str]]:
    return {kind: found - paths for kind, found in changes.items()}


def _changes_of(said: dict[str, list[dict[str, str]]]) -> dict[str, set[str]]:
    """Return what `dvc diff --json` names, folders left out; a rename counts as removed and added."""
    found = {kind: {e["path"] for e in said.get(kind, [])} for kind in ("added", "deleted", "modified")}
    for entry in said.get("renamed", []):
        found["deleted"].add(entry["path"]["old"])  # pyright: ignore
        found["added"].add(entry["path"]["new"])  # pyright: ignore
    return {
        kind: {p.removeprefix("data/") for p in paths if not p.endswith("/")} for kind, paths in found.items()
    }


def _changes_between(old: dict[str, bytes], new: dict[str, bytes]) -> dict[str, set[str]]:
    return {
        "added": new.keys() - old.keys(),
        "deleted": old.keys() - new.keys(),
        "modified": {p for p in old.keys() & new.keys() if old[p] != new[p]},
    }
