"""A new git and DVC repository, as their own `init` would make it but for what may not act on its own."""

from pathlib import Path

from ddoc.paths import Layout
from ddoc.snapshot.history import History
from ddoc.snapshot.pointers import root_ignore
from ddoc.snapshot.store import SnapshotStore
from ddoc.snapshot.versions import IGNORED


def make_repository(root: Path) -> None:
    """Make `root` a git and DVC repository, as `git init` and `dvc init` would."""
    History.create(root)
    dvc = root / ".dvc"
    (dvc / "tmp").mkdir(parents=True)
    (dvc / "tmp" / "btime").touch()
    (dvc / "config").touch()
    (dvc / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (root / ".dvcignore").write_text("# Nothing in data/ may be ignored: a snapshot holds all of it.\n")
    (root / ".gitignore").write_bytes(root_ignore(b"", (), always=IGNORED))
    cache = SnapshotStore(Layout(root)).cache
    for number in range(256):
        (cache / f"{number:02x}").mkdir(parents=True)
