"""Image headers of a source's items, with what is unusual reported."""

from pathlib import Path

from ddoc.dataset.images import ImageHeader, probe_image
from ddoc.errors import InvalidInputError
from ddoc.formats.tree import printable, suffix_of
from ddoc.reports import Report

_SUFFIXES = {
    "JPEG": frozenset({".jpg", ".jpeg", ".jpe", ".jfif"}),
    "PNG": frozenset({".png"}),
    "WEBP": frozenset({".webp"}),
    "GIF": frozenset({".gif"}),
    "BMP": frozenset({".bmp"}),
    "TIFF": frozenset({".tif", ".tiff"}),
}


def probed(path: Path, subject: str, report: Report) -> ImageHeader | None:
    """Return the header of an image, or None (reported, skipped) where there is none to read.

    CMYK, 16-bit, palette, turned and animated images are kept and reported.
    """
    try:
        header = probe_image(path)
    except InvalidInputError as error:
        report.note(error.error_code, printable(subject), "skipped", error.detail)
        return None
    except OSError as error:
        report.note("unreadable-file", printable(subject), "skipped", error.strerror or "")
        return None
    if header.mode != "RGB" or header.orientation != 1 or header.animated:
        _note_unusual(header, subject, report)
    if suffix_of(subject) not in _SUFFIXES[header.format]:
        report.note("wrong-suffix", printable(subject), "kept", f"the content is {header.format}")
    return header


def _note_unusual(header: ImageHeader, subject: str, report: Report) -> None:
    if header.mode == "CMYK":
        report.note("cmyk-image", subject, "kept")
    if header.mode.endswith(";16") or header.mode.startswith("I"):
        report.note("16-bit-image", subject, "kept", header.mode)
    if header.mode == "P":
        report.note("palette-image", subject, "kept")
    if header.orientation != 1:
        report.note("rotated-image", subject, "kept", f"EXIF orientation {header.orientation}")
    if header.animated:
        report.note("animated-image", subject, "kept", "the first frame counts")


def note_size(header: ImageHeader, width: object, height: object, subject: str, report: Report) -> None:
    """Report where an annotation file gives another size than the image has; the image's own size counts."""
    if (width, height) == (header.width, header.height):
        return
    said = f"annotation says {width}×{height}, image is {header.width}×{header.height}"
    report.note("size-mismatch", printable(subject), "changed", said[:200])
