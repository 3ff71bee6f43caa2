"""Idempotency keys: a repeated request gets the job of the first one."""

import hashlib

from ddoc.errors import InvalidInputError


def request_key(key: str, *, scope: str, fingerprint: str = "") -> str:
    """Return the stored form of a client's key: `<hash of scope and key>:<fingerprint of the request>`.

    Raises InvalidInputError (`invalid-idempotency-key`) unless the key has 1 to 255 printable characters.
    """
    if not 0 < len(key) <= 255 or not key.isprintable():
        raise InvalidInputError(
            "an Idempotency-Key has 1 to 255 printable characters",
            code="invalid-idempotency-key",
            pointer="/header/Idempotency-Key",
        )
    digest = hashlib.sha256(f"{scope}\0{key}".encode()).hexdigest()
    digest = hashlib.sha256(b"\0".join((scope.encode(), key.encode()))).hexdigest()
    return f"{digest}:{fingerprint}"
