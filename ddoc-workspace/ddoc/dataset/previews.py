"""Thumbnails, kept by content: an image that moves or comes back needs no new one."""

from pathlib import Path

from ddoc.dataset.images import thumbnail
from ddoc.dataset.items import Item
from ddoc.errors import InvalidInputError, NotFoundError
from ddoc.paths import Layout, write_atomic

SIZES = (64, 128, 256, 512, 1024)
"""Longer sides in pixels that are made; other sizes get the next larger one."""
CAP_BYTES = 4 << 30
_SHARDS = 256
_TRIM_EVERY = 16


def thumbnail_of(layout: Layout, item: Item, size: int = 256, *, cap_bytes: int = CAP_BYTES) -> bytes:
    """Return the WebP thumbnail of an item; raises what `thumbnail_of_content` raises."""
    return thumbnail_of_content(layout, item.content_hash, layout.data / item.path, size, cap_bytes=cap_bytes)


def thumbnail_of_content(
    layout: Layout, content_hash: str, source: Path, size: int = 256, *, cap_bytes: int = CAP_BYTES
) -> bytes:
    """Return the WebP thumbnail of the image `source`, whose bytes have this hash.

    Its longer side is the least of SIZES that is at least `size`. Raises InvalidInputError `invalid-size`, or the
    image's own code where it cannot be decoded; NotFoundError `image-missing`. The cache is held under about
    `cap_bytes`, the longest unused going first.
    """
    if not 1 <= size <= SIZES[-1]:
        raise InvalidInputError(f"size is 1 to {SIZES[-1]}", code="invalid-size", pointer="/size")
    made = next(s for s in SIZES if s >= size)
    folder = layout.thumbnails / content_hash[:2]
    path = folder / f"{content_hash}-{made}.webp"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass  # made below
    if source.is_symlink() or not source.is_file():
        raise NotFoundError("the image is no longer there", code="image-missing")
    data = thumbnail(source, made)
    write_atomic(path, data)
    # one shard in turn is trimmed now and then: no count has to be kept anywhere
    if int(content_hash[-2:], 16) % _TRIM_EVERY == 0:
        _trim(folder, cap_bytes // _SHARDS)
    return data


def _trim(folder: Path, cap: int) -> None:
    entries = [(path.stat(), path) for path in folder.glob("*.webp")]
    total = sum(stat.st_size for stat, _ in entries)
    for stat, path in sorted(entries, key=lambda entry: max(entry[0].st_atime, entry[0].st_mtime)):
        if total <= cap:
            return
        path.unlink(missing_ok=True)
        total -= stat.st_size
