"""The lines of YOLO label files: `class cx cy w h`, or `class x1 y1 x2 y2 …` for a polygon, as shares of the size.

Ten decimals are written and read back to the pixel value that was meant: a coordinate within a millionth of the
image's size of a whole number is that number (six decimals, which most tools write, cannot tell them apart), any
other is rounded at the fifth decimal of a pixel. What does not survive that is kept exactly in the sidecar.
"""

from collections.abc import Sequence
from math import floor, isfinite

from ddoc.dataset.items import Box

Ring = tuple[float, ...]
_SNAP = 1e-6
_LARGEST = 50_000
_BOX_LINE = "%d %.10f %.10f %.10f %.10f"


class LineError(ValueError):
    """A line that cannot be read; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def box_line(number: int, box: Box, width: int, height: int) -> str:
    """Return the line of a box of class `number`; the box must lie inside the image."""
    x1, y1, x2, y2 = box.x1, box.y1, box.x2, box.y2
    return _BOX_LINE % (
        number,
        (x1 + x2) / (2 * width),
        (y1 + y2) / (2 * height),
        (x2 - x1) / width,
        (y2 - y1) / height,
    )


def comes_back(box: Box, width: int, height: int) -> bool:
    """Return whether reading the box's line gives exactly this box; False where that is not certain.

    Ten decimals of a share are off by 0.75e-10 of the size at most, under half a unit of the fifth decimal of a
    pixel up to `_LARGEST`; so a whole number, or a number of five decimals that no snap can reach, comes back.
    """
    x1, y1, x2, y2 = box.x1, box.y1, box.x2, box.y2
    if not (0 <= x1 < x2 <= width <= _LARGEST and 0 <= y1 < y2 <= height <= _LARGEST):
        return False
    return (
        (x1 % 1 == 0 or _is_short(x1, width))
        and (y1 % 1 == 0 or _is_short(y1, height))
        and (x2 % 1 == 0 or _is_short(x2, width))
        and (y2 % 1 == 0 or _is_short(y2, height))
    )


def _is_short(value: float, size: int) -> bool:
    return int(value * 1e5 + 0.5) / 1e5 == value and abs(value - round(value)) > 2 * _SNAP * size + 1e-5


def ring_line(number: int, ring: Sequence[float], width: int, height: int) -> str:
    """Return the line of a polygon of class `number`, its points clamped into the image."""
    shares = [
        f"{min(max(value / (height if at % 2 else width), 0.0), 1.0):.10f}" for at, value in enumerate(ring)
    ]
    return f"{number} {' '.join(shares)}"


def joined(rings: Sequence[Ring]) -> Ring:
    """Join rings into one by bridges of no width, walked there and back, so that the filled area stays the same.

    YOLO text has one ring per object.
    """
    first = rings[0]
    if len(rings) == 1:
        return first
    points = [*first, *first[:2]]
    for ring in rings[1:]:
        points += [*ring, *ring[:2], *first[:2]]
    return tuple(points[:-2])


def bounds(rings: Sequence[Ring]) -> Box:
    """Return the box around rings of flat coordinates."""
    xs = [x for ring in rings for x in ring[0::2]]
    ys = [y for ring in rings for y in ring[1::2]]
    return Box(min(xs), min(ys), max(xs), max(ys))


def clip(
    x1: float, y1: float, x2: float, y2: float, width: float, height: float
) -> tuple[float, float, float, float]:
    """Return the part of a box inside the image; it may have no area."""
    return (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))


def box_of(cx: float, cy: float, w: float, h: float, width: int, height: int) -> tuple[Box, bool]:
    """Return the box in pixels of a line's four shares, and whether it had to be clipped.

    Raises LineError `invalid-number` (not finite), or `box-empty` where nothing is left inside the image.
    """
    x1 = (cx - w / 2) * width
    x2 = (cx + w / 2) * width
    y1 = (cy - h / 2) * height
    y2 = (cy + h / 2) * height
    if not isfinite(x1 + x2 + y1 + y2):
        raise LineError("invalid-number")
    x1, y1, x2, y2 = _snapped(x1, width), _snapped(y1, height), _snapped(x2, width), _snapped(y2, height)
    if 0.0 <= x1 < x2 <= width and 0.0 <= y1 < y2 <= height:
        return Box(x1, y1, x2, y2), False
    x1, y1, x2, y2 = clip(x1, y1, x2, y2, width, height)
    if not (x1 < x2 and y1 < y2):
        raise LineError("box-empty")
    return Box(x1, y1, x2, y2), True


def plain_box(cx: float, cy: float, w: float, h: float, width: int, height: int) -> Box | None:
    """Return the box of a line's four shares if it lies inside the image, as most do; None for any other.

    Every box goes through here, so what `_snapped` does is written out.
    """
    snap_x, snap_y = _SNAP * width, _SNAP * height
    x1 = (cx - w / 2) * width
    x2 = (cx + w / 2) * width
    y1 = (cy - h / 2) * height
    y2 = (cy + h / 2) * height
    if not (0.0 <= x1 < x2 <= width and 0.0 <= y1 < y2 <= height):
        return None
    near = int(x1 + 0.5)
    x1 = float(near) if -snap_x < x1 - near < snap_x else int(x1 * 1e5 + 0.5) / 1e5
    near = int(x2 + 0.5)
    x2 = float(near) if -snap_x < x2 - near < snap_x else int(x2 * 1e5 + 0.5) / 1e5
    near = int(y1 + 0.5)
    y1 = float(near) if -snap_y < y1 - near < snap_y else int(y1 * 1e5 + 0.5) / 1e5
    near = int(y2 + 0.5)
    y2 = float(near) if -snap_y < y2 - near < snap_y else int(y2 * 1e5 + 0.5) / 1e5
    return Box(x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None


def _snapped(value: float, size: int) -> float:
    """Return the whole number that `value` is nearly, else the value to the fifth decimal."""
    near = round(value)
    return float(near) if abs(value - near) < _SNAP * size else floor(value * 1e5 + 0.5) / 1e5


def ring_of(shares: Sequence[float], width: int, height: int) -> tuple[Ring, bool]:
    """Return the ring in pixels of a line's shares, clamped into the image, and whether it had to be.

    Raises LineError `invalid-number`, or `polygon-empty` where no area is left.
    """
    ring: list[float] = []
    clipped = False
    for at, share in enumerate(shares):
        size = height if at % 2 else width
        value = share * size
        if not isfinite(value):
            raise LineError("invalid-number")
        value = _snapped(value, size)
        if not 0.0 <= value <= size:
            clipped = True
            value = min(max(value, 0.0), float(size))
        ring.append(value)
    if len(set(ring[0::2])) < 2 or len(set(ring[1::2])) < 2:
        raise LineError("polygon-empty")
    return tuple(ring), clipped
