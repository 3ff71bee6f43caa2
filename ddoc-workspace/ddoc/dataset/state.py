"""What the index holds at one moment besides its rows: version, classes, fields. Immutable; replaced by each commit."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import orjson

from ddoc.dataset.database import Cursor
from ddoc.dataset.filters import Fields
from ddoc.dataset.schema import CORE_COLUMNS, GROUP_COLUMNS, quoted

_NO_CLASSES: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """`version` names the data; `epoch` also changes when results are loaded, so both together key what is cached."""

    version: str
    epoch: str
    next_rid: int
    info_key: str
    classes: tuple[str, ...] = _NO_CLASSES
    """Class names by class id of the index (its own numbering, in order of appearance)."""
    attributes: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    grouped: bool = False
    class_ids: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def fields(self) -> Fields:
        """What filters and orders may name."""
        return Fields(self.attributes, self.reports, self.class_ids, self.grouped)

    @property
    def key(self) -> str:
        """A key under which results over the items may be cached."""
        return f"{self.version}/{self.epoch}"

    def with_classes(self, names: tuple[str, ...]) -> "State":
        """Return the state with these class names."""
        return replace(self, classes=names, class_ids={name: number for number, name in enumerate(names)})

    def renewed(self, *, data: bool) -> "State":
        """Return the state after a change: of the data (a new version), or of results alone (a new epoch)."""
        return replace(self, version=new_token()) if data else replace(self, epoch=new_token())

    def result_columns(self) -> list[tuple[str, str]]:
        """Return (SQL identifier, type) of the columns of `item` after the core ones."""
        columns = [(quoted(f"a:{name}"), "FLOAT") for name in self.attributes]
        if self.grouped:
            columns += [(quoted(f"g:{name}"), kind) for name, kind in GROUP_COLUMNS]
        for report in self.reports:
            columns += [(quoted(f"{letter}:{report}"), "FLOAT") for letter in "spo"]
        return columns


def new_token() -> str:
    """Return a new opaque version."""
    return secrets.token_hex(8)


def empty_state() -> State:
    """Return the state of an index without items."""
    return State(version=new_token(), epoch=new_token(), next_rid=0, info_key="")


def core_names(prefix: str = "") -> str:
    """Return the core columns of `item` as an SQL list."""
    return ", ".join(prefix + name for name, _ in CORE_COLUMNS)


def read_state(cursor: Cursor) -> State:
    """Return the stored state."""
    meta = dict(cursor.execute("SELECT key, value FROM meta").fetchall())
    names = cursor.execute("SELECT class_name FROM class ORDER BY class_id").fetchall()
    state = State(
        version=meta["version"],
        epoch=meta["epoch"],
        next_rid=int(meta["next_rid"]),
        info_key=meta["info_key"],
        attributes=tuple(orjson.loads(meta["attributes"])),
        reports=tuple(orjson.loads(meta["reports"])),
        grouped=meta["grouped"] == "1",
    )
    return state.with_classes(tuple(name for (name,) in names))


def write_state(cursor: Cursor, state: State, schema_version: int) -> None:
    """Store `state` within the transaction of `cursor`."""
    rows = {
        "schema_version": str(schema_version),
        "version": state.version,
        "epoch": state.epoch,
        "next_rid": str(state.next_rid),
        "info_key": state.info_key,
        "attributes": orjson.dumps(state.attributes).decode(),
        "reports": orjson.dumps(state.reports).decode(),
        "grouped": "1" if state.grouped else "0",
    }
    cursor.execute("DELETE FROM meta")
    cursor.execute(
        "INSERT INTO meta SELECT unnest($keys), unnest($values)",
        {"keys": list(rows), "values": list(rows.values())},
    )
