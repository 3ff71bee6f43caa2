"""The data of one workspace: explore it, edit it, sample from it, export it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.jobs import Job, Jobs
from app.services.choosing import Choosing
from app.services.exporting import CONTENT, export_records
from app.services.places import server_path
from app.services.roots import OpenRoots
from app.services.shapes import edit_record_json, item_detail_json, item_json, saved_view_json
from app.services.workspace_service import Workspaces
from app.settings import Settings
from ddoc.dataset import quality
from ddoc.dataset.additions import Addition, additions_from, additions_from_paths
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.edits import EditResult, Edits
from ddoc.dataset.filters import Filter
from ddoc.dataset.predictions import read_predictions
from ddoc.dataset.previews import thumbnail_of
from ddoc.dataset.recipes import export_recipe, replay_recipe
from ddoc.dataset.saved_views import SavedViews
from ddoc.dataset.selections import Selection
from ddoc.errors import InvalidInputError, NotFoundError
from ddoc.experiment.predicted import stored_predictions
from ddoc.formats import FORMATS
from ddoc.formats.streaming import stream_zip
from ddoc.ids import check_id
from ddoc.sampling import (
    DatasetSource,
    Sample,
    SampleRequest,
    describe_strategies,
    preview,
    read_sample,
    record_sample,
    sample,
    strategy_from_json,
)

SampleAction = Literal["move", "remove", "keep_only"]
Source = str | tuple[str, Selection]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a workspace's data needs of the service: other workspaces, jobs, settings."""

    settings: Settings
    roots: OpenRoots
    jobs: Jobs
    workspaces: Workspaces
    choosing: Choosing


