"""Opaque cursors of keyset paging: where the last page ended."""

import base64
import binascii
from datetime import datetime

from ddoc.errors import InvalidInputError


def encode_cursor(created_at: datetime, key: str) -> str:
    """Return the cursor of the row `(created_at, key)`."""
    return base64.urlsafe_b64encode(f"{created_at.isoformat()}\n{key}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, str]:
    """Return the row that `cursor` stands for. Raises InvalidInputError (`invalid-cursor`)."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        created_at, key = text.split("\n")
        moment = datetime.fromisoformat(created_at)
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError(
            "this cursor was not given by this list; start again without one",
            code="invalid-cursor",
            pointer="/cursor",
        ) from error
    if moment.tzinfo is None:
        raise InvalidInputError("this cursor names no time zone", code="invalid-cursor", pointer="/cursor")
    return moment, key
