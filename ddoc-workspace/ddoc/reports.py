"""Reports of what happened to single things: ingest, scan, conversion."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal["kept", "clipped", "skipped", "renamed", "changed"]
MAX_EXAMPLES = 20


@dataclass(slots=True)
class ReportRow:
    """One kind of finding: how often, what was done, and up to 20 examples `{subject, detail}`."""

    code: str
    action: Action
    count: int = 0
    examples: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


@dataclass(slots=True)
class Report:
    """Collects findings by code and action, in order of first appearance."""

    rows: dict[tuple[str, Action], ReportRow] = field(default_factory=dict[tuple[str, Action], ReportRow])

    def note(self, code: str, subject: str, action: Action, detail: str = "", *, count: int = 1) -> None:
        """Count a finding `code` about `subject` (a file name, a class) and say what was done with it."""
        row = self.rows.setdefault((code, action), ReportRow(code, action))
        row.count += count
        if len(row.examples) < MAX_EXAMPLES:
            row.examples.append({"subject": subject, "detail": detail})

    def merge(self, other: "Report") -> None:
        """Add the findings of `other`."""
        for key, theirs in other.rows.items():
            row = self.rows.setdefault(key, ReportRow(theirs.code, theirs.action))
            row.count += theirs.count
            row.examples.extend(theirs.examples[: MAX_EXAMPLES - len(row.examples)])

    def count(self, code: str) -> int:
        """Return how often `code` was noted, whatever was done."""
        return sum(row.count for row in self.rows.values() if row.code == code)

    def to_json(self) -> list[dict[str, Any]]:
        """Return `[{code, action, count, examples}]`."""
        return [
            {"code": r.code, "action": r.action, "count": r.count, "examples": list(r.examples)}
            for r in self.rows.values()
        ]

    @classmethod
    def from_json(cls, rows: list[Mapping[str, Any]]) -> "Report":
        """Read back what `to_json` gave."""
        report = cls()
        for row in rows:
            key = (row["code"], row["action"])
            report.rows[key] = ReportRow(*key, row["count"], list(row["examples"]))
        return report
