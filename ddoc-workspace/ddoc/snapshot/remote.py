"""Push and pull through the dvc program, in a process of its own and beside the workspace.

DVC holds its repository's lock for as long as it transfers. So it runs in a shadow repository that shares objects
and refs with the workspace's: snapshots go on meanwhile.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ddoc.errors import UnavailableError
from ddoc.snapshot.disk import sync_file_system
from ddoc.snapshot.history import DELETED, History
from ddoc.snapshot.store import SnapshotStore

_COUNT = re.compile(r"(\d+) files? (?:pushed|fetched)")
_NO_REMOTE: Final = ("no remote specified", "no default remote")


@dataclass(frozen=True, slots=True)
class Transfer:
    """What was transferred: `files` objects to or from `remote` (a name, URL or path; None: the default one)."""

    remote: str | None
    files: int

    def to_json(self) -> dict[str, str | int | None]:
        """Return the fields as plain data."""
        return {"remote": self.remote, "files": self.files}


def push(store: SnapshotStore, remote: str | None) -> Transfer:
    """Copy the objects of every snapshot to a remote: the name of a configured one, a URL or an absolute path.

    Raises UnavailableError (`no-remote`, `remote-failed`).
    """
    return _transfer(store, "push", remote)


def pull(store: SnapshotStore, remote: str | None) -> Transfer:
    """Fetch the objects of every snapshot that the cache lacks. data/ is not touched."""
    done = _transfer(store, "fetch", remote)
    sync_file_system(store.cache)
    return done


def fetcher(store: SnapshotStore, remote: str | None = None) -> "Fetcher | None":
    """Return what fetches missing objects from the remote; None where none is configured."""
    return Fetcher(store, remote) if remote is not None or _has_default(store) else None


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches missing objects. Whether they came is for the caller to see: DVC fails if any snapshot's are missing."""

    store: SnapshotStore
    remote: str | None

    def __call__(self, hashes: Sequence[str]) -> str:
        """Fetch what the cache lacks of any snapshot, the `hashes` among it; returns why it failed, if it did."""
        if hashes:
            try:
                pull(self.store, self.remote)
            except UnavailableError as error:
                return str(error.context.get("reason", error.detail))
        return ""


def _has_default(store: SnapshotStore) -> bool:
    texts = [_read(store.layout.root / ".dvc" / name) for name in ("config", "config.local")]
    return any(re.search(r"^\s*remote\s*=", text, re.MULTILINE) for text in texts)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _transfer(store: SnapshotStore, verb: str, remote: str | None) -> Transfer:
    store.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store.folder, prefix="remote-") as folder:
        shadow, settings = Path(folder), store.layout.root / ".dvc"
        _make_shadow(store, shadow)
        name = remote
        if remote is not None and ("/" in remote or ":" in remote):
            name = "ddoc"
            _dvc(shadow, settings, "remote", "add", "--local", "--force", name, remote)
        if name is not None:
            # as default, not by --remote: DVC asks for a default after a push even where one is named
            _dvc(shadow, settings, "remote", "default", "--local", name)
        said = _dvc(shadow, settings, verb, "--all-tags", "--all-branches")
    return Transfer(remote, sum(int(n) for n in _COUNT.findall(said)))


def _make_shadow(store: SnapshotStore, shadow: Path) -> None:
    """Make a repository with the workspace's refs, objects and DVC settings, and an empty working copy."""
    root = store.layout.root
    refs = store.history().refs()
    History.create(shadow)
    git, dvc, settings = shadow / ".git", shadow / ".dvc", root / ".dvc"
    (git / "objects" / "info").mkdir(parents=True, exist_ok=True)
    (git / "objects" / "info" / "alternates").write_text(f"{root / '.git' / 'objects'}\n")
    lines = [f"{oid} {name}\n" for name, oid in sorted(refs.items()) if not name.startswith(DELETED)]
    (git / "packed-refs").write_text("# pack-refs with: sorted\n" + "".join(lines))
    (git / "HEAD").write_text(f"ref: {store.history().branch}\n")
    (dvc / "tmp").mkdir(parents=True)
    (dvc / "config").touch()
    (dvc / "config.local").write_text(_absolute(_read(settings / "config.local"), settings))
    _dvc(shadow, settings, "cache", "dir", "--local", str(root / ".dvc" / "cache"))


def _absolute(settings: str, folder: Path) -> str:
    """Return DVC settings with the relative paths of remotes made absolute, as seen from `folder`."""
    return re.sub(
        r"^(\s*url\s*=\s*)(?![A-Za-z][A-Za-z0-9+.-]*:|/)(.+)$",
        lambda found: f"{found[1]}{folder / found[2].strip()}",
        settings,
        flags=re.MULTILINE,
    )


def _dvc(folder: Path, settings: Path, *arguments: str) -> str:
    """Run dvc in a shadow. The settings of its workspace stand in for the user's global ones: at an older commit DVC
    reads that commit's settings, in which a remote of today may be missing.
    """
    private = folder / ".dvc" / "tmp"
    environment = os.environ | {
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(private / "site"),
        "DVC_GLOBAL_CONFIG_DIR": str(settings),
        "DVC_SYSTEM_CONFIG_DIR": str(private / "system"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return done.stdout
    if any(sign in done.stdout for sign in _NO_REMOTE):
        raise UnavailableError("no remote is set; name one or run `dvc remote add -d`", code="no-remote")
    raise UnavailableError(
        "the remote cannot be used; see the reason", code="remote-failed", reason=done.stdout.strip()[-500:]
    )
