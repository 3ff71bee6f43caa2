"""A small convolutional network: four blocks of depth-wise separable convolutions with a skip."""

import torch
from torch import nn


class Block(nn.Module):
    """Halve the side, then add what two separable convolutions see."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.down = nn.Sequential(
            nn.Conv2d(inside, outside, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(outside), nn.SiLU()
        )
        self.look = nn.Sequential(
            nn.Conv2d(outside, outside, 3, padding=1, groups=outside, bias=False),
            nn.BatchNorm2d(outside),
            nn.SiLU(),
            nn.Conv2d(outside, outside, 1, bias=False),
            nn.BatchNorm2d(outside),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inside, h, w) to (n, outside, h/2, w/2)."""
        x = self.down(x)
        return nn.functional.silu(x + self.look(x))


def small_cnn(classes: int, width: int) -> nn.Module:
    """Return a network from (n, 3, s, s) in 0…1 to (n, classes) logits."""
    return nn.Sequential(
        nn.BatchNorm2d(3),
        Block(3, width),
        Block(width, width * 2),
        Block(width * 2, width * 4),
        Block(width * 4, width * 8),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(width * 8, classes),
    )
