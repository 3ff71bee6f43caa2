"""The git side: commits without a process each, refs by one compare-and-swap of git itself.

Only repositories that we made are opened. Hooks, fsmonitor, protocols and every configuration but the repository's
own are off.
"""

import errno
import functools
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import pygit2
from pygit2.enums import FileMode, ObjectType, SortMode

from ddoc.errors import BusyError, ConflictError, DamagedError, NotFoundError, UnavailableError
from ddoc.snapshot import git_locks, git_program

SNAPSHOT_TAGS: Final = "refs/tags/ddoc/v"
AUTO_TAGS: Final = "refs/tags/ddoc/auto/"
ALIAS_TAGS: Final = "refs/tags/ddoc/alias/"
KEPT_TAGS: Final = "refs/tags/ddoc/kept/"
DELETED: Final = "refs/ddoc/deleted/"
MAIN: Final = "refs/heads/main"
_NOBODY: Final = "0" * 40
_AUTHOR: Final = ("ddoc", "ddoc@localhost")
_LOCK_SECONDS: Final = 10.0
_WRITES: Final = 50
_BUSY_MARKS: Final = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """A change of one ref: its hash before and after, None where it does not exist."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class BlobEntry:
    """A file of a commit."""

    oid: str
    executable: bool = False


Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def _readable(method: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Tell a damaged object of git in the domain's words."""

    @functools.wraps(method)
    def reading(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return method(*args, **kwargs)
        except pygit2.GitError as error:
            raise DamagedError(
                "an object of the git repository is damaged; fetch it from a clone", code="git-damaged"
            ) from error

    return reading


class History:
    """One workspace's git repository."""

    def __init__(self, root: Path) -> None:
        self.folder = root.absolute() / ".git"
        try:
            self._repo = pygit2.Repository(str(self.folder))
        except pygit2.GitError as error:
            raise DamagedError(
                "the workspace's git repository cannot be opened", code="no-repository"
            ) from error

    @classmethod
    def create(cls, root: Path) -> "History":
        """Make the repository of a new workspace, on branch `main`, from no template."""
        git_program.require(root, "init", "--quiet", "--template=", "--initial-branch=main")
        return cls(root)

    # refs

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Return the refs below `prefix` with the ids of what they name.

        `git gc` writes refs into packed-refs and then removes the files they had of their own. libgit2 may have read
        the one before and the others after, so a reading counts only if packed-refs is what it was.
        Raises BusyError (`git-busy`) if it never stays.
        """
        packed = self.folder / "packed-refs"
        deadline = time.monotonic() + _LOCK_SECONDS
        while time.monotonic() < deadline:
            before = git_locks.state_of(packed)
            found = {
                r.name: str(r.target) for r in self._repo.references.iterator() if r.name.startswith(prefix)
            }
            if git_locks.state_of(packed) == before:
                return {name: oid for name, oid in found.items() if not oid.startswith("refs/")}
        raise BusyError("another git process keeps packing the history; try again", code="git-busy")

    def ref(self, name: str) -> str | None:
        """Return the id that a ref names, or None."""
        try:
            reference = self._repo.references[name]
        except KeyError:
            return None
        return str(reference.resolve().target)

    @property
    def branch(self) -> str:
        """The branch that HEAD is on; `refs/heads/main` where a user detached it."""
        target = str(self._repo.references["HEAD"].target)
        return target if target.startswith("refs/heads/") else MAIN

    @property
    def head(self) -> str | None:
        """The commit that the working copy came from; None before the first one."""
        reference = self._repo.references["HEAD"]
        target = str(reference.target)
        return self.ref(target) if target.startswith("refs/") else target

    @property
    def is_detached(self) -> bool:
        """Whether a user has detached HEAD."""
        return not str(self._repo.references["HEAD"].target).startswith("refs/")

    def attach(self) -> None:
        """Put HEAD back on `main` if a user detached it."""
        if self.is_detached:
            self._git("symbolic-ref", "HEAD", MAIN)

    def update_refs(self, updates: Sequence[RefUpdate]) -> None:
        """Move all refs in one transaction, or none: the commit point.

        Raises ConflictError (`history-moved`) if one is no longer where it was, UnavailableError (`git-busy`) if
        another git process keeps its lock.
        """
        lines = [f"update {u.name} {u.new or _NOBODY} {u.old or _NOBODY}" for u in updates]
        request = "\n".join(["start", *lines, "prepare", "commit", ""])
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            done = self._git_result("update-ref", "--stdin", data=request)
            if done.returncode == 0:
                return
            if "File exists" not in done.stderr:
                break
            if time.monotonic() > deadline:
                raise BusyError(
                    "another git process keeps a lock in .git; end it, or remove the file if there is none",
                    code="git-busy",
                    reason=done.stderr.strip()[-300:],
                )
            time.sleep(0.02)
        if (
            "but expected" in done.stderr
            or "already exists" in done.stderr
            or "unable to resolve" in done.stderr
        ):
            raise ConflictError("the history changed meanwhile; try again", code="history-moved")
        raise UnavailableError(
            "git could not write the history", code="git-failed", reason=done.stderr.strip()[-300:]
        )

    def keep_tip(self, *, leaving: str | None, to: str) -> list[RefUpdate]:
        """Return the tag that keeps `leaving` reachable if moving its branch to `to` would lose it."""
        if leaving is None or leaving == to or self._is_within(leaving, to):
            return []
        branch = self.branch
        for name, oid in self.refs().items():
            commit = self._commit_of(oid) if name != branch and not name.startswith(DELETED) else None
            if commit is not None and self._is_within(leaving, commit):
                return []
        name = KEPT_TAGS + leaving[:16]
        return [] if self.ref(name) else [RefUpdate(name, None, leaving)]

    def _is_within(self, commit: str, tip: str) -> bool:
        return commit == tip or self._repo.descendant_of(tip, commit)

    @_readable
    def _commit_of(self, oid: str) -> str | None:
        commit = _as_commit(self._repo.get(oid))
        return None if commit is None else str(commit.id)

    def require_quiet(self) -> None:
        """Raise BusyError while a merge, rebase or pick of a user is unfinished."""
        for mark in _BUSY_MARKS:
            if (self.folder / mark).exists():
                raise BusyError(
                    "a git merge or rebase is unfinished; finish or abort it first", code="git-busy"
                )

    def problems(self) -> str:
        """Return what `git fsck` finds wrong; empty if nothing."""
        done = self._git_result("fsck", "--full", "--no-dangling", "--no-progress")
        return (done.stderr or done.stdout).strip()[:500] if done.returncode else ""

    # objects

    def write_blob(self, data: bytes) -> str:
        """Store a blob and return its id."""
        return _stored(lambda: self._repo.create_blob(data))

    @_readable
    def write_commit(self, files: Mapping[str, BlobEntry], *, message: str, parents: Sequence[str]) -> str:
        """Store a commit of exactly `files`, not yet reachable from any ref, and return its id."""
        index = pygit2.Index()
        for path, entry in files.items():
            mode = FileMode.BLOB_EXECUTABLE if entry.executable else FileMode.BLOB
            index.add(pygit2.IndexEntry(path, pygit2.Oid(hex=entry.oid), mode))
        signature = pygit2.Signature(*_AUTHOR)
        tree = _stored(lambda: index.write_tree(self._repo))
        oids: list[str | pygit2.Oid] = [pygit2.Oid(hex=p) for p in parents]
        return _stored(
            lambda: self._repo.create_commit(None, signature, signature, message, pygit2.Oid(hex=tree), oids)
        )

    def write_tombstone(self, commit: str, *, name: str, note: str) -> str:
        """Store an annotated tag object that remembers a deleted snapshot, and return its id."""
        stamp = f"{_AUTHOR[0]} <{_AUTHOR[1]}> {int(time.time())} +0000"
        text = f"object {commit}\ntype commit\ntag {name}\ntagger {stamp}\n\n{note}\n"
        return _stored(lambda: self._repo.write(ObjectType.TAG, text.encode()))

    @_readable
    def files(self, commit: str) -> dict[str, BlobEntry]:
        """Return every file of a commit by its path."""
        index = pygit2.Index()
        index.read_tree(self._commit(commit).tree)
        return {e.path: BlobEntry(str(e.id), e.mode == FileMode.BLOB_EXECUTABLE) for e in index}

    @_readable
    def blob(self, oid: str) -> bytes:
        """Return a blob's bytes."""
        found = self._repo.get(oid)
        if not isinstance(found, pygit2.Blob):
            raise DamagedError("an object of the git repository is missing", code="git-damaged")
        return found.data

    @_readable
    def file(self, commit: str, path: str) -> bytes | None:
        """Return the bytes of one file of a commit, or None if it has none there."""
        try:
            found = self._commit(commit).tree / path
        except KeyError:
            return None
        return found.data if isinstance(found, pygit2.Blob) else None

    def parents(self, commit: str) -> list[str]:
        """Return the ids of a commit's parents."""
        return [str(parent) for parent in self._commit(commit).parent_ids]

    def time(self, commit: str) -> int:
        """Return a commit's time in seconds."""
        return self._commit(commit).commit_time

    def peel(self, oid: str) -> str | None:
        """Return the commit that an object is or points to, or None if it is no commit."""
        return self._commit_of(oid)

    def ancestry(self, tips: Iterable[str]) -> Iterator[str]:
        """Yield every commit reachable from `tips`, once."""
        walker = self._repo.walk(None, SortMode.TOPOLOGICAL)
        for tip in tips:
            walker.push(pygit2.Oid(hex=tip))
        for commit in walker:
            yield str(commit.id)

    @_readable
    def _commit(self, oid: str) -> pygit2.Commit:
        commit = _as_commit(self._repo.get(oid))
        if commit is None:
            raise NotFoundError("no such commit", code="unknown-snapshot")
        return commit

    def update_index(self, files: Mapping[str, BlobEntry], *, owned: "re.Pattern[str] | None" = None) -> None:
        """Make git's index hold `files`; with `owned`, only for paths it matches, leaving a user's staging alone.

        Raises BusyError (`git-busy`) if another git process keeps the index locked.
        """
        with git_locks.index_locked(self.folder, seconds=_LOCK_SECONDS):
            draft = self.folder / "ddoc-index"
            # libgit2 writes it through a lock of its own, which a kill leaves; whoever holds git's is alone with both
            for left in (draft, draft.with_name(f"{draft.name}.lock")):
                left.unlink(missing_ok=True)
            if (self.folder / "index").exists():
                shutil.copyfile(self.folder / "index", draft)
            _fill_index(draft, files, owned)
            with draft.open("rb") as written:
                os.fsync(written.fileno())
            draft.replace(self.folder / "index")

    def clear_stale_locks(self, refs: Iterable[str]) -> None:
        """Remove the locks that a git of ours, killed together with us, left on `refs`; a live one is waited for."""
        git_locks.clear_stale(self.folder, refs, seconds=_LOCK_SECONDS)

    # the git program

    def _git(self, *arguments: str) -> str:
        done = self._git_result(*arguments)
        if done.returncode:
            raise UnavailableError("git failed", code="git-failed", reason=done.stderr.strip()[-300:])
        return done.stdout

    def _git_result(self, *arguments: str, data: str = "") -> git_program.Done:
        return git_program.run(self.folder.parent, f"--git-dir={self.folder}", *arguments, data=data)


def _stored(write: Callable[[], pygit2.Oid]) -> str:
    """Write an object and return its id, again where `git gc` removed the empty folder that it was to go into."""
    for _ in range(_WRITES - 1):
        try:
            return str(write())
        except OSError as error:
            # libgit2 tells the error in words only
            if os.strerror(errno.ENOENT) not in str(error):
                raise
    return str(write())


def _as_commit(found: Any) -> pygit2.Commit | None:
    while isinstance(found, pygit2.Tag):
        found = found.get_object()
    return found if isinstance(found, pygit2.Commit) else None


def _fill_index(path: Path, files: Mapping[str, BlobEntry], owned: "re.Pattern[str] | None") -> None:
    try:
        index = pygit2.Index(str(path))
    except pygit2.GitError:
        # torn by a power loss: made anew
        path.unlink()
        index = pygit2.Index(str(path))
    for known in [e.path for e in index if owned is None or owned.match(e.path)]:
        if known not in files:
            index.remove(known)
    present = {e.path: str(e.id) for e in index}
    for name, entry in files.items():
        if (owned is None or owned.match(name)) and present.get(name) != entry.oid:
            mode = FileMode.BLOB_EXECUTABLE if entry.executable else FileMode.BLOB
            index.add(pygit2.IndexEntry(name, pygit2.Oid(hex=entry.oid), mode))
    index.write()
