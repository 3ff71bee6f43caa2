"""What formats read and write: items of a source, and the protocol that each format's module fulfils."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ddoc.dataset.images import ImageHeader
from ddoc.dataset.items import NO_EXTRA, Annotation, DatasetInfo, Extra, Task
from ddoc.formats.output import OutputFolder
from ddoc.formats.tree import Tree
from ddoc.reports import Report


@dataclass(frozen=True, slots=True)
class FormatInfo:
    """What a format is, for people: `layout` is one line; `holds` and `cannot_hold` list kinds of content."""

    format: str
    title: str
    tasks: tuple[Task, ...]
    layout: str
    holds: tuple[str, ...]
    cannot_hold: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceItem:
    """One readable image of a source.

    `image` is where its file is; `name` is its path below the split, in NFC with `/`; `header` is what its file
    says of itself; annotations lie inside the image, None = not annotated.
    """

    image: Path
    name: str
    split: str
    header: ImageHeader
    annotations: tuple[Annotation, ...] | None
    extra: Extra = field(default=NO_EXTRA)

    @property
    def width(self) -> int:
        """Width in pixels, as stored."""
        return self.header.width

    @property
    def height(self) -> int:
        """Height in pixels, as stored."""
        return self.header.height


class ClassTable:
    """The classes of a source in their fixed order; grows by first appearance where nothing declares them."""

    def __init__(self, declared: Iterable[str] = ()) -> None:
        self._names: list[str] = []
        self._known: set[str] = set()
        for name in declared:
            self.add(name)

    def add(self, name: str) -> str:
        """Make sure that `name` is in the table, and return it."""
        if name not in self._known:
            self._known.add(name)
            self._names.append(name)
        return name

    def at(self, number: int) -> str:
        """Return the name of class `number`. Raises IndexError."""
        return self._names[number]

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(self._names)


@dataclass(slots=True)
class SourceDataset:
    """A source as its format reads it.

    `items` is read as it is iterated, once; `classes`, `task` and the report are complete when it is exhausted.
    """

    format: str
    task: Task
    classes: ClassTable
    items: Iterable[SourceItem]
    origin: Mapping[str, Any] = field(default=NO_EXTRA)


@dataclass(frozen=True, slots=True)
class ExportItem:
    """One item to export; `image` is the absolute path of its file, `name` its unique path below the split."""

    image: Path
    name: str
    split: str
    width: int
    height: int
    annotations: tuple[Annotation, ...] | None
    extra: Extra = field(default=NO_EXTRA)


@dataclass(frozen=True, slots=True)
class ExportSource:
    """What to export. `items` is iterated once."""

    info: DatasetInfo
    items: Iterable[ExportItem]


class Format(Protocol):
    """One format: how it is recognised, read and written."""

    @property
    def info(self) -> FormatInfo:
        """What the format is and can hold."""
        ...

    def detect(self, tree: Tree) -> float:
        """Return how surely the tree is of this format: 0 = not at all, 1 = its own marks are there."""
        ...

    def read(self, tree: Tree, report: Report) -> SourceDataset:
        """Read the tree. What is wrong in it goes to the report; nothing is raised for broken annotations.

        Raises InvalidInputError `format-mismatch` where the tree has nothing of this format.
        """
        ...

    def write(self, source: ExportSource, out: OutputFolder, report: Report) -> None:
        """Write the items into the empty folder `out`; what the format cannot hold goes to the report."""
        ...
