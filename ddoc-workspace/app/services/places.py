"""Server paths that a client may name: only what lies beneath an import root."""

from collections.abc import Sequence
from pathlib import Path

from ddoc.errors import InvalidInputError, NotFoundError


def server_path(path: str, import_roots: Sequence[Path]) -> Path:
    """Return the real path, following no link out of the import roots.

    Raises InvalidInputError `path-not-allowed`, NotFoundError `unknown-path`.
    """
    if "\0" in path:
        raise InvalidInputError("not a path", code="path-not-allowed", pointer="/path")
    real = Path(path).expanduser().resolve()
    if not Path(path).is_absolute() or not any(real.is_relative_to(root.resolve()) for root in import_roots):
        raise InvalidInputError(
            "only paths beneath the import roots (DDOC_IMPORT_ROOTS) can be read",
            code="path-not-allowed",
            pointer="/path",
        )
    if not real.exists():
        raise NotFoundError("there is nothing at this path", code="unknown-path")
    return real
