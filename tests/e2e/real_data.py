"""Base and target made of real photographs: the target is the base with 30 % darkened and blurred."""

import io
import random
import zipfile
from pathlib import Path

from PIL import Image, ImageFilter

TOUCHED_SHARE = 0.3


def touched_names(source: Path) -> set[str]:
    """Return the images that `target_of` touches, by a fixed seed."""
    with zipfile.ZipFile(source) as archive:
        names = sorted(n for n in archive.namelist() if n.endswith(".jpg"))
    return set(random.Random(0).sample(names, int(len(names) * TOUCHED_SHARE)))


def target_of(source: Path, target: Path) -> set[str]:
    """Write `source` with a part darkened and blurred to `target`; returns the file names touched."""
    touched = touched_names(source)
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as out:
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            data = archive.read(entry)
            out.writestr(entry.filename, worsened(data) if entry.filename in touched else data)
    return {name.rsplit("/", 1)[-1] for name in touched}


def worsened(data: bytes) -> bytes:
    """Return the JPEG darkened to 60 % and blurred by two pixels."""
    image = Image.open(io.BytesIO(data)).filter(ImageFilter.GaussianBlur(2)).point(lambda v: int(v * 0.6))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95)
    return out.getvalue()
