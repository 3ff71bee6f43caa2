"""Edits of a root: previewed, atomic, undoable. Journal first, then files, then index."""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ddoc.dataset import planning
from ddoc.dataset.additions import Addition, plan_additions
from ddoc.dataset.changes import stage
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.effects import effect_of, reversed_effect
from ddoc.dataset.journal import EditRecord, Journal, Step, new_edit_id
from ddoc.dataset.planning import Plan
from ddoc.dataset.recovery import finish
from ddoc.dataset.resplit import GroupBy, SplitRequest, assign_splits
from ddoc.dataset.selections import Selection
from ddoc.errors import ConflictError, EmptySelectionError, InvalidInputError, StaleVersionError

SampleAction = Literal["move", "remove", "keep_only"]


@dataclass(frozen=True, slots=True)
class EditResult:
    """What an edit did, or with `dry_run` would do.

    `skipped` names items left alone and why; `edit_id` is None where nothing was changed; `effect` is
    `Effect.to_json()`.
    """

    changed: int
    skipped: tuple[tuple[str, str], ...]
    edit_id: str | None
    data_version: str
    effect: Mapping[str, Any]


class Edits:
    """The edits of one opened root.

    All methods take `dry_run` (only the effect) and `expected_version` (StaleVersionError when the data is no
    longer at it). An empty selection is refused (EmptySelectionError).
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._journal = Journal(dataset.layout)

    # The edits ---------------------------------------------------------------------------------------------------

    def add(
        self,
        additions: Iterable[Addition],
        *,
        target_split: str,
        skip_duplicates: bool = False,
        dry_run: bool = False,
        expected_version: str | None = None,
    ) -> EditResult:
        """Add images from outside to a split. Raises InvalidInputError `invalid-split`, DiskFullError."""
        planning.check_split(target_split)
        wanted = list(additions)
        if not wanted:
            raise EmptySelectionError("there is nothing to add")
        params = {"target_split": target_split, "names": [a.name for a in wanted]}

        def plan() -> Plan:
            return plan_additions(
                self._dataset, wanted, target_split=target_split, skip_duplicates=skip_duplicates
            )

        return self._edit("add", params, plan, dry_run=dry_run, expected_version=expected_version)

    def remove(
        self, selection: Selection, *, dry_run: bool = False, expected_version: str | None = None
    ) -> EditResult:
        """Take items out, with their labels, into the trash."""
        params = {"selection": selection.to_json()}

        def plan() -> Plan:
            return planning.plan_removal(self._dataset, self._dataset.resolve(selection))

        return self._edit("remove", params, plan, dry_run=dry_run, expected_version=expected_version)

    def move(
        self,
        selection: Selection,
        *,
        target_split: str,
        dry_run: bool = False,
        expected_version: str | None = None,
    ) -> EditResult:
        """Put items into another split; ids, annotations and results stay. Raises InvalidInputError `invalid-split`."""
        planning.check_split(target_split)
        params = {"selection": selection.to_json(), "target_split": target_split}

        def plan() -> Plan:
            ids = self._dataset.resolve(selection)
            return planning.plan_moves(self._dataset, dict.fromkeys(ids, target_split))

        return self._edit("move", params, plan, dry_run=dry_run, expected_version=expected_version)

    def relabel(
        self,
        selection: Selection,
        *,
        new_label: str,
        from_label: str | None = None,
        dry_run: bool = False,
        expected_version: str | None = None,
    ) -> EditResult:
        """Give all annotations of the items, or those of class `from_label`, the class `new_label`.

        Raises InvalidInputError `invalid-label`, `unknown-class` (from_label).
        """
        params = {"selection": selection.to_json(), "new_label": new_label, "from_label": from_label}

        def plan() -> Plan:
            ids = self._dataset.resolve(selection)
            return planning.plan_relabel(self._dataset, ids, new_label=new_label, from_label=from_label)

        return self._edit("relabel", params, plan, dry_run=dry_run, expected_version=expected_version)

    def split(
        self,
        *,
        ratios: Mapping[str, float],
        stratified: bool = True,
        group_by: GroupBy = "none",
        stable: bool = False,
        frozen: Sequence[str] = (),
        seed: int = 0,
        dry_run: bool = False,
        expected_version: str | None = None,
    ) -> EditResult:
        """Divide the whole set anew; the options are those of SplitRequest."""
        request = SplitRequest(
            dict(ratios),
            stratified=stratified,
            group_by=group_by,
            stable=stable,
            frozen=tuple(frozen),
            seed=seed,
        )
        return self.divide(request, dry_run=dry_run, expected_version=expected_version)

    def divide(
        self, request: SplitRequest, *, dry_run: bool = False, expected_version: str | None = None
    ) -> EditResult:
        """Divide the whole set anew. Items that are already where they belong are neither changed nor skipped."""
        params = {name: getattr(request, name) for name in request.__slots__}

        def plan() -> Plan:
            targets = assign_splits(self._dataset, request)
            if not targets:
                raise EmptySelectionError(
                    "there is nothing to divide: the set is empty, or all of it is frozen"
                )
            made = planning.plan_moves(self._dataset, targets)
            return replace(made, skipped=tuple(s for s in made.skipped if s[1] != "already-there"))

        return self._edit("split", params, plan, dry_run=dry_run, expected_version=expected_version)

    def apply_sample(
        self,
        sample_id: str,
        *,
        action: SampleAction,
        target_split: str | None = None,
        dry_run: bool = False,
        expected_version: str | None = None,
    ) -> EditResult:
        """Move or remove the items of a recorded sample, or remove every item that is not in it.

        Raises NotFoundError `sample-not-found`, InvalidInputError `invalid-split`.
        """
        if action == "move":
            planning.check_split(target_split or "")
        record = self._dataset.samples.get(sample_id)
        # the id is for the lineage; a recipe chooses again by the request
        params = {
            "action": action,
            "target_split": target_split,
            "sample_id": sample_id,
            "sample": dict(record.request),
        }

        def plan() -> Plan:
            ids = self._dataset.resolve(Selection(sample_id=sample_id))
            if action == "move":
                return planning.plan_moves(self._dataset, dict.fromkeys(ids, target_split or ""))
            if action == "keep_only":
                kept = set(ids)
                ids = [i for i in self._dataset.index.ids() if i not in kept]
            return planning.plan_removal(self._dataset, ids)

        return self._edit("apply_sample", params, plan, dry_run=dry_run, expected_version=expected_version)

    # Undo, history -----------------------------------------------------------------------------------------------

    def undo(self, edit_id: str | None = None, *, expected_version: str | None = None) -> EditResult:
        """Take back the last edit that still stands.

        `edit_id` must be that one: edits are undone in reverse order. Raises ConflictError `nothing-to-undo`,
        `not-last-edit` (with the id of the last one), `cannot-undo`; NotFoundError `edit-not-found`.
        """
        with self._dataset.index.writing():
            self._check_version(expected_version)
            self._finish_unfinished()
            record = self._last_standing(edit_id)
            touched, missing = finish(
                self._dataset.layout, self._journal, self._journal.mark(record, "undoing")
            )
            self._dataset.rescan(touched)
            skipped = tuple((image, "file-missing") for image in missing)
            return EditResult(
                max(0, record.changed - len(missing)),
                skipped,
                record.edit_id,
                self._dataset.version,
                reversed_effect(record.effect),
            )

    def _last_standing(self, edit_id: str | None) -> EditRecord:
        if edit_id is not None:
            self._journal.get(edit_id)
        standing = [record for record in self._journal.records() if not record.undone]
        if not standing:
            raise ConflictError("there is no edit to undo", code="nothing-to-undo")
        last = standing[-1]
        if edit_id is not None and edit_id != last.edit_id:
            raise ConflictError(
                "edits are undone in reverse order; undo the last one first",
                code="not-last-edit",
                last_edit_id=last.edit_id,
            )
        if last.sealed:
            raise ConflictError(
                "the last edit can no longer be undone: the data was restored or the trash emptied since",
                code="nothing-to-undo" if edit_id is None else "cannot-undo",
            )
        return last

    def since(self, mark: int = 0) -> list[EditRecord]:
        """Return the edits after `mark` that stand, oldest first: what a snapshot stores as its steps."""
        return [r for r in self._journal.records() if r.number > mark and r.state == "done"]

    def mark(self) -> int:
        """Return the number of the last edit (0: none), to be given to `since` later."""
        records = self._journal.records()
        return records[-1].number if records else 0

    def empty_trash(self) -> int:
        """Delete what edits removed or replaced; none of them can be undone any more. Returns the bytes freed."""
        with self._dataset.index.writing():
            self._finish_unfinished()
            self._journal.seal()
            trash = self._dataset.layout.trash
            freed = sum(p.stat().st_size for p in trash.rglob("*") if p.is_file() and p.stat().st_nlink == 1)
            shutil.rmtree(trash, ignore_errors=True)
            return freed

    def seal(self) -> None:
        """Make all edits so far final. To be called after files were changed by a restore, and before a gc."""
        with self._dataset.index.writing():
            self._journal.seal()

    # How an edit goes --------------------------------------------------------------------------------------------

    def _edit(
        self,
        kind: str,
        params: Mapping[str, Any],
        make_plan: Callable[[], Plan],
        *,
        dry_run: bool,
        expected_version: str | None,
    ) -> EditResult:
        with self._dataset.index.writing():
            self._check_version(expected_version)
            self._finish_unfinished()
            plan = make_plan()
            effect = self._effect(plan)
            if dry_run or plan.changed == 0:
                return EditResult(plan.changed, plan.skipped, None, self._dataset.version, effect)
            record = self._begin(kind, params, plan, effect)
            touched, _ = finish(self._dataset.layout, self._journal, record)
            self._dataset.rescan(touched)
            return EditResult(plan.changed, plan.skipped, record.edit_id, self._dataset.version, effect)

    def _begin(
        self, kind: str, params: Mapping[str, Any], plan: Plan, effect: Mapping[str, Any]
    ) -> EditRecord:
        edit_id = new_edit_id()
        steps = stage(self._dataset.layout, edit_id, plan.changes())
        _check_steps(steps)
        return self._journal.begin(
            edit_id,
            kind,
            params=params,
            steps=steps,
            changed=plan.changed,
            skipped=plan.skipped,
            effect=effect,
        )

    def _effect(self, plan: Plan) -> dict[str, Any]:
        index = self._dataset.index
        with index.reading() as (cursor, state):
            effect = effect_of(
                cursor,
                state,
                index.pairs(cursor, state),
                plan.after,
                class_changes=plan.class_changes,
                new_classes=plan.new_classes,
            )
        return effect.to_json()

    def _check_version(self, expected: str | None) -> None:
        if expected is not None and expected != self._dataset.version:
            raise StaleVersionError(
                "the data changed since; look again before editing", data_version=self._dataset.version
            )

    def _finish_unfinished(self) -> None:
        """Finish what an error (a full disk, say) cut short before anything new begins."""
        for record in self._journal.unfinished():
            touched, _ = finish(self._dataset.layout, self._journal, record)
            self._dataset.rescan(touched)

    def list(self) -> list[EditRecord]:
        """Return all edits, newest first."""
        return self._journal.records()[::-1]


def _check_steps(steps: Sequence[Step]) -> None:
    """Refuse a list of renames that would not be the same when done twice: no target may be a source later."""
    targets: set[str] = set()
    for step in steps:
        if step.source in targets:
            raise InvalidInputError("the edit would move a file twice", code="ambiguous-edit")
        targets.add(step.target)
