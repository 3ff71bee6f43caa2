"""Finding the image that an annotation file means, and an item's split and name by where its image is."""

from collections.abc import Iterable

from ddoc.dataset.info import is_split_name
from ddoc.formats.names import shortened_path
from ddoc.formats.tree import file_name, folder_of, nfc, split_named, stem_of, without_common_folder
from ddoc.reports import Report

IMAGE_FOLDERS = frozenset({"images", "image", "jpegimages", "imgs", "img", "photos"})


class ImageIndex:
    """Finds images by the names that annotation files use: full, partial, in another folder, or without suffix."""

    def __init__(self, images: Iterable[str]) -> None:
        self._paths: dict[str, str] = {}
        self._by_name: dict[str, list[str]] = {}
        for path in images:
            self._paths[nfc(path)] = path
            self._by_name.setdefault(nfc(file_name(path)), []).append(path)
        self._by_stem: dict[str, list[str]] | None = None

    def find(self, name: str, *, beside: str = "", split: str | None = None) -> str | None:
        """Return the path of the image called `name` by a file in the folder `beside`.

        The exact place counts first; else the image whose path ends like `name`; of several, the one in a folder
        of `split`, or nearest to `beside`.
        """
        wanted = shortened_path(nfc(name.replace("\\", "/")))
        for candidate in (beside + wanted, wanted):
            if candidate in self._paths:
                return self._paths[candidate]
        return _best(self._by_name.get(file_name(wanted), []), wanted, beside, split)

    def find_stem(self, stem: str, *, beside: str = "", split: str | None = None) -> str | None:
        """Return the path of the image whose path without suffix ends like `stem`."""
        if self._by_stem is None:
            self._by_stem = {}
            for path in self._paths.values():
                self._by_stem.setdefault(nfc(stem_of(file_name(path))), []).append(path)
        wanted = shortened_path(nfc(stem))
        return _best(self._by_stem.get(file_name(wanted), []), wanted, beside, split)


def _best(candidates: list[str], wanted: str, beside: str, split: str | None) -> str | None:
    if len(candidates) < 2:
        return candidates[0] if candidates else None

    def rank(path: str) -> tuple[int, int, int]:
        folders = folder_of(path).rstrip("/").split("/")
        in_split = split is not None and any(split_named(f) == split or f == split for f in folders)
        return (not in_split, -_shared_tail(nfc(path), wanted), -_shared_head(path, beside))

    return min(candidates, key=rank)


def _shared_tail(path: str, wanted: str) -> int:
    """Count the parts at the end that two paths share, whatever their suffix."""
    left, right = stem_of(path).split("/"), stem_of(wanted).split("/")
    count = 0
    for a, b in zip(reversed(left), reversed(right), strict=False):
        if a != b:
            break
        count += 1
    return count


def _shared_head(path: str, beside: str) -> int:
    count = 0
    for a, b in zip(path.split("/"), beside.split("/"), strict=False):
        if a != b:
            break
        count += 1
    return count


class ItemNames:
    """Gives items their name below the split: folders that only say "images" or the split are left out."""

    def __init__(self, images: list[str]) -> None:
        self._common = without_common_folder(images)
        self._starts: dict[tuple[str, str], int] = {}

    def name_of(self, path: str, split: str) -> str:
        """Return the NFC name below the split of the image at `path`."""
        key = (folder_of(path), split)
        start = self._starts.get(key)
        if start is None:
            start = self._starts[key] = self._start(*key)
        return nfc(path[start:])

    def _start(self, folder: str, split: str) -> int:
        """Return how much of a folder says nothing but that there are images, and their split."""
        parts = folder.split("/")[:-1]
        start = 0
        for at, part in enumerate(parts):
            says_split = split_named(part) is not None or (start == at and start > 0 and part == split)
            if part.lower() in IMAGE_FOLDERS or says_split:
                start = at + 1
        return sum(len(part) + 1 for part in parts[:start]) if start else self._common


def split_by_folder(path: str) -> str | None:
    """Return the split that a folder of `path` names, looking from the inside out, None if none does."""
    for part in reversed(path.split("/")[:-1]):
        split = split_named(part)
        if split is not None:
            return split
    return None


class Splits:
    """Decides splits, and reports once what had none."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._said: dict[tuple[str, str | None], str | None] = {}

    def of(self, path: str, said: str | None = None) -> str:
        """Return what the annotation files `said`, else what the folders say, else train (reported)."""
        key = (folder_of(path), said)
        if key not in self._said:
            usable = said is not None and is_split_name(said)
            self._said[key] = said if usable else split_by_folder(path)
        split = self._said[key]
        if split is not None:
            return split
        self._report.note("no-split", path, "changed", "no split is given; it goes to train")
        return "train"
