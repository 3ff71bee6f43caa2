"""The part of CLIP that looks: a torch module from 8-bit pixels to vectors. Importing it imports torch."""

from collections.abc import Sequence
from typing import Any

import torch


class ImageTower(torch.nn.Module):
    """An open_clip model's image side with its normalisation: uint8 (n, side, side, 3) to float32 (n, dim) of length 1.

    `mean` and `std` are of the model's training, per channel, on a scale of 0 to 1.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        mean: Sequence[float],
        std: Sequence[float],
        device: str,
        kind: torch.dtype,
    ) -> None:
        super().__init__()
        self.model: Any = model.to(device=device, dtype=kind).eval()
        self.kind = kind
        # one multiply-add instead of ToTensor and Normalize for every image
        self.scale = torch.tensor([1 / (255 * s) for s in std], device=device).view(1, 3, 1, 1)
        self.offset = torch.tensor([-m / s for m, s in zip(mean, std, strict=True)], device=device).view(
            1, 3, 1, 1
        )

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the vectors of `pixels`."""
        batch = (pixels.permute(0, 3, 1, 2).float() * self.scale + self.offset).to(self.kind)
        found: torch.Tensor = self.model.encode_image(batch, normalize=True).float()
        return found
