"""Views that a user named, to come back to: a filter and an order, one small file each. They outlive the index."""

from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from ddoc.dataset.filters import Filter, Sort
from ddoc.errors import InvalidInputError, NotFoundError
from ddoc.hashing import md5_bytes
from ddoc.ids import check_id, slugify
from ddoc.paths import Layout, write_atomic

MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class SavedView:
    """A named filter and order."""

    saved_id: str
    name: str
    filter: Filter
    sort: Sort
    created_at: str


class SavedViews:
    """The named views of a root."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.meta / "views"

    def save(self, name: str, wanted: Filter, sort: str | None = None) -> SavedView:
        """Name a view; one of the same name is replaced. Raises InvalidInputError `invalid-name`."""
        name = name.strip()
        if not name or len(name) > MAX_NAME or any(ord(c) < 32 for c in name):
            raise InvalidInputError(
                f"a view's name is 1 to {MAX_NAME} characters", code="invalid-name", pointer="/name"
            )
        saved = SavedView(
            self._id_of(name),
            name,
            wanted,
            Sort.parse(sort),
            datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        plain = {
            "name": name,
            "filter": wanted.to_json(),
            "sort": str(saved.sort),
            "created_at": saved.created_at,
        }
        write_atomic(self._folder / f"{saved.saved_id}.json", orjson.dumps(plain), durable=True)
        return saved

    def _id_of(self, name: str) -> str:
        """Return the id of the view of this name, or one that no other has ("A b" and "a-b" have one slug)."""
        slug = slugify(name, fallback="view")
        taken = {view.name: view.saved_id for view in self.list()}
        if name in taken:
            return taken[name]
        return slug if slug not in taken.values() else f"{slug}-{md5_bytes(name.encode())[:8]}"

    def get(self, saved_id: str) -> SavedView:
        """Return a named view. Raises NotFoundError `saved-view-not-found`."""
        path = self._folder / f"{check_id(saved_id, what='saved_id')}.json"
        try:
            stored = orjson.loads(path.read_bytes())
        except FileNotFoundError:
            raise NotFoundError("no saved view has this id", code="saved-view-not-found") from None
        return SavedView(
            saved_id,
            stored["name"],
            Filter.from_json(stored["filter"]),
            Sort.parse(stored["sort"]),
            stored["created_at"],
        )

    def list(self) -> list[SavedView]:
        """Return all named views by name."""
        views = [self.get(path.stem) for path in self._folder.glob("*.json") if path.name[0] != "."]
        return sorted(views, key=lambda view: view.name)

    def delete(self, saved_id: str) -> None:
        """Forget a named view. Raises NotFoundError `saved-view-not-found`."""
        self.get(saved_id)
        (self._folder / f"{saved_id}.json").unlink(missing_ok=True)
