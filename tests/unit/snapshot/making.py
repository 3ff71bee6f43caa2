"""Small real workspaces, and the git and dvc programs run on them as a user would."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ddoc.core.snapshot_service import SnapshotService
from ddoc.core.workspace_service import WorkspaceService
from ddoc.dataset.labels import label_paths
from tests.fixtures.make_data import make_root

USER = {
    "GIT_AUTHOR_NAME": "u",
    "GIT_AUTHOR_EMAIL": "u@u",
    "GIT_COMMITTER_NAME": "u",
    "GIT_COMMITTER_EMAIL": "u@u",
}
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def make_template(folder: Path, *, n: int = 6) -> Path:
    """Make a workspace with two snapshots: v1 as made, v2 with an image changed, one removed and one added."""
    make_root(folder / "source", n=n)
    root = folder / "template"
    WorkspaceService().init_workspace(root, source=folder / "source", name="Template")
    service = SnapshotService(root)
    images = image_paths(root)
    images[0].write_bytes(images[0].read_bytes() + b"v2")
    images[1].unlink()
    for label in label_paths(images[1].relative_to(root / "data").as_posix()):
        (root / "data" / label).unlink(missing_ok=True)
    (root / "data" / "images" / "train" / "새 이미지.jpg").write_bytes(b"not really an image")
    service.create_snapshot("Second", alias="second")
    return root


def copy_of(template: Path, target: Path) -> Path:
    """Copy a workspace and let it learn the new files' signatures."""
    shutil.copytree(template, target, symlinks=True)
    SnapshotService(target).status()
    return target


def image_paths(root: Path) -> list[Path]:
    return sorted(p for p in (root / "data" / "images").rglob("*") if p.is_file())


def contents(data: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {p.relative_to(data).as_posix(): p.read_bytes() for p in data.rglob("*") if p.is_file()}


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=root, env=os.environ | USER, capture_output=True, text=True, check=True
    )
    return done.stdout


def dvc(root: Path, *arguments: str, check: bool = True) -> str:
    """Run the dvc program in a process of its own, with a private site folder beside the workspace."""
    environment = os.environ | USER | dvc_environment(root)
    done = subprocess.run(
        ["dvc", *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def dvc_environment(root: Path) -> Mapping[str, str]:
    return {
        "PATH": PATH,
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(root.parent / f"{root.name}.site"),
        "PYTHONWARNINGS": "ignore",
    }


def objects(root: Path) -> dict[str, Path]:
    """Return the cache's files by the name that they claim."""
    cache = root / ".dvc" / "cache" / "files" / "md5"
    return {p.parent.name + p.name: p for p in cache.rglob("*") if p.is_file()}


def bad_objects(root: Path) -> list[str]:
    """Return the objects whose bytes do not hash to their name."""
    return [
        name
        for name, path in objects(root).items()
        if hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() != name.removesuffix(".dir")
    ]


def killed(action: Callable[[], object]) -> int:
    """Run an action in a forked process and return its exit status (negative: the signal that ended it)."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
