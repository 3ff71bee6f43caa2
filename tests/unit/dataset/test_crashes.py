"""An edit that is cut short at any file operation, by a kill or by a failing disk, ends as if it had all happened or
had never begun; the next opening finishes it; nothing is lost."""

import errno
import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from ddoc.dataset.additions import additions_from_paths
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.edits import Edits
from ddoc.dataset.filters import Filter
from ddoc.dataset.selections import Selection
from ddoc.errors import DdocError
from tests.fixtures.make_data import make_root
from tests.unit.dataset.comparing import contents, files_below, rebuilt

Fault = Literal["kill", "ENOSPC", "EIO"]
EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}
KILLED = 77


def act(dataset: Dataset, kind: str) -> None:
    """Do the edit that is to be cut short."""
    edits = Edits(dataset)
    match kind:
        case "move":
            edits.move(Selection(filter=Filter(split="train")), target_split="test")
        case "relabel":
            edits.relabel(Selection(filter=Filter(class_name="cat")), new_label="lion")
        case "remove":
            edits.remove(Selection(filter=Filter(split="val")))
        case "add":
            edits.add(additions_from_paths([dataset.root.parent / "new"]), target_split="train")
        case "undo":
            edits.undo()


def cut_short(root: Path, kind: str, fail_at: int, fault: Fault, counted: Any) -> None:
    """In a process of its own: open the root, and fail at the n-th change of a file below it."""
    dataset = Dataset.open(root)
    seen = 0

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal seen
        if not (event in EVENTS or (event == "open" and isinstance(args[2], int) and args[2] & os.O_ACCMODE)):
            return
        if not any(isinstance(a, (str, os.PathLike)) and str(root) in str(a) for a in args[:2]):
            return
        seen += 1
        if seen == fail_at:
            if fault == "kill":
                os._exit(KILLED)
            raise OSError(errno.ENOSPC if fault == "ENOSPC" else errno.EIO, f"planted at {event}")

    sys.addaudithook(hook)
    try:
        act(dataset, kind)
    except (OSError, DdocError):
        counted.value = -seen
        os._exit(1)
    counted.value = seen
    os._exit(0)


@pytest.fixture(scope="module")
def run() -> Callable[..., tuple[int, int]]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ddoc.dataset.edits", "tests.unit.dataset.test_crashes"])

    def go(root: Path, kind: str, fail_at: int, fault: Fault) -> tuple[int, int]:
        counted = context.Value("i", 0)
        process = context.Process(target=cut_short, args=(root, kind, fail_at, fault, counted))
        process.start()
        process.join(60)
        assert process.exitcode is not None
        return process.exitcode, counted.value

    return go


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crash")
    make_root(folder / "root", n=9)
    make_root(folder / "extra", n=2, seed=5)
    shutil.copytree(folder / "extra/data/images/train", folder / "new")
    with Dataset.open(folder / "root") as dataset:
        Edits(dataset).relabel(Selection(filter=Filter(class_name="dog")), new_label="wolf")
    return folder


KINDS = ["move", "relabel", "remove", "add", "undo"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_cut_short_is_whole_or_never_was(
    template: Path, tmp_path: Path, run: Callable[..., tuple[int, int]], kind: str
) -> None:
    cut_everywhere(template, tmp_path, run, kind, every=5)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_cut_short_anywhere_is_whole_or_never_was(
    template: Path, tmp_path: Path, run: Callable[..., tuple[int, int]], kind: str
) -> None:
    cut_everywhere(template, tmp_path, run, kind, every=1)


def cut_everywhere(
    template: Path, tmp_path: Path, run: Callable[..., tuple[int, int]], kind: str, *, every: int
) -> None:
    def fresh(name: str) -> Path:
        shutil.copytree(template, tmp_path / name, copy_function=shutil.copy2)
        return tmp_path / name / "root"

    root = fresh("whole")
    before = files_below(root)
    code, events = run(root, kind, 0, "kill")
    assert (code, events >= 8) == (0, True)
    after = files_below(root)
    assert after != before
    faults: tuple[Fault, ...] = ("kill", "ENOSPC", "EIO")
    outcomes: set[bool] = set()
    for nth in range(1, events + 1, every):
        for fault in faults if every == 1 else (faults[(nth // every) % 3],):
            root = fresh(f"{nth}-{fault}")
            code, _ = run(root, kind, nth, fault)
            assert code == KILLED if fault == "kill" else code in {0, 1}
            outcomes.add(check_whole(root, tmp_path / f"rebuilt-{nth}-{fault}", before, after, kind))
            shutil.rmtree(root.parent)
    assert outcomes == {True, False}


def check_whole(
    root: Path, elsewhere: Path, before: dict[str, bytes], after: dict[str, bytes], kind: str
) -> bool:
    """Open what a crash left: it is as before or as after, index and all. Returns whether the edit happened."""
    with Dataset.open(root) as dataset:
        found = files_below(root)
        assert found in (before, after)
        assert contents(dataset) == rebuilt(root, elsewhere)
        happened = found == after
        states = {record.state for record in Edits(dataset).list()}
        assert states <= {"done", "undone"}
        if happened and kind != "undo":
            Edits(dataset).undo()
            assert files_below(root) == before
        assert not list(dataset.layout.tmp.glob("journal-*"))
    return happened


def test_after_a_failing_disk_the_same_process_goes_on(tmp_path: Path) -> None:
    make_root(tmp_path / "root", n=6)
    with Dataset.open(tmp_path / "root") as dataset:
        ids = dataset.index.ids()
        # a folder that cannot be made stands for any error between the journal and the last file
        blocker = dataset.layout.data / "images" / "test"
        blocker.write_text("in the way")
        with pytest.raises(OSError, match="File exists"):
            Edits(dataset).move(Selection.of(ids[:2]), target_split="test")
        blocker.unlink()
        result = Edits(dataset).remove(Selection.of(ids[3:4]))
        assert result.changed == 1
        assert dataset.index.count(Filter(split="test")) == 2
        assert contents(dataset) == rebuilt(tmp_path / "root", tmp_path / "rebuilt")
