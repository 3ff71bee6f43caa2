"""The network: a small backbone, features of strides 8 and 16 joined at 8, three heads.

Objects are points, as in CenterNet (Zhou et al., 2019): a heat map per class peaks at each object's centre; two more
maps give the distances from there to the box's four sides (as in FCOS, Tian et al., 2019).
"""

import torch
from torch import nn

STRIDE = 8


def conv(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    """3×3 convolution, batch norm, SiLU."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.SiLU(inplace=True)
    )


class Residual(nn.Module):
    """Two convolutions around a skip."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(conv(channels, channels // 2), conv(channels // 2, channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Same shape out as in."""
        return x + self.body(x)


class Detector(nn.Module):
    """Maps images (n, 3, s, s) in 0…1 to class logits (n, classes, s/8, s/8) and distances (n, 4, s/8, s/8).

    Distances (left, top, right, bottom) are in pixels of the input and positive.
    """

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.BatchNorm2d(3), conv(3, width, 2), conv(width, width * 2, 2))
        self.eighth = nn.Sequential(conv(width * 2, width * 3, 2), Residual(width * 3))
        self.sixteenth = nn.Sequential(
            conv(width * 3, width * 4, 2),
            Residual(width * 4),
            Residual(width * 4),
            conv(width * 4, width * 3),
        )
        self.joined = conv(width * 3, width * 3)
        self.classes = nn.Sequential(conv(width * 3, width * 3), nn.Conv2d(width * 3, classes, 1))
        self.distances = nn.Sequential(conv(width * 3, width * 3), nn.Conv2d(width * 3, 4, 1))
        # objects are rare: begin at a probability of 1 %, or the loss of the empty places drowns the others
        nn.init.constant_(self.classes[-1].bias, -4.6)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See the class."""
        fine = self.eighth(self.stem(x))
        coarse = nn.functional.interpolate(self.sixteenth(fine), scale_factor=2.0, mode="nearest")
        features = self.joined(fine + coarse)
        return self.classes(features), nn.functional.softplus(self.distances(features)) * STRIDE


def centres(side: int, device: torch.device) -> torch.Tensor:
    """Return the (x, y) of the places of a map of side×side, in input pixels: (side, side, 2)."""
    at = (torch.arange(side, device=device) + 0.5) * STRIDE
    y, x = torch.meshgrid(at, at, indexing="ij")
    return torch.stack((x, y), -1)


def boxes_of(distances: torch.Tensor) -> torch.Tensor:
    """Turn distances (n, 4, h, w) into boxes x1, y1, x2, y2: (n, h, w, 4)."""
    place = centres(distances.shape[-1], distances.device)
    d = distances.permute(0, 2, 3, 1)
    return torch.cat((place - d[..., :2], place + d[..., 2:]), -1)


@torch.no_grad()
def detect(
    model: Detector, images: torch.Tensor, *, most: int = 100, overlap: float = 0.55
) -> list[torch.Tensor]:
    """Return per image (k, 6): x1, y1, x2, y2, score, class; at most `most`, none overlapping another of its class."""
    logits, distances = model(images)
    scores = logits.sigmoid()
    peaks = scores * (nn.functional.max_pool2d(scores, 3, 1, 1) == scores)
    boxes = boxes_of(distances).flatten(1, 2)
    found: list[torch.Tensor] = []
    for peak, box in zip(peaks.permute(0, 2, 3, 1).flatten(1, 2), boxes, strict=True):
        values, places = peak.flatten().topk(min(most * 3, peak.numel()))
        kept = values > 0.02
        places, values = places[kept], values[kept]
        number = places % peak.shape[1]
        rows = torch.cat((box[places // peak.shape[1]], values[:, None], number[:, None].float()), 1)
        found.append(suppress(rows, overlap)[:most])
    return found


def suppress(rows: torch.Tensor, overlap: float) -> torch.Tensor:
    """Return the rows (best first) that overlap no better one of their class by more than `overlap`."""
    if len(rows) == 0:
        return rows
    away = rows[:, 5:6] * 1e5  # classes are moved apart, so that one pass does for all
    ratios = overlaps(rows[:, :4] + away, rows[:, :4] + away)
    keep = torch.ones(len(rows), dtype=torch.bool)
    for i in range(len(rows)):
        if keep[i]:
            keep[i + 1 :] &= ratios[i, i + 1 :] <= overlap
    return rows[keep]


def overlaps(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the intersections over unions of boxes (n, 4) and (m, 4): (n, m)."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    common = (high - low).clamp(min=0).prod(-1)
    size_a = (a[:, 2:] - a[:, :2]).clamp(min=0).prod(-1)
    size_b = (b[:, 2:] - b[:, :2]).clamp(min=0).prod(-1)
    return common / (size_a[:, None] + size_b[None] - common).clamp(min=1e-6)
