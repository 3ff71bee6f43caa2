"""Plans of edits on items that are there: which files change, what is skipped, how the counts will be."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

import pyarrow as pa

from ddoc.dataset.changes import Change, files_of, moved, shares_labels
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.effects import AFTER_SCHEMA
from ddoc.dataset.info import is_split_name, yaml_of
from ddoc.dataset.items import Annotation, DatasetInfo, Item
from ddoc.dataset.labels import ItemLabels, encode_labels, label_paths
from ddoc.dataset.schema import Table
from ddoc.errors import InvalidInputError

MAX_LABEL = 200
Skipped = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """An edit thought through. `changes` writes nothing by itself and is read once, when the edit is carried out."""

    changed: int
    skipped: tuple[Skipped, ...]
    changes: Callable[[], Iterable[Change]]
    after: Table
    class_changes: Mapping[str, int] = field(default_factory=dict[str, int])
    new_classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Touched:
    """One row of AFTER_SCHEMA."""

    item_id: str
    split: str | None
    exists: bool
    existed: bool = True
    content_hash: str | None = None
    bytes: int | None = None


def after_table(rows: Sequence[Touched]) -> Table:
    """Return the rows as AFTER_SCHEMA."""
    columns = {name: [getattr(row, name) for row in rows] for name in AFTER_SCHEMA.names}
    return pa.table(columns, schema=AFTER_SCHEMA)


def check_split(name: str, *, pointer: str = "/target_split") -> str:
    """Return `name` if a split may be called so. Raises InvalidInputError `invalid-split`."""
    if not is_split_name(name):
        raise InvalidInputError(
            "a split's name is letters, digits, dots, underscores and hyphens, at most 64",
            code="invalid-split",
            pointer=pointer,
        )
    return name


def check_label(name: str, *, task: str, pointer: str = "/new_label") -> str:
    """Return `name` if a class may be called so (in a classification set it is a folder's name, too).

    Raises InvalidInputError `invalid-label`.
    """
    bad = not name.strip() or name != name.strip() or len(name) > MAX_LABEL or any(ord(c) < 32 for c in name)
    if task == "classify":
        bad = (
            bad or name.startswith(".") or any(c in "/\\\x7f" for c in name) or len(name.encode()) > MAX_LABEL
        )
    if bad:
        raise InvalidInputError("no class can have this name", code="invalid-label", pointer=pointer)
    return name


def plan_moves(dataset: Dataset, targets: Mapping[str, str]) -> Plan:
    """Plan to put each item (id → split) into its split."""
    clashing = dataset.index.clashing_ids()
    skipped: list[Skipped] = []
    moves: list[tuple[Item, str]] = []
    for item in dataset.index.items(list(targets)):
        split = targets[item.item_id]
        if item.split == split:
            skipped.append((item.item_id, "already-there"))
        elif item.item_id in clashing:
            skipped.append((item.item_id, "duplicate-path"))
        else:
            moves.append((item, f"images/{split}/{item.path.split('/', 2)[2]}"))
    return _plan_renames(dataset, moves, skipped, info=_with_splits(dataset.info, targets.values()))


def _plan_renames(
    dataset: Dataset,
    moves: Sequence[tuple[Item, str]],
    skipped: list[Skipped],
    *,
    info: DatasetInfo,
    class_changes: Mapping[str, int] | None = None,
    new_classes: tuple[str, ...] = (),
) -> Plan:
    changes: list[Change] = []
    rows: list[Touched] = []
    for item, target in moves:
        change = moved(dataset.layout.data, item.path, target)
        if change is None or shares_labels(dataset.layout.data, item.path):
            skipped.append((item.item_id, _why_not(dataset, item)))
            continue
        changes.append(change)
        rows.append(Touched(item.item_id, target.split("/", 2)[1], exists=True))
    if changes:
        changes = [*_info_change(dataset, info), *changes]
    return Plan(
        len(rows), tuple(skipped), lambda: changes, after_table(rows), class_changes or {}, new_classes
    )


def _why_not(dataset: Dataset, item: Item) -> str:
    if not (dataset.layout.data / item.path).exists():
        return "image-missing"
    return "shared-labels" if shares_labels(dataset.layout.data, item.path) else "name-taken"


def plan_removal(dataset: Dataset, ids: Sequence[str]) -> Plan:
    """Plan to take items out, with their labels."""
    skipped: list[Skipped] = []
    changes: list[Change] = []
    rows: list[Touched] = []
    for item in dataset.index.items(ids):
        files = files_of(dataset.layout.data, item.path)
        if item.path not in files:
            skipped.append((item.item_id, "image-missing"))
            continue
        if shares_labels(dataset.layout.data, item.path):
            files = [item.path]  # the labels are another image's, too
        changes.append(Change(item.path, contents=tuple((path, None) for path in files)))
        rows.append(Touched(item.item_id, None, exists=False))
    return Plan(len(rows), tuple(skipped), lambda: changes, after_table(rows))


def plan_relabel(dataset: Dataset, ids: Sequence[str], *, new_label: str, from_label: str | None) -> Plan:
    """Plan to give all annotations of the items, or those of one class, the class `new_label`.

    A class that the set does not have is appended to its classes.
    """
    info = dataset.info
    check_label(new_label, task=info.task)
    if (
        from_label is not None
        and from_label not in info.classes
        and from_label not in dataset.index.state.class_ids
    ):
        raise InvalidInputError(
            f"there is no class {from_label!r}",
            code="unknown-class",
            pointer="/from_label",
            class_name=from_label,
        )
    grown = info if new_label in info.classes else replace(info, classes=(*info.classes, new_label))
    new_classes = () if grown is info else (new_label,)
    if info.task == "classify":
        return _plan_folders(dataset, ids, grown, new_label, from_label, new_classes)
    return _plan_annotations(dataset, ids, grown, new_label, from_label, new_classes)


def _plan_folders(
    dataset: Dataset,
    ids: Sequence[str],
    info: DatasetInfo,
    new_label: str,
    from_label: str | None,
    new_classes: tuple[str, ...],
) -> Plan:
    skipped: list[Skipped] = []
    moves: list[tuple[Item, str]] = []
    counts: dict[str, int] = {}
    for item in dataset.index.items(ids):
        old = item.classes[0] if item.classes else None
        if from_label is not None and old != from_label:
            skipped.append((item.item_id, "label-not-found"))
        elif old == new_label:
            skipped.append((item.item_id, "already-there"))
        else:
            moves.append((item, f"images/{item.split}/{new_label}/{item.name}"))
    plan = _plan_renames(dataset, moves, skipped, info=info, new_classes=new_classes)
    left = {item_id for item_id, _ in plan.skipped}
    for item, _ in moves:
        if item.item_id not in left:
            counts[new_label] = counts.get(new_label, 0) + 1
            for old in item.classes:
                counts[old] = counts.get(old, 0) - 1
    return replace(plan, class_changes=counts)


def _plan_annotations(
    dataset: Dataset,
    ids: Sequence[str],
    info: DatasetInfo,
    new_label: str,
    from_label: str | None,
    new_classes: tuple[str, ...],
) -> Plan:
    skipped: list[Skipped] = []
    chosen: list[Item] = []
    for item in dataset.index.items(ids):
        code = _not_relabelled(item, new_label, from_label)
        if code is None:
            chosen.append(item)
        else:
            skipped.append((item.item_id, code))
    counts = _count_relabelled(dataset, chosen, new_label, from_label)
    rows = [Touched(item.item_id, item.split, exists=True) for item in chosen]

    def changes() -> Iterator[Change]:
        if chosen:
            yield from _info_change(dataset, info)
        for item in chosen:
            yield _relabelled(dataset, item, info, new_label, from_label)

    return Plan(
        len(chosen), tuple(skipped), changes, after_table(rows), counts, new_classes if chosen else ()
    )


def _not_relabelled(item: Item, new_label: str, from_label: str | None) -> str | None:
    if not item.annotated:
        return "not-annotated"
    if item.width < 1 or item.height < 1:
        return "unreadable-image"
    if not item.classes or (from_label is not None and from_label not in item.classes):
        return "label-not-found"
    return (
        "already-there" if (from_label or new_label) == new_label and item.classes == (new_label,) else None
    )


def _count_relabelled(
    dataset: Dataset, chosen: Sequence[Item], new_label: str, from_label: str | None
) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, n in dataset.index.class_counts([item.item_id for item in chosen]).items():
        if name != new_label and (from_label is None or name == from_label):
            counts[name] = -n
            counts[new_label] = counts.get(new_label, 0) + n
    return counts


def _relabelled(
    dataset: Dataset, item: Item, info: DatasetInfo, new_label: str, from_label: str | None
) -> Change:
    labels = dataset.labels(item)

    def renamed(annotation: Annotation) -> Annotation:
        meant = from_label is None or annotation.class_name == from_label
        return replace(annotation, class_name=new_label) if meant else annotation

    renewed = ItemLabels(tuple(renamed(a) for a in labels.annotations or ()), labels.extra)
    texts = encode_labels(renewed, info=info, width=item.width, height=item.height)
    paths = label_paths(item.path)
    contents = tuple(
        (path, None if text is None else text.encode()) for path, text in zip(paths, texts, strict=True)
    )
    return Change(item.path, contents=contents)


def _with_splits(info: DatasetInfo, splits: Iterable[str]) -> DatasetInfo:
    new = [split for split in dict.fromkeys(splits) if split not in info.splits]
    return replace(info, splits=(*info.splits, *new)) if new else info


def with_additions(info: DatasetInfo, *, split: str, classes: Sequence[str]) -> DatasetInfo:
    """Return the info with a split and classes that it may lack."""
    new = [name for name in classes if name not in info.classes]
    return _with_splits(replace(info, classes=(*info.classes, *new)) if new else info, [split])


def _info_change(dataset: Dataset, info: DatasetInfo) -> list[Change]:
    return [] if info == dataset.info else [info_change(info)]


def info_change(info: DatasetInfo) -> Change:
    """Return the change of dataset.yaml."""
    return Change("", contents=(("dataset.yaml", yaml_of(info).encode()),))


def stem_of(name: str) -> str:
    """Return a name without its suffix, folded, as two images may not share it."""
    return str(PurePosixPath(name).with_suffix("")).casefold()
