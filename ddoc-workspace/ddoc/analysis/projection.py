"""Linear views of vectors: principal components, partially whitened or plain."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddoc.paths import atomic_path

_BLOCK = 8192
FIT_ROWS = 8192


@dataclass(frozen=True, slots=True)
class View:
    """An affine map to `dim` principal components. `mean` (d,), `axes` (d, dim), both float32.

    With `unit` the result's rows are scaled to length 1.
    """

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    unit: bool

    @property
    def dim(self) -> int:
        """Numbers per row of the result."""
        return int(self.axes.shape[1])

    def apply(self, vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Return float32 (n, dim) of `vectors` (n, d); works in blocks, so half-precision input stays small."""
        out = np.empty((len(vectors), self.dim), np.float32)
        for start in range(0, len(vectors), _BLOCK):
            block = vectors[start : start + _BLOCK].astype(np.float32)
            block -= self.mean
            np.matmul(block, self.axes, out=out[start : start + _BLOCK])
        if self.unit:
            out /= np.linalg.norm(out, axis=1, keepdims=True) + np.float32(1e-12)
        return out

    def save(self, path: Path) -> None:
        """Write the view as .npz by rename."""
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez(file, mean=self.mean, axes=self.axes, unit=np.array(self.unit))

    @classmethod
    def load(cls, path: Path) -> "View":
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as data:
            return cls(mean=data["mean"], axes=data["axes"], unit=bool(data["unit"]))


def fit_view(
    vectors: NDArray[np.floating[Any]],
    *,
    dim: int = 256,
    whiten: float = 0.25,
    unit: bool = True,
    seed: int = 0,
) -> View:
    """Fit principal components to at most 8,192 random rows of `vectors` (n, d).

    Each component is divided by its eigenvalue to the power `whiten` (¼: half-way to full whitening, which would
    raise noise to the rank of signal; 0: plain PCA). Components without variance are left out, so the result has
    min(dim, rank) numbers.
    """
    rng = np.random.default_rng(seed)
    rows = (
        vectors
        if len(vectors) <= FIT_ROWS
        else vectors[np.sort(rng.choice(len(vectors), FIT_ROWS, replace=False))]
    )
    data = rows.astype(np.float32)
    mean = data.mean(0) if len(data) else np.zeros(data.shape[1], np.float32)
    data -= mean
    count, width = data.shape
    if count < width:  # the small Gram matrix has the same non-zero eigenvalues
        values, left = np.linalg.eigh((data @ data.T / max(count, 1)).astype(np.float64))
        values, left = values[::-1], left[:, ::-1]
        keep = _kept(values, dim)
        axes = data.T @ left[:, :keep] / np.sqrt(np.maximum(values[:keep], 1e-12) * max(count, 1))
    else:
        values, right = np.linalg.eigh((data.T @ data / count).astype(np.float64))
        values, right = values[::-1], right[:, ::-1]
        keep = _kept(values, dim)
        axes = right[:, :keep]
    scale = np.maximum(values[:keep], 1e-12) ** whiten
    # eigenvectors have no sign of their own: fix it, so that equal data gives equal maps
    signs = np.sign(axes[np.abs(axes).argmax(0), np.arange(keep)]) if keep else np.ones(0)
    return View(mean=mean.astype(np.float32), axes=(axes * signs / scale).astype(np.float32), unit=unit)


def _kept(values: NDArray[np.float64], dim: int) -> int:
    return max(1, int(min(dim, (values > 1e-6 * max(float(values[0]), 1e-12)).sum()))) if len(values) else 0
