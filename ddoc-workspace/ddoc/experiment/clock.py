"""Points in time as they are written down (ISO 8601, UTC) and as MLflow wants them (milliseconds)."""

from datetime import UTC, datetime


def now() -> str:
    """Return the present as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat()


def from_seconds(seconds: float) -> str:
    """Return seconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def milliseconds(moment: str) -> int:
    """Return ISO 8601 as milliseconds since 1970."""
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
