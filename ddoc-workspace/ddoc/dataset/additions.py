"""Adding images from outside: names that fit, classes that fit, nothing overwritten."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ddoc.dataset.changes import Change, files_of
from ddoc.dataset.dataset import Dataset
from ddoc.dataset.images import IMAGE_SUFFIXES, ImageHeader, probe_image
from ddoc.dataset.items import NO_EXTRA, Annotation, DatasetInfo, Extra
from ddoc.dataset.labels import ItemLabels, encode_labels, label_paths
from ddoc.dataset.planning import (
    Plan,
    Skipped,
    Touched,
    after_table,
    check_label,
    info_change,
    stem_of,
    with_additions,
)
from ddoc.errors import DdocError, InvalidInputError
from ddoc.hashing import md5_file
from ddoc.ids import item_id_of
from ddoc.paths import beneath

_MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Addition:
    """An image to add: where it is (an absolute path that the caller has checked), how it is to be called below the
    split, and its annotations (None: not annotated)."""

    image: Path
    name: str
    annotations: tuple[Annotation, ...] | None = None
    extra: Extra = NO_EXTRA


@dataclass(frozen=True, slots=True)
class _Checked:
    """An addition that can be added: its clean name, size and hash."""

    addition: Addition
    name: str
    header: ImageHeader
    content_hash: str

    def path(self, split: str, info: DatasetInfo) -> str:
        """Return where the image goes, relative to `data/`."""
        if info.task == "classify" and self.addition.annotations:
            return f"images/{split}/{self.addition.annotations[0].class_name}/{self.name}"
        return f"images/{split}/{self.name}"


def additions_from_paths(paths: Iterable[Path]) -> list[Addition]:
    """Return the images at these paths, and below those that are folders, without annotations."""
    found: list[Addition] = []
    for path in paths:
        if path.is_dir():
            files = sorted(
                p for p in path.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES and not p.is_symlink()
            )
            found.extend(Addition(p, p.relative_to(path).as_posix()) for p in files if p.is_file())
        else:
            found.append(Addition(path, path.name))
    return found


def additions_from(source: Dataset, ids: Sequence[str]) -> Iterator[Addition]:
    """Yield items of another dataset with their annotations."""
    for item in source.index.items(ids):
        labels = source.labels(item)
        yield Addition(source.layout.data / item.path, item.name, labels.annotations, labels.extra)


def plan_additions(
    dataset: Dataset, additions: Iterable[Addition], *, target_split: str, skip_duplicates: bool
) -> Plan:
    """Plan to add images to a split. Names that are taken get a suffix; classes that are new are appended.

    With `skip_duplicates`, images whose bytes are already here are skipped (`duplicate-content`). Skipped ones are
    named by their file name.
    """
    info = dataset.info
    skipped: list[Skipped] = []
    checked: list[_Checked] = []
    for addition in additions:
        try:
            checked.append(_check(addition, info))
        except DdocError as error:
            skipped.append((addition.name, error.error_code))
        except OSError:
            skipped.append((addition.name, "image-missing"))
    if skip_duplicates:
        checked = _without_known(dataset, checked, skipped)
    names = _Names(dataset, [entry.name for entry in checked])
    named = [names.take(entry, target_split, info) for entry in checked]
    return _plan(dataset, info, named, skipped, target_split)


def _without_known(dataset: Dataset, checked: list[_Checked], skipped: list[Skipped]) -> list[_Checked]:
    present = dataset.index.existing_hashes([entry.content_hash for entry in checked])
    fresh: list[_Checked] = []
    for entry in checked:
        if entry.content_hash in present:
            skipped.append((entry.addition.name, "duplicate-content"))
        else:
            present.add(entry.content_hash)
            fresh.append(entry)
    return fresh


def _plan(
    dataset: Dataset, info: DatasetInfo, accepted: list[_Checked], skipped: list[Skipped], target_split: str
) -> Plan:
    counts: dict[str, int] = {}
    for entry in accepted:
        for annotation in entry.addition.annotations or ():
            counts[annotation.class_name] = counts.get(annotation.class_name, 0) + 1
    grown = with_additions(info, split=target_split, classes=list(counts))
    rows = [
        Touched(
            item_id_of(entry.name),
            target_split,
            exists=True,
            existed=False,
            content_hash=entry.content_hash,
            bytes=entry.addition.image.stat().st_size,
        )
        for entry in accepted
    ]

    def changes() -> Iterator[Change]:
        if accepted and grown != info:
            yield info_change(grown)
        for entry in accepted:
            yield _change(entry, target_split, grown)

    new_classes = grown.classes[len(info.classes) :] if accepted else ()
    return Plan(len(accepted), tuple(skipped), changes, after_table(rows), counts, new_classes)


def _change(entry: _Checked, split: str, info: DatasetInfo) -> Change:
    labels = ItemLabels(entry.addition.annotations, entry.addition.extra)
    texts = encode_labels(labels, info=info, width=entry.header.width, height=entry.header.height)
    path = entry.path(split, info)
    written = [
        (p, text.encode()) for p, text in zip(label_paths(path), texts, strict=True) if text is not None
    ]
    # labels before the image: an image is never seen without them
    return Change(path, contents=(*written, (path, entry.addition.image)))


def _check(addition: Addition, info: DatasetInfo) -> _Checked:
    names = {a.class_name for a in addition.annotations or ()}
    for name in names:
        check_label(name, task=info.task)
    if info.task == "classify" and len(names) > 1:
        raise InvalidInputError("an image of this set has one class", code="several-classes")
    header = probe_image(addition.image)
    return _Checked(addition, clean_name(addition.name), header, md5_file(addition.image))


def clean_name(name: str) -> str:
    """Return a path below a split that is fit for `data/`: NFC, no hidden or overlong parts.

    Raises InvalidInputError `invalid-path`.
    """
    name = unicodedata.normalize("NFC", name)
    beneath(Path("data"), name)
    parts = [_shortened(part.lstrip(".") or "_") for part in name.split("/")]
    return "/".join(parts)


def _shortened(part: str) -> str:
    if len(part.encode()) <= _MAX_NAME:
        return part
    stem, suffix = PurePosixPath(part).stem, PurePosixPath(part).suffix
    short = stem.encode()[: _MAX_NAME - 40].decode(errors="ignore")
    return f"{short}-{item_id_of(part)}{suffix}"


class _Names:
    """The names that are taken, also by additions before."""

    def __init__(self, dataset: Dataset, wanted: Sequence[str]) -> None:
        self._dataset = dataset
        self._stems = dataset.index.existing_stems([stem_of(name) for name in wanted])

    def take(self, entry: _Checked, split: str, info: DatasetInfo) -> _Checked:
        """Return the entry under its name, or one like it that is free, and take that."""
        path = PurePosixPath(entry.name)
        count = 0
        while not self._is_free(entry.name, entry.path(split, info)):
            mark = entry.content_hash[:8] + (f"-{count}" if count else "")
            entry = replace(entry, name=str(path.with_name(f"{path.stem}-{mark}{path.suffix}")))
            self._stems |= self._dataset.index.existing_stems([stem_of(entry.name)])
            count += 1
        self._stems.add(stem_of(entry.name))
        return entry

    def _is_free(self, name: str, path: str) -> bool:
        return stem_of(name) not in self._stems and not files_of(self._dataset.layout.data, path)