class SamplingService:
    """Explores, edits, samples and exports the data of one workspace.

    In the service it shares the opened `dataset` and knows its `surroundings`. In a notebook,
    `SamplingService("/path/to/workspace")` opens the workspace by itself and does everything that needs no other
    workspace and no job.
    """

    def __init__(
        self,
        workspace_path: str | Path,
        *,
        dataset: Dataset | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        self.workspace_path = Path(workspace_path)
        self.data_dir = self.workspace_path / "data"
        self.dataset = dataset if dataset is not None else Dataset.open(self.workspace_path)
        self._around = surroundings

    @property
    def workspace_id(self) -> str:
        """The id of the workspace: the name of its folder."""
        return self.workspace_path.name

    # Explore -----------------------------------------------------------------------------------------------------

    def list_items(
        self,
        *,
        split: str | None = None,
        class_filter: str | None = None,
        text: str | None = None,
        sort: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
        offset: int | None = None,
        view_id: str | None = None,
    ) -> dict[str, Any]:
        """Return a page `{items, next_cursor, total, data_version}` of items by split, class and name, or of a view.

        Raises InvalidInputError `unknown-field`, `invalid-cursor`; NotFoundError `view-not-found`.
        """
        if view_id is not None:
            return self.view_items(view_id, offset=offset or 0, limit=limit)
        wanted = Filter(split=split, class_name=class_filter, text=text)
        page = self.dataset.index.page(wanted, sort=sort, limit=limit, cursor=cursor, offset=offset)
        return {
            "items": [item_json(self.workspace_id, item) for item in page.items],
            "next_cursor": page.next_cursor,
            "total": page.total,
            "data_version": page.data_version,
        }

    def get_item(self, item_id: str) -> dict[str, Any]:
        """Return an item with its annotations. Raises NotFoundError `item-not-found`."""
        item = self.dataset.index.get(item_id)
        return item_detail_json(self.workspace_id, item, self.dataset.labels(item))

    def get_item_preview(self, item_id: str, *, size: int = 256) -> bytes:
        """Return the WebP thumbnail of an item, at most `size` pixels on its longer side."""
        return thumbnail_of(self.dataset.layout, self.dataset.index.get(item_id), size)

    def get_statistics(self) -> dict[str, Any]:
        """Return counts per split and class, sizes, and what the scan found wrong."""
        return {**self.dataset.statistics().to_json(), "data_version": self.dataset.version}

    def create_view(self, wanted: Filter, *, sort: str | None = None) -> dict[str, Any]:
        """Resolve a filter and an order once, for access at any offset."""
        view = self.dataset.index.create_view(wanted, sort)
        return {"view_id": view.view_id, "total": view.total, "data_version": view.data_version}

    def save_view(self, name: str, wanted: Filter, *, sort: str | None = None) -> dict[str, Any]:
        """Name a filter and an order; a view of the same name is replaced. Raises InvalidInputError `invalid-name`."""
        return saved_view_json(SavedViews(self.dataset.layout).save(name, wanted, sort))

    def saved_views(self) -> list[dict[str, Any]]:
        """Return the named views by name."""
        return [saved_view_json(view) for view in SavedViews(self.dataset.layout).list()]

    def delete_saved_view(self, saved_id: str) -> None:
        """Forget a named view. Raises NotFoundError `saved-view-not-found`."""
        SavedViews(self.dataset.layout).delete(saved_id)

    def view_items(self, view_id: str, *, offset: int = 0, limit: int = 100) -> dict[str, Any]:
        """Return the items of a view from `offset` on. Raises NotFoundError `view-not-found`."""
        page = self.dataset.index.view_page(view_id, offset=offset, limit=limit)
        return {
            "items": [item_json(self.workspace_id, item) for item in page.items],
            "next_cursor": None,
            "total": page.total,
            "stale": page.stale,
            "data_version": page.data_version,
        }

    def view_ids(self, view_id: str, *, offset: int, limit: int) -> list[str]:
        """Return item ids of a view from `offset` on."""
        return self.dataset.index.view_ids(view_id)[offset : offset + limit]

    def histograms(self, view_id: str, *, fields: Sequence[str] | None = None) -> dict[str, Any]:
        """Return a histogram per field over a view. Raises InvalidInputError `unknown-field`."""
        view = self.dataset.index.view(view_id)
        return {
            "fields": self.dataset.index.histograms(fields=fields, view_id=view_id),
            "total": view.total,
            "data_version": view.data_version,
        }

    # Edit --------------------------------------------------------------------------------------------------------

    def add_items(
        self,
        items: Sequence[Source],
        target_split: str,
        *,
        dry_run: bool = False,
        expected_version: str | None = None,
    ) -> EditResult:
        """Add images from server paths, from uploads, or from a selection of another workspace."""
        additions = [addition for source in items for addition in self._additions(source)]
        return self._edit(
            lambda edits: edits.add(
                additions, target_split=target_split, dry_run=dry_run, expected_version=expected_version
            ),
            dry_run=dry_run,
        )

    def remove_items(
        self, items: Selection | Sequence[str], *, dry_run: bool = False, expected_version: str | None = None
    ) -> EditResult:
        """Take items out into the trash. Raises EmptySelectionError, StaleVersionError."""
        chosen = _selection(items)
        return self._edit(
            lambda edits: edits.remove(chosen, dry_run=dry_run, expected_version=expected_version),
            dry_run=dry_run,
        )

    def move_items(
        self,
        items: Selection | Sequence[str],
        target_split: str,
        *,
        dry_run: bool = False,
        expected_version: str | None = None,
    ) -> EditResult:
        """Move items to a split. Raises EmptySelectionError, StaleVersionError, InvalidInputError `invalid-split`."""
        chosen = _selection(items)
        return self._edit(
            lambda edits: edits.move(
                chosen, target_split=target_split, dry_run=dry_run, expected_version=expected_version
            ),
            dry_run=dry_run,
        )

    def relabel_items(
        self,
        items: Selection | Sequence[str],
        new_label: str,
        *,
        from_label: str | None = None,
        dry_run: bool = False,
        expected_version: str | None = None,
    ) -> EditResult:
        """Give items, or their annotations of class `from_label`, the class `new_label`."""
        chosen = _selection(items)
        return self._edit(
            lambda edits: edits.relabel(
                chosen,
                new_label=new_label,
                from_label=from_label,
                dry_run=dry_run,
                expected_version=expected_version,
            ),
            dry_run=dry_run,
        )

    def split_items(self, *, dry_run: bool = False, **options: Any) -> EditResult:
        """Divide the whole set anew; the options are those of `Edits.split`."""
        return self._edit(lambda edits: edits.split(dry_run=dry_run, **options), dry_run=dry_run)

    def apply_sample(
        self,
        sample_id: str,
        *,
        action: SampleAction,
        target_split: str | None = None,
        dry_run: bool = False,
        expected_version: str | None = None,
    ) -> EditResult:
        """Move or remove the items of a recorded sample, or remove all others."""
        return self._edit(
            lambda edits: edits.apply_sample(
                sample_id,
                action=action,
                target_split=target_split,
                dry_run=dry_run,
                expected_version=expected_version,
            ),
            dry_run=dry_run,
        )

    def undo(self, edit_id: str | None = None, *, expected_version: str | None = None) -> EditResult:
        """Take back the last edit; `edit_id`, if given, must be that one."""
        return self._edit(lambda edits: edits.undo(edit_id, expected_version=expected_version), dry_run=False)

    def list_edits(self, *, limit: int = 100) -> dict[str, Any]:
        """Return the edits, newest first."""
        records = Edits(self.dataset).list()
        return {"edits": [edit_record_json(r) for r in records[:limit]], "total": len(records)}

    def recipe(self) -> dict[str, Any]:
        """Return the edits that stand as steps for another workspace."""
        return export_recipe(self.dataset)

    def replay(self, recipe: Mapping[str, Any], *, dry_run: bool) -> dict[str, Any]:
        """Repeat the steps of a recipe here; the answer reports what differed."""
        with self._guard(dry_run=dry_run):
            return replay_recipe(self.dataset, recipe, dry_run=dry_run, resample=self._resample)

    def refresh(self, *, idempotency_key: str | None) -> Job:
        """Submit the job that reads what was changed under `data/` from outside."""
        return self._surroundings.jobs.submit(
            "refresh",
            workspace_id=self.workspace_id,
            params={
                "workspace_id": self.workspace_id,
                "root": str(self.workspace_path),
                "workers": self._surroundings.settings.workers,
            },
            idempotency_key=idempotency_key,
        )

    # Sample ------------------------------------------------------------------------------------------------------

    def create_sample(
        self,
        strategy: str | Mapping[str, Any],
        params: Mapping[str, Any] | None = None,
        *,
        size: int | None = None,
        pool: Filter | None = None,
        seed: int = 0,
        include: Selection | None = None,
    ) -> dict[str, Any]:
        """Choose items and record the choice, with what it keeps and drops.

        `strategy` is a kind with `params`, or both in one mapping `{"kind": …, …}`. The same data, request and seed
        give the same ids. Raises NotEnoughItems, UnavailableError `needs-embedding`, InvalidInputError.
        """
        named = {"kind": strategy, **(params or {})} if isinstance(strategy, str) else dict(strategy)
        request = SampleRequest(
            strategy=strategy_from_json(named),
            size=size,
            pool=pool,
            seed=seed,
            include=tuple(self.dataset.resolve(include)) if include is not None else (),
        )
        made = self._recorded(request)
        return {**made.to_json(), "preview": preview(self.dataset, made)}

    def _recorded(self, request: SampleRequest) -> Sample:
        around = self._around
        source = DatasetSource(self.dataset) if around is None else around.choosing.source(self.dataset)
        made = sample(source, request)
        record_sample(self.dataset.samples, made)
        return made

    def _resample(self, request: Mapping[str, Any]) -> str:
        """Choose here as a recipe's step chose there."""
        return self._recorded(SampleRequest.from_json(request)).sample_id

    def list_samples(self, *, limit: int = 100) -> dict[str, Any]:
        """Return the recorded samples, newest first."""
        records = self.dataset.samples.list()
        return {"samples": [read_sample(r).to_json() for r in records[:limit]], "total": len(records)}

    def get_sample(self, sample_id: str) -> dict[str, Any]:
        """Return a recorded sample with what it keeps and drops now. Raises NotFoundError `sample-not-found`."""
        made = read_sample(self.dataset.samples.get(sample_id))
        return {**made.to_json(), "preview": preview(self.dataset, made)}

    def strategies(self) -> list[dict[str, Any]]:
        """Return every strategy with its parameters and what it needs."""
        return describe_strategies()

    def workspace_from_sample(
        self, sample_id: str, *, name: str, workspace_id: str | None, idempotency_key: str | None
    ) -> Job:
        """Submit the job that makes a workspace of only the items of a sample."""
        chosen = self.dataset.resolve(Selection(sample_id=sample_id))
        return self._surroundings.workspaces.create(
            name=name,
            workspace_id=workspace_id,
            dataset_id=None,
            path=None,
            drift_report_id=None,
            role=None,
            item_ids=chosen,
            source_workspace=self.workspace_id,
            idempotency_key=idempotency_key,
        )

    # Export ------------------------------------------------------------------------------------------------------

    def export_dataset(
        self,
        format: str,  # noqa: A002 the plan's name
        *,
        selection: Selection | None = None,
        splits: Sequence[str] | None = None,
        include_images: bool = True,
        idempotency_key: str | None = None,
    ) -> Job:
        """Submit the job that writes an export. Raises NotFoundError `unknown-format`, EmptySelectionError."""
        if format not in FORMATS:
            raise NotFoundError("no such format", code="unknown-format")
        chosen = self.dataset.resolve(selection if selection is not None else Selection(filter=Filter()))
        params = {
            "workspace_id": self.workspace_id,
            "root": str(self.workspace_path),
            "format": format,
            "include_images": include_images,
            "splits": list(splits) if splits is not None else None,
            "item_ids": chosen if selection is not None else None,
        }
        return self._surroundings.jobs.submit(
            "export", workspace_id=self.workspace_id, params=params, idempotency_key=idempotency_key
        )

    def export_formats(self) -> list[dict[str, Any]]:
        """Return the formats with what each can and cannot hold."""
        return [
            {
                "format": f.info.format,
                "title": f.info.title,
                "tasks": list(f.info.tasks),
                "layout": f.info.layout,
                "holds": list(f.info.holds),
                "cannot_hold": list(f.info.cannot_hold),
            }
            for name, f in FORMATS.items()
            if name != "plain"
        ]

    def list_exports(self) -> dict[str, Any]:
        """Return the finished exports, newest first."""
        records = export_records(self.dataset.layout.exports)
        return {"exports": records, "total": len(records)}

    def stream_export(self, export_id: str) -> Iterator[bytes]:
        """Yield an export as a zip. Raises NotFoundError `unknown-export`."""
        folder = self.dataset.layout.exports / check_id(export_id, what="export_id") / CONTENT
        if not folder.is_dir():
            raise NotFoundError("no export has this id", code="unknown-export")
        return stream_zip(folder)

    # Quality -----------------------------------------------------------------------------------------------------

    def quality(self, *, limit: int, experiment_id: str | None = None) -> dict[str, Any]:
        """Return duplicates, leaks between splits and suspicious labels, ranked.

        Labels are also held against the predictions of a run: of the named one, or of the last that stored some.
        `predictions` names it, with a `problem` where its file cannot be read. Raises NotFoundError `no-predictions`.
        """
        stored = stored_predictions(self.dataset.layout, experiment_id)
        if stored is None:
            return {**quality.queue(self.dataset, limit=limit), "predictions": None}
        run = {name: getattr(stored, name) for name in ("experiment_id", "name", "snapshot_id")}
        try:
            read, problem = read_predictions(stored.path, self.dataset.info.classes), None
        except InvalidInputError as error:
            read, problem = None, error.detail
        found = quality.queue(self.dataset, limit=limit, predictions=read)
        return {**found, "predictions": {**run, "problem": problem}}

    # Within ------------------------------------------------------------------------------------------------------

    @property
    def _surroundings(self) -> Surroundings:
        if self._around is None:
            raise RuntimeError("this needs the service: jobs and other workspaces are not known here")
        return self._around

    def _guard(self, *, dry_run: bool) -> AbstractContextManager[None]:
        if dry_run or self._around is None:
            return nullcontext()
        return self._around.jobs.edit_guard(self.workspace_id)

    def _edit(self, edit: Callable[[Edits], EditResult], *, dry_run: bool) -> EditResult:
        with self._guard(dry_run=dry_run):
            return edit(Edits(self.dataset))

    def _additions(self, source: Source) -> Iterable[Addition]:
        around = self._surroundings
        if not isinstance(source, str):
            other = around.roots.workspace(source[0])
            return additions_from(other, other.resolve(source[1]))
        upload = around.settings.uploads_folder / source
        if "/" not in source and upload.is_file():
            return additions_from_paths([upload])
        return additions_from_paths([server_path(source, around.settings.import_roots)])


def _selection(items: Selection | Sequence[str]) -> Selection:
    return items if isinstance(items, Selection) else Selection.of(items)
