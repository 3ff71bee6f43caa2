"""Identifiers: checked where they come in, made in one place."""

import hashlib
import re
import secrets
import unicodedata

from ddoc.errors import InvalidInputError

_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def check_id(value: str, *, what: str = "id") -> str:
    """Return `value` if it is a well-formed id (letters, digits, `. _ -`, no `..`), else raise InvalidInputError."""
    if not _ID.fullmatch(value) or ".." in value:
        raise InvalidInputError(
            f"{what} may hold letters, digits, dots, underscores and hyphens only", code="invalid-id"
        )
    return value


def new_id(prefix: str) -> str:
    """Return a new random id `<prefix>-<16 hex>`."""
    return f"{prefix}-{secrets.token_hex(8)}"


def slugify(name: str, *, fallback: str) -> str:
    """Return an ASCII slug of `name` for folders and URLs.

    A name without any ASCII letter or digit (Korean, say) becomes `<fallback>-<8 hex of its hash>`; the name
    itself is kept elsewhere and shown to people.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = _NOT_SLUG.sub("-", plain).strip("-")[:60].strip("-")
    if slug and not any(unicodedata.category(c) == "Lo" for c in unicodedata.normalize("NFC", name)):
        return slug
    digest = hashlib.sha256(unicodedata.normalize("NFC", name).encode()).hexdigest()[:8]
    return f"{slug or fallback}-{digest}"


def item_id_of(name: str, *, salt: str = "") -> str:
    """Return the id of the item at `name`, its NFC path below the split (16 hex digits).

    The split is left out, so a moved item keeps its id. `salt` tells apart two items that share a name because
    of an edit from outside.
    """
    return hashlib.sha256(f"{salt}\0{name}".encode()).hexdigest()[:16]
