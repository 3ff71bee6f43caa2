"""Any sequence of edits, undo, snapshots, restores, outside changes and restarts: the index equals a rebuilt one, undo
and restore give back what was before."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ddoc.core.snapshot_service import SnapshotService
from ddoc.core.workspace_service import WorkspaceService
from ddoc.dataset.additions import Addition
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.edits import Edits
from ddoc.dataset.filters import Filter
from ddoc.dataset.items import Annotation, Box
from ddoc.dataset.selections import Selection
from ddoc.errors import ConflictError, EmptySelectionError
from tests.fixtures.make_data import make_image, make_root, save_image
from tests.unit.dataset.comparing import contents, files_below, rebuilt

SPLITS = st.sampled_from(["train", "val", "test", "extra"])
LABELS = st.sampled_from(["cat", "dog", "bird", "lion"])
PICK = st.integers(0, 2**16 - 1)


class Roots(RuleBasedStateMachine):
    """One workspace under edits; `undo_stack` holds the files as they were before each edit that stands, `saved` those
    of each snapshot."""

    task = "detect"

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.root = self.folder / "root"
        self.undo_stack: list[dict[str, bytes]] = []
        self.saved: dict[str, dict[str, bytes]] = {}
        self.made = 0

    @initialize(seed=st.integers(0, 3))
    def make(self, seed: int) -> None:
        make_root(self.folder / "source", n=8, seed=seed, task=self.task)
        WorkspaceService().init_workspace(self.root, source=self.folder / "source", name="Machine")
        self.dataset = Dataset.open(self.root)
        self.saved[SnapshotService(self.root).head() or ""] = files_below(self.root)

    def some(self, pick: int) -> Selection:
        ids = sorted(self.dataset.index.ids())
        return Selection.of([i for bit, i in enumerate(ids) if pick >> (bit % 16) & 1])

    def edit(self, act) -> None:
        before = files_below(self.root)
        try:
            result = act(Edits(self.dataset))
        except EmptySelectionError:
            assert files_below(self.root) == before
            return
        if result.edit_id is None:
            assert files_below(self.root) == before
        else:
            self.undo_stack.append(before)
            stats = self.dataset.statistics()
            told = {s: pair["after"] for s, pair in result.effect["splits"].items() if pair["after"]}
            assert told == dict(stats.splits)
            told = {c: pair["after"] for c, pair in result.effect["classes"].items() if pair["after"]}
            assert told == {c: n["annotations"] for c, n in stats.classes.items() if n["annotations"]}
            assert result.effect["bytes"]["after"] == stats.bytes

    @rule(pick=PICK, split=SPLITS)
    def move(self, pick: int, split: str) -> None:
        self.edit(lambda edits: edits.move(self.some(pick), target_split=split))

    @rule(pick=PICK, new=LABELS, old=st.none() | st.sampled_from(["cat", "dog"]))
    def relabel(self, pick: int, new: str, old: str | None) -> None:
        self.edit(lambda edits: edits.relabel(self.some(pick), new_label=new, from_label=old))

    @rule(pick=PICK)
    def remove(self, pick: int) -> None:
        self.edit(lambda edits: edits.remove(self.some(pick & (pick >> 3))))

    @rule(seed=st.integers(0, 5), split=SPLITS, label=st.none() | LABELS)
    def add(self, seed: int, split: str, label: str | None) -> None:
        self.made += 1
        path = self.folder / f"new-{self.made}" / f"added {seed}.png"
        save_image(path, make_image(np.random.default_rng(seed)))
        box = Box(3, 4, 20, 22) if self.task == "detect" else None
        annotations = None if label is None else (Annotation(label, box),)
        self.edit(lambda edits: edits.add([Addition(path, path.name, annotations)], target_split=split))

    @rule(
        seed=st.integers(0, 3),
        group_by=st.sampled_from(["none", "duplicates", "prefix"]),
        stable=st.booleans(),
    )
    @precondition(lambda self: self.dataset.index.count() > 0)
    def split(self, seed: int, group_by: str, stable: bool) -> None:
        ratios = {"train": 0.6, "val": 0.4}
        self.edit(lambda edits: edits.split(ratios=ratios, seed=seed, group_by=group_by, stable=stable))

    @rule()
    def undo(self) -> None:
        if not self.undo_stack:
            with pytest.raises(ConflictError):
                Edits(self.dataset).undo()
            return
        Edits(self.dataset).undo()
        assert files_below(self.root) == self.undo_stack.pop()

    @rule()
    def snapshot(self) -> None:
        """A snapshot changes neither files nor index, and takes away no undo."""
        files, index, version = files_below(self.root), contents(self.dataset), self.dataset.version
        made = SnapshotService(self.root).create_snapshot("of the moment", allow_empty=True)
        self.dataset.refresh()
        assert files_below(self.root) == files
        assert contents(self.dataset) == index
        assert self.dataset.version == version
        self.saved[made.snapshot_id] = files

    @rule(pick=PICK, discard=st.booleans())
    def restore(self, pick: int, discard: bool) -> None:
        """Restoring gives back the files of then; what was not saved is kept unless it is to be discarded."""
        before = files_below(self.root)
        chosen = sorted(self.saved)[pick % len(self.saved)]
        done = SnapshotService(self.root).restore_snapshot(chosen, discard_changes=discard)
        Edits(self.dataset).seal()
        self.dataset.refresh()
        assert files_below(self.root) == self.saved[chosen]
        if done.saved_as is not None:
            assert not discard
            self.saved[done.saved_as] = before
        else:
            assert discard or before in self.saved.values()
        self.undo_stack.clear()
        self.compare_with_a_rebuilt_index()

    @rule()
    def reopen(self) -> None:
        before = contents(self.dataset)
        version = self.dataset.version
        self.dataset.close()
        self.dataset = Dataset.open(self.root)
        assert contents(self.dataset) == before
        assert self.dataset.version == version

    @rule(split=SPLITS)
    def change_from_outside(self, split: str) -> None:
        """Another tool writes an image and its labels; what was before can no longer be told by undo alone."""
        self.made += 1
        image = f"images/{split}/outside-{self.made}.png"
        save_image(self.root / "data" / image, make_image(np.random.default_rng(self.made)))
        if self.task == "detect":
            label = self.root / "data" / f"labels/{split}/outside-{self.made}.txt"
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text("1 0.5 0.5 0.2 0.2\n")
        self.dataset.refresh()
        Edits(self.dataset).seal()
        self.undo_stack.clear()

    @rule()
    def compare_with_a_rebuilt_index(self) -> None:
        self.made += 1
        assert contents(self.dataset) == rebuilt(self.root, self.folder / f"rebuilt-{self.made}")
        assert self.dataset.index.count(Filter()) == len(self.dataset.index.ids())

    def teardown(self) -> None:
        if hasattr(self, "dataset"):
            self.compare_with_a_rebuilt_index()
            while self.undo_stack:
                self.undo()
            self.compare_with_a_rebuilt_index()
            self.dataset.close()
        shutil.rmtree(self.folder)


class ClassFolders(Roots):
    """The same on a classification set, whose classes are folders."""

    task = "classify"


def run(machine: type[Roots], runs: int, steps: int, *, derandomize: bool) -> None:
    """Run the machine; a failing run is printed as found, as making it smaller takes longer than reading it."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=derandomize,
            print_blob=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
@pytest.mark.parametrize("machine", [Roots, ClassFolders], ids=["detect", "classify"])
def test_the_index_equals_a_rebuilt_one_and_undo_equals_before(machine: type[Roots]) -> None:
    run(machine, runs=5, steps=14, derandomize=True)


@pytest.mark.soak
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("machine", [Roots, ClassFolders], ids=["detect", "classify"])
def test_two_hundred_long_runs_end_equal(machine: type[Roots]) -> None:
    run(machine, runs=200, steps=50, derandomize=False)
