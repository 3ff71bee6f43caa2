"""The index of a root: what is in `data/`, and what was computed of it, in a form that answers in milliseconds.

Derived: it can be deleted at any time and is rebuilt from `data/`. Any number of threads may read; each read sees
one state. Writers come one at a time.
"""

import contextlib
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np
import orjson

from ddoc.dataset import histograms, lookups, pages, results, tables
from ddoc.dataset.applying import Applied, apply_rows
from ddoc.dataset.database import Cursor
from ddoc.dataset.filters import EVERYTHING, Filter, Sort, is_item_id
from ddoc.dataset.items import Item
from ddoc.dataset.pages import Keyset, Page
from ddoc.dataset.pairs import Pairs
from ddoc.dataset.schema import Table
from ddoc.dataset.state import State
from ddoc.dataset.statistics import DatasetStats, read_totals, statistics_of
from ddoc.dataset.store import Change, IndexStore
from ddoc.dataset.views import Resolved, View, ViewPage, ViewStore, view_id_of
from ddoc.errors import InvalidInputError, NotFoundError
from ddoc.paths import Layout

MAX_PAGE = 500


class Index:
    """The DuckDB index of one root. Opened by one process at a time (ConflictError `index-in-use` elsewhere)."""

    def __init__(self, layout: Layout) -> None:
        self._store = IndexStore(layout.index)
        self._views = ViewStore(layout.meta / "cache" / "views")

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    @property
    def state(self) -> State:
        """What the last commit left."""
        return self._store.state

    @property
    def version(self) -> str:
        """The opaque `data_version`: changes with every change of the data."""
        return self._store.state.version

    # Reading -----------------------------------------------------------------------------------------------------

    def reading(self) -> AbstractContextManager[tuple[Cursor, State]]:
        """Give a cursor that sees one state throughout, and that state."""
        return self._store.reading()

    def pairs(self, cursor: Cursor, state: State) -> Pairs:
        """Return which item has which class and split in `state`, which `cursor` sees; kept in memory."""
        return self._store.pairs(cursor, state)

    def warm(self) -> None:
        """Read into memory what pages, histograms and statistics need: a second at a million items, once per opening.

        Not needed for right answers: the first to ask waits for it otherwise. May run in any thread.
        """
        self.page(limit=1)
        self.histograms()
        self.statistics()

    def ids(self, wanted: Filter | None = None, sort: str | None = None) -> list[str]:
        """Return the ids of the items that match, in the order of `sort` (`field` or `-field`)."""
        with self.reading() as (cursor, state):
            return pages.ids_of(cursor, wanted or EVERYTHING, Sort.parse(sort), state)

    def count(self, wanted: Filter | None = None) -> int:
        """Return how many items match. Cached until the data changes."""
        with self.reading() as (cursor, state):
            return self._count(cursor, wanted or EVERYTHING, state)

    def page(
        self,
        wanted: Filter | None = None,
        *,
        sort: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
        offset: int | None = None,
    ) -> Page:
        """Return a page of at most 500 items, after `cursor`, or from `offset` on (then by a view of the moment).

        Raises InvalidInputError `unknown-field`, `invalid-cursor`, `invalid-limit`.
        """
        wanted, order = wanted or EVERYTHING, Sort.parse(sort)
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidInputError(f"limit is 1 to {MAX_PAGE}", code="invalid-limit", pointer="/limit")
        if offset:
            if cursor is not None:
                raise InvalidInputError(
                    "give cursor or offset, not both", code="invalid-cursor", pointer="/offset"
                )
            return self._page_at(wanted, order, offset=offset, limit=limit)
        digest = pages.digest_of(wanted, order)
        after = None if cursor is None else Keyset.decode(cursor, digest)
        with self.reading() as (reader, state):
            rids, end, total = self._page_rids(reader, wanted, order, state, limit, after)
            items = self._items(reader, rids, state, _report_of(wanted, order))
        return Page(tuple(items), end.encode(digest) if end else None, total, state.version)

    def _page_rids(
        self, reader: Cursor, wanted: Filter, order: Sort, state: State, limit: int, after: Keyset | None
    ) -> tuple[list[int], Keyset | None, int]:
        """Return (row ids of the page, where it ends, how many match)."""
        if order.field is None and wanted != EVERYTHING:
            # the whole list is one query, and with it come the total and every later page
            found = self._resolve(reader, wanted, order, state).rids
            start = 0 if after is None else int(np.searchsorted(found, after.rid, side="right"))
            rids = found[start : start + limit].tolist()
            end = Keyset(None, rids[-1]) if start + limit < len(found) else None
            return rids, end, len(found)
        rids, end = pages.page_rids(reader, wanted, order, state, limit=limit, after=after)
        return rids, end, self._count(reader, wanted, state)

    def _page_at(self, wanted: Filter, order: Sort, *, offset: int, limit: int) -> Page:
        with self.reading() as (reader, state):
            resolved = self._resolve(reader, wanted, order, state)
            rids = resolved.rids[offset : offset + limit].tolist()
            items = self._items(reader, rids, state, _report_of(wanted, order))
        return Page(tuple(items), None, resolved.view.total, state.version)

    def get(self, item_id: str) -> Item:
        """Return one item. Raises NotFoundError `item-not-found`."""
        found = self.items([item_id])
        if not found:
            raise NotFoundError("no item has this id", code="item-not-found", item_id=item_id)
        return found[0]

    def items(self, ids: Sequence[str]) -> list[Item]:
        """Return the items of these ids in the order given; unknown ids are left out."""
        kept = self._store.kept_rows()
        if kept is None:
            with self.reading() as (cursor, state):
                kept = self._store.rows(cursor, state), state
        rows, state = kept
        return rows.items(rows.rids_of(ids), state)

    def issues(self, item_id: str) -> list[tuple[str, str]]:
        """Return (code, detail) of what the scan found wrong with an item."""
        if not is_item_id(item_id):
            return []
        with self.reading() as (cursor, _):
            return cursor.execute(
                "SELECT code, detail FROM issue WHERE rid IN (SELECT rid FROM item WHERE iid = $1::UBIGINT)",
                [int(item_id, 16)],
            ).fetchall()

    def items_table(self, wanted: Filter | None = None) -> Table:
        """Return item_id, name, path, split, width, height, bytes, content_hash, annotation_count, annotated, color."""
        with self.reading() as (cursor, state):
            return tables.items_table(cursor, wanted or EVERYTHING, state)

    def contents_table(self) -> Table:
        """Return item_id and content_hash of every item."""
        with self.reading() as (cursor, _):
            return tables.contents_table(cursor)

    def values_table(self, wanted: Filter | None = None) -> Table:
        """Return the items with every attribute, group and drift score as columns."""
        with self.reading() as (cursor, state):
            return tables.values_table(cursor, wanted or EVERYTHING, state)

    def map_table(self) -> Table | None:
        """Return iid (the item id as a number), split, cluster (−1: in none), x, y of the items on the map, or None."""
        with self.reading() as (cursor, state):
            return tables.map_table(cursor, state)

    def annotations_table(self, wanted: Filter | None = None) -> Table:
        """Return item_id, class_name, kind, x1, y1, x2, y2 in pixels."""
        with self.reading() as (cursor, state):
            return tables.annotations_table(cursor, wanted or EVERYTHING, state)

    def classes_table(self, wanted: Filter | None = None) -> Table:
        """Return item_id, class_name, n (annotations of that class)."""
        with self.reading() as (cursor, state):
            return tables.classes_table(cursor, wanted or EVERYTHING, state)

    def clashing_ids(self) -> set[str]:
        """Return the ids of items that share their path below the split with another one."""
        with self.reading() as (cursor, _):
            return lookups.clashing_ids(cursor)

    def class_counts_of_clusters(self, clusters: Table) -> dict[int, dict[str, int]]:
        """Return how many images of each class lie in each of the `clusters` (content_hash, cluster), most first."""
        with self.reading() as (cursor, state):
            return lookups.class_counts_of_clusters(cursor, clusters, state)

    def class_counts(self, ids: Sequence[str]) -> dict[str, int]:
        """Return annotations per class of these items."""
        with self.reading() as (cursor, state):
            return lookups.class_counts(cursor, ids, state)

    def existing_hashes(self, hashes: Sequence[str]) -> set[str]:
        """Return which of these contents the set holds."""
        with self.reading() as (cursor, _):
            return lookups.existing_hashes(cursor, hashes)

    def existing_stems(self, stems: Sequence[str]) -> set[str]:
        """Return which of these names (folded, without suffix) are taken."""
        with self.reading() as (cursor, _):
            return lookups.existing_stems(cursor, stems)

    def known_of(self, inodes: Sequence[int]) -> Table:
        """Return what is known of the files with these inodes."""
        with self.reading() as (cursor, _):
            return lookups.known_of(cursor, inodes)

    def statistics(self, wanted: Filter | None = None, *, class_order: tuple[str, ...] = ()) -> DatasetStats:
        """Return counts and sizes of the items that match. Cached until the data changes."""
        wanted = wanted or EVERYTHING
        with self.reading() as (cursor, state):
            key = ("statistics", state.key, pages.digest_of(wanted, Sort()), class_order)
            return self._store.cached(key, lambda: self._statistics(cursor, wanted, state, class_order))

    def _statistics(
        self, cursor: Cursor, wanted: Filter, state: State, class_order: tuple[str, ...]
    ) -> DatasetStats:
        rids = self._rids(cursor, wanted, state)
        pairs = self._store.pairs(cursor, state)
        with pages.where_of(cursor, wanted, state) as where:
            totals = (
                self._store.totals(cursor, state)
                if rids is None
                else read_totals(cursor, where.sql, where.params)
            )
            return statistics_of(cursor, pairs, totals, where, rids, state, class_order=class_order)

    def histograms(
        self, wanted: Filter | None = None, fields: Sequence[str] | None = None, *, view_id: str | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return a histogram per field over a filter, or over a view.

        Raises InvalidInputError `unknown-field`, NotFoundError `view-not-found`.
        """
        if view_id is not None:
            wanted = self.view(view_id).filter
        wanted = wanted or EVERYTHING
        with self.reading() as (cursor, state):
            names = tuple(fields) if fields is not None else histograms.default_fields(state)
            histograms.check_fields(names, state)
            key = ("histograms", state.key, pages.digest_of(wanted, Sort()), names)
            return self._store.cached(key, lambda: self._histograms(cursor, wanted, names, state))

    def _histograms(
        self, cursor: Cursor, wanted: Filter, names: tuple[str, ...], state: State
    ) -> dict[str, dict[str, Any]]:
        bins = self._store.bins(cursor, state, [name for name in names if not histograms.is_counted(name)])
        pairs = self._store.pairs(cursor, state)
        rids = self._rids(cursor, wanted, state)
        with pages.where_of(cursor, wanted, state) as where:
            return histograms.histograms_of(cursor, bins, pairs, where, rids, names, state)

    def _rids(self, cursor: Cursor, wanted: Filter, state: State) -> pages.Rids | None:
        """Return the row ids that match, None for all."""
        return None if wanted == EVERYTHING else self._resolve(cursor, wanted, Sort(), state).rids

    def _items(self, cursor: Cursor, rids: Sequence[int], state: State, report: str | None) -> list[Item]:
        items = self._store.rows(cursor, state).items(rids, state)
        if report is None or report not in state.reports:
            return items
        scores = pages.scores_of(cursor, rids, report)
        return [pages.with_score(item, scores.get(item.item_id)) for item in items]

    def _count(self, cursor: Cursor, wanted: Filter, state: State) -> int:
        key = ("count", state.key, pages.digest_of(wanted, Sort()))
        return self._store.cached(key, lambda: pages.count_items(cursor, wanted, state))

    # Views -------------------------------------------------------------------------------------------------------

    def create_view(self, wanted: Filter | None = None, sort: str | None = None) -> View:
        """Resolve a filter and an order. Raises InvalidInputError `unknown-field`."""
        wanted, order = wanted or EVERYTHING, Sort.parse(sort)
        with self.reading() as (cursor, state):
            view = self._resolve(cursor, wanted, order, state).view
        self._views.remember(view.view_id, wanted, order)
        return view

    def view(self, view_id: str) -> View:
        """Return a view. Raises NotFoundError `view-not-found`."""
        return self._resolved(view_id).view

    def view_page(self, view_id: str, *, offset: int = 0, limit: int = 100) -> ViewPage:
        """Return the items of a view from `offset` on, at the same cost anywhere."""
        if offset < 0 or not 1 <= limit <= MAX_PAGE:
            raise InvalidInputError(f"offset is 0 or more, limit 1 to {MAX_PAGE}", code="invalid-limit")
        resolved = self._resolved(view_id)
        view = resolved.view
        rids = resolved.rids[offset : offset + limit].tolist()
        with self.reading() as (cursor, state):
            items = self._items(cursor, rids, state, _report_of(view.filter, view.sort))
        stale = state.version != view.data_version
        return ViewPage(tuple(items), offset, view.total, view.data_version, stale)

    def view_ids(self, view_id: str) -> list[str]:
        """Return the ids of all items of a view, in order; removed ones are left out."""
        resolved = self._resolved(view_id)
        with self.reading() as (cursor, _):
            return pages.ids_by_rid(cursor, resolved.rids)

    def _resolved(self, view_id: str) -> Resolved:
        resolved = self._views.get(view_id)
        if resolved is not None:
            return resolved
        wanted, order = self._views.definition(view_id)
        with self.reading() as (cursor, state):
            return self._resolve(cursor, wanted, order, state, view_id=view_id)

    def _resolve(
        self, cursor: Cursor, wanted: Filter, order: Sort, state: State, *, view_id: str | None = None
    ) -> Resolved:
        view_id = view_id or view_id_of(wanted, order, state)
        known = self._views.get(view_id)
        if known is not None:
            return known
        rids = pages.matching_rids(cursor, wanted, order, state)
        resolved = Resolved(View(view_id, wanted, order, len(rids), state.version), rids)
        self._views.put(resolved)
        return resolved

    # Writing -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def writing(self) -> Generator[None]:
        """Hold the right to write, also for what belongs to it outside the index (files, journal)."""
        with self._store.database.write_lock:
            yield

    def known(self) -> Table:
        """Return what `scan_changes` needs to know."""
        with self.reading() as (cursor, _):
            return tables.known_table(cursor)

    def apply_scan(self, scan: Table, *, info_key: str | None = None) -> Applied:
        """Make the index agree with what a scan found (SCAN_SCHEMA). A difference gives a new version."""
        outcome: list[Applied] = []

        def change(cursor: Cursor, state: State) -> Change:
            renamed = info_key is not None and _task(info_key) != _task(state.info_key)
            after, applied = apply_rows(cursor, state, scan, renamed=renamed)
            outcome.append(applied)
            if info_key is not None and info_key != after.info_key:
                after = replace(after, info_key=info_key).renewed(data=True)
            elif applied.any:
                after = after.renewed(data=True)
            return Change(after, applied.touched)

        self._store.write(change)
        return outcome[0]

    def load_attributes(self, table: Table) -> None:
        """Load `content_hash` + one number per attribute, replacing what was loaded before."""
        self._store.write(lambda cursor, state: Change(results.store_attributes(cursor, state, table)))

    def load_groups(self, table: Table) -> None:
        """Load `content_hash, cluster, duplicate_group, outlier, x, y`, replacing what was loaded before."""
        self._store.write(
            lambda cursor, state: Change(results.store_groups(cursor, state, table), same_rows=True)
        )

    def load_scores(self, report_id: str, table: Table) -> None:
        """Load `content_hash, score, p_value, outlier` of a drift report."""
        self._store.write(
            lambda cursor, state: Change(
                results.store_scores(cursor, state, report_id, table), same_rows=True
            )
        )

    def drop_scores(self, report_id: str) -> None:
        """Forget the scores of a drift report."""
        self._store.write(
            lambda cursor, state: Change(results.drop_scores(cursor, state, report_id), same_rows=True)
        )


def _report_of(wanted: Filter, order: Sort) -> str | None:
    if wanted.drift_score is not None:
        return wanted.drift_score.report_id
    kind, _, report = (order.field or "").partition(":")
    return report if kind == "drift_score" else None


def _task(info_key: str) -> str | None:
    """Return the task that an info key holds (see Dataset); None of an index that was never filled."""
    return orjson.loads(info_key)[0] if info_key else None
