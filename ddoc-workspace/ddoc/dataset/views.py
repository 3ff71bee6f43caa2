"""Views: a filter and an order, resolved once into an array of row ids, so that any offset costs the same."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import orjson

from ddoc.dataset.filters import Filter, Sort
from ddoc.dataset.items import Item
from ddoc.dataset.pages import Rids, digest_of
from ddoc.dataset.state import State
from ddoc.errors import NotFoundError
from ddoc.ids import check_id
from ddoc.paths import write_atomic

_MAX_BYTES = 128 << 20
_MAX_DEFINITIONS = 2_000


@dataclass(frozen=True, slots=True)
class View:
    """A resolved list: `total` items as they were at `data_version`."""

    view_id: str
    filter: Filter
    sort: Sort
    total: int
    data_version: str


@dataclass(frozen=True, slots=True)
class ViewPage:
    """Items of a view from `offset` on. `stale` says that the data changed since the view was resolved; items removed
    since are left out, so that a stale page may be short."""

    items: tuple[Item, ...]
    offset: int
    total: int
    data_version: str
    stale: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """A view with its row ids in order."""

    view: View
    rids: Rids


class ViewStore:
    """Keeps resolved views in memory, the least used dropped first, and their definitions as small files.

    A view whose array was dropped, or that a restart forgot, is resolved again when it is asked for.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._resolved: OrderedDict[str, Resolved] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, view_id: str) -> Resolved | None:
        """Return a view whose order is in memory."""
        with self._lock:
            resolved = self._resolved.get(view_id)
            if resolved is not None:
                self._resolved.move_to_end(view_id)
            return resolved

    def put(self, resolved: Resolved) -> None:
        """Keep a view, dropping the least used beyond 128 MiB of row ids."""
        with self._lock:
            old = self._resolved.pop(resolved.view.view_id, None)
            self._bytes += resolved.rids.nbytes - (old.rids.nbytes if old else 0)
            self._resolved[resolved.view.view_id] = resolved
            while self._bytes > _MAX_BYTES and len(self._resolved) > 1:
                _, dropped = self._resolved.popitem(last=False)
                self._bytes -= dropped.rids.nbytes

    def remember(self, view_id: str, wanted: Filter, sort: Sort) -> None:
        """Write a view's definition, so that its id outlives this process."""
        path = self._folder / f"{view_id}.json"
        if path.exists():
            return
        definition = {"filter": wanted.to_json(), "sort": str(sort)}
        write_atomic(path, orjson.dumps(definition))
        self._forget_oldest()

    def definition(self, view_id: str) -> tuple[Filter, Sort]:
        """Return the filter and order of a view. Raises NotFoundError."""
        path = self._folder / f"{check_id(view_id, what='view_id')}.json"
        try:
            stored = orjson.loads(path.read_bytes())
        except FileNotFoundError:
            raise NotFoundError("no view has this id", code="view-not-found", view_id=view_id) from None
        return Filter.from_json(stored["filter"]), Sort.parse(stored["sort"])

    def _forget_oldest(self) -> None:
        files = list(self._folder.glob("view-*.json"))
        if len(files) <= _MAX_DEFINITIONS:
            return
        files.sort(key=lambda path: path.stat().st_mtime_ns)
        for path in files[: _MAX_DEFINITIONS // 4]:
            path.unlink(missing_ok=True)


def view_id_of(wanted: Filter, sort: Sort, state: State) -> str:
    """Return the id of a view: the same filter and order on the same data is the same view."""
    return f"view-{digest_of(wanted, sort)}-{state.version[:8]}{state.epoch[:4]}"
