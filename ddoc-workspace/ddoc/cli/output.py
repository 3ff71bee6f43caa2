"""What the command line shows: progress on the error stream, results on the output stream."""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from ddoc.progress import Progress, no_progress


@contextmanager
def progress_bar(*, quiet: bool) -> Generator[Progress]:
    """Yield a progress that draws a bar on the error stream; none where that is no terminal, or with `quiet`."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield no_progress
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task("")

        def show(done: int, total: int | None, *, unit: str = "items", message: str = "") -> None:
            bars.update(task, completed=done, total=total, description=message or unit)

        yield show


def show_json(value: Mapping[str, Any]) -> None:
    """Write `value` as JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1))


def show_facts(title: str, facts: Mapping[str, Any]) -> None:
    """Write a small table of names and values for people."""
    table = Table(title=title, show_header=False, title_justify="left")
    for name, value in facts.items():
        table.add_row(name, str(value))
    Console().print(table)


def show_rows(title: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write a table for people."""
    table = Table(*head, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(f"{v:.4g}" if isinstance(v, float) else str(v) for v in row))
    Console().print(table)
