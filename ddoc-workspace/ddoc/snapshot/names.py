"""Ids and aliases of snapshots, and the refs that hold them."""

import re
from datetime import UTC, datetime
from typing import Final

from ddoc.errors import ConflictError, InvalidInputError, NotFoundError
from ddoc.ids import check_id
from ddoc.snapshot.history import ALIAS_TAGS, AUTO_TAGS, DELETED, SNAPSHOT_TAGS, History

_NUMBERED = re.compile(r"v(\d{1,9})")
_AUTOMATIC = re.compile(r"auto-(\d{8}T\d{12}Z)")
_WORDS: Final = frozenset(("working", "head", "none", "null"))
_ALIAS_LENGTH: Final = 64


def tag_of(snapshot_id: str) -> str | None:
    """Return the ref that holds a snapshot's id; None if it is not the form of an id."""
    if found := _NUMBERED.fullmatch(snapshot_id):
        return SNAPSHOT_TAGS + found[1]
    if found := _AUTOMATIC.fullmatch(snapshot_id):
        return AUTO_TAGS + found[1]
    return None


def id_of(ref: str) -> str | None:
    """Return the snapshot's id that a ref holds; None for other refs."""
    if ref.startswith(AUTO_TAGS):
        return f"auto-{ref.removeprefix(AUTO_TAGS)}"
    number = ref.removeprefix(SNAPSHOT_TAGS)
    return f"v{number}" if ref != number and number.isdigit() else None


def alias_ref(alias: str) -> str:
    """Return the ref that holds an alias."""
    return ALIAS_TAGS + alias


def deleted_ref(snapshot_id: str) -> str:
    """Return the ref that remembers a deleted snapshot."""
    return DELETED + snapshot_id


def next_id(history: History, *, automatic: bool) -> tuple[str, str]:
    """Return an unused (id, ref): `v<N>` counts up and is never given twice, an automatic one is its UTC time."""
    if automatic:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        return f"auto-{stamp}", AUTO_TAGS + stamp
    used = [int(found[1]) for ref in history.refs() if (found := _NUMBERED.fullmatch(_last_id(ref) or ""))]
    number = max(used, default=0) + 1
    return f"v{number}", f"{SNAPSHOT_TAGS}{number}"


def _last_id(ref: str) -> str | None:
    return ref.removeprefix(DELETED) if ref.startswith(DELETED) else id_of(ref)


def resolve(history: History, name: str) -> tuple[str, str]:
    """Return the (id, commit) of a snapshot named by its id or alias. Raises NotFoundError, `unknown-snapshot`."""
    check_id(name, what="a snapshot's id")
    tag = tag_of(name)
    commit = history.ref(tag) if tag else None
    if commit is not None:
        return name, commit
    aliased = history.ref(alias_ref(name)) if tag is None and is_ref_safe(name) else None
    if aliased is not None:
        for ref, oid in history.refs("refs/tags/ddoc/").items():
            if oid == aliased and (found := id_of(ref)):
                return found, aliased
    if tag and history.ref(deleted_ref(name)):
        raise NotFoundError(f"snapshot {name} was deleted", code="deleted-snapshot")
    raise NotFoundError(f"there is no snapshot {name}", code="unknown-snapshot")


def require_free_alias(history: History, alias: str, *, but: str | None = None) -> None:
    """Raise InvalidInputError (`invalid-alias`) or ConflictError (`alias-taken`) unless a snapshot may have it.

    `but` is an alias that is about to be given up. Letters' case does not make two aliases different.
    """
    if len(alias) > _ALIAS_LENGTH:
        raise InvalidInputError("an alias has at most 64 characters", code="invalid-alias", pointer="/alias")
    check_id(alias, what="an alias")
    if looks_like_id(alias) or alias.lower() in _WORDS or not is_ref_safe(alias):
        raise InvalidInputError(
            f"{alias} reads as a snapshot's id or a reserved word; choose another alias",
            code="invalid-alias",
            pointer="/alias",
        )
    taken = {ref.removeprefix(ALIAS_TAGS).lower() for ref in history.refs(ALIAS_TAGS)} - {(but or "").lower()}
    if alias.lower() in taken:
        raise ConflictError(f"another snapshot has the alias {alias}", code="alias-taken", alias=alias)


def looks_like_id(name: str) -> bool:
    """Return whether a name could be taken for a snapshot's id, of now or of later."""
    return bool(re.fullmatch(r"(?i)v\d+|auto-.*", name))


def is_ref_safe(name: str) -> bool:
    """Return whether git allows the name at the end of a ref."""
    return not name.endswith((".lock", ".")) and ".." not in name
