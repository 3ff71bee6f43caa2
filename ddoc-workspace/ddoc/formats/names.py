"""Names of files: what is safe, how long they may be, and how clashes are resolved."""

import hashlib
import unicodedata

from ddoc.reports import Report

MAX_NAME_BYTES = 255
# Unicode's bidirectional controls: they make a name look like another
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_safe_name(name: str) -> bool:
    """Return whether one part of a path is free of control, direction, separator and undecodable characters."""
    if name.isascii():
        return name.isprintable() and "\\" not in name and "/" not in name
    return not any(
        c in _BIDI or c in "\\/" or unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in name
    )


def shortened(name: str) -> str:
    """Return `name` (one part of a path) cut to 255 bytes of UTF-8 by a hash of the whole; short ones as they are.

    Equal names give equal results, so an annotation file that names the long form still finds its image.
    """
    if len(name.encode("utf-8", "surrogatepass")) <= MAX_NAME_BYTES:
        return name
    dot = name.rfind(".")
    suffix = name[dot:] if 0 < len(name) - dot <= 16 and dot > 0 else ""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    tail = f"~{digest}{suffix}"
    room = MAX_NAME_BYTES - len(tail.encode())
    return name.encode("utf-8", "surrogatepass")[:room].decode("utf-8", "ignore") + tail


def shortened_path(path: str) -> str:
    """Return `path` with every part shortened."""
    if len(path) <= MAX_NAME_BYTES // 4:
        return path
    return "/".join(shortened(part) for part in path.split("/"))


def clash_key(path: str) -> str:
    """Return what two paths share that some file system or a label file's name would confuse."""
    return path.lower() if path.isascii() else unicodedata.normalize("NFC", path.casefold())


class UniqueNames:
    """Gives every item a name whose stem is its own within the dataset, whatever the split.

    `a.jpg` and `a.png` would share `a.txt`, and `train/a.jpg` and `val/a.jpg` one id: the second is renamed
    `a-2.…` and reported as `name-clash`.
    """

    def __init__(self, report: Report) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}
        self._report = report

    def take(self, name: str) -> str:
        """Return `name`, or a variant of it that is free, and keep it."""
        slash = name.rfind("/")
        dot = name.rfind(".")
        stem, suffix = (name[:dot], name[dot:]) if dot > slash + 1 else (name, "")
        key = clash_key(stem)
        if key not in self._taken:
            self._taken.add(key)
            return name
        folder, base = stem[: slash + 1], stem[slash + 1 :]
        number = self._next.get(key, 2)
        while True:
            candidate = folder + shortened(f"{base}-{number}{suffix}")
            number += 1
            taken = clash_key(candidate[: len(candidate) - len(suffix)])
            if taken not in self._taken:
                break
        self._next[key] = number
        self._taken.add(taken)
        self._report.note("name-clash", name, "renamed", candidate)
        return candidate
