"""Errors of the domain. Each carries a stable kebab-case `code`; which HTTP status it becomes is not known here."""

from collections.abc import Mapping
from typing import Any, ClassVar


class DdocError(Exception):
    """Base of all expected errors.

    `detail` is a sentence for people that says what to do; `context` holds facts for programs (never paths
    outside the workspace, never secrets).
    """

    code: ClassVar[str] = "error"

    def __init__(self, detail: str, *, code: str | None = None, **context: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.error_code = code or self.code
        self.context: Mapping[str, Any] = context

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state, so that an error crosses a process boundary whole."""
        return (_rebuild, (type(self), self.detail, self.error_code, dict(self.context)))


def _rebuild(kind: type[DdocError], detail: str, code: str, context: dict[str, Any]) -> DdocError:
    error = kind.__new__(kind)
    DdocError.__init__(error, detail, code=code, **context)
    return error


class NotFoundError(DdocError):
    """A thing named by an id does not exist."""

    code = "not-found"


class InvalidInputError(DdocError):
    """The input is understood but cannot be used. `pointer` (in context) names the field, as a JSON pointer."""

    code = "invalid-input"


class EmptySelectionError(InvalidInputError):
    """A selection matched nothing. It is refused, never read as "all"."""

    code = "empty-selection"


class ConflictError(DdocError):
    """The request contradicts the present state."""

    code = "conflict"


class BusyError(ConflictError):
    """Another writing job holds the workspace; `job_id` (in context) names it."""

    code = "workspace-busy"


class StaleVersionError(DdocError):
    """The caller's `data_version` is no longer the present one."""

    code = "stale-version"


class TooLargeError(DdocError):
    """A limit was exceeded; `limit` and `value` (in context) say which and by how much."""

    code = "too-large"


class DiskFullError(DdocError):
    """The disk has no room for the operation; nothing was changed."""

    code = "disk-full"


class DamagedError(DdocError):
    """Stored data is missing or does not hash to its name; nothing was changed."""

    code = "damaged"


class UnavailableError(DdocError):
    """Something needed is not there now (weights, a remote, the MLflow server)."""

    code = "unavailable"


class CancelledError(DdocError):
    """The work was cancelled by its user."""

    code = "cancelled"
