"""Clusters of the joint set that the target has far more of than the base: content that is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddoc.drift.marginals import holm

MAX_CLUSTERS = 64
MIN_RATIO = 3.0
_MIN_SIZE = 5
_FIT_ROWS = 20_000
_EXAMPLES = 12


@dataclass(frozen=True, slots=True)
class NewCluster:
    """A cluster over-represented in the target: sizes on both sides, shares of each side, p-value after Holm.

    `ratio` is target share to base share (one image is added to the base's count, so that it stays finite).
    `examples` are target items, nearest to the centre first.
    """

    cluster: int
    base: int
    target: int
    base_share: float
    target_share: float
    ratio: float
    p_value: float
    examples: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the fields."""
        return {
            "id": self.cluster,
            "base": self.base,
            "target": self.target,
            "size": self.base + self.target,
            "base_share": self.base_share,
            "target_share": self.target_share,
            "ratio": self.ratio,
            "p_value": self.p_value,
            "examples": list(self.examples),
        }


@dataclass(frozen=True, slots=True)
class JointClusters:
    """Cluster numbers of base (n,) and target (m,) images, and the new clusters, largest target share first."""

    base: NDArray[np.int64]
    target: NDArray[np.int64]
    new: tuple[NewCluster, ...]


def new_clusters(
    base: NDArray[np.float32],
    target: NDArray[np.float32],
    target_ids: Sequence[str],
    *,
    alpha: float,
    seed: int,
) -> JointClusters:
    """Cluster both sides together and test each cluster for too many target images.

    MiniBatchKMeans on at most 20,000 random rows, k ≈ √(n/2) up to 64; one-sided hypergeometric test (Fisher's)
    with Holm. Clusters are made without looking at the sides, so the tests stay valid.
    """
    from scipy.stats import hypergeom  # a second to import: not for those who only read reports

    rows = np.concatenate([base, target])
    labels, centres = _cluster(rows, seed)
    ours, theirs = labels[: len(base)], labels[len(base) :]
    k = len(centres)
    in_base, in_target = np.bincount(ours, minlength=k), np.bincount(theirs, minlength=k)
    p_values = holm(hypergeom.sf(in_target - 1, len(rows), len(target), in_base + in_target).tolist())
    ratio = (in_target / len(target)) / ((in_base + 1) / len(base))
    is_new = (p_values <= alpha) & (ratio >= MIN_RATIO) & (in_target >= _MIN_SIZE)
    distance = np.linalg.norm(target - centres[theirs], axis=1)
    found: list[NewCluster] = []
    for cluster in np.flatnonzero(is_new).tolist():
        members = np.flatnonzero(theirs == cluster)
        nearest: list[int] = members[np.argsort(distance[members], kind="stable")][:_EXAMPLES].tolist()
        found.append(
            NewCluster(
                cluster=cluster,
                base=int(in_base[cluster]),
                target=int(in_target[cluster]),
                base_share=float(in_base[cluster] / len(base)),
                target_share=float(in_target[cluster] / len(target)),
                ratio=float(ratio[cluster]),
                p_value=float(p_values[cluster]),
                examples=tuple(target_ids[i] for i in nearest),
            )
        )
    return JointClusters(ours, theirs, tuple(sorted(found, key=lambda c: -c.target_share)))


def _cluster(rows: NDArray[np.float32], seed: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return (cluster of each row, centres)."""
    from sklearn.cluster import MiniBatchKMeans

    rng = np.random.default_rng(seed)
    fit_rows = rows if len(rows) <= _FIT_ROWS else rows[rng.choice(len(rows), _FIT_ROWS, replace=False)]
    k = int(np.clip(np.sqrt(len(rows) / 2), 2, MAX_CLUSTERS))
    settings: dict[str, Any] = {"n_clusters": k, "batch_size": 4096, "n_init": 3, "random_state": seed}
    model: Any = MiniBatchKMeans(**settings).fit(fit_rows)
    return np.asarray(model.predict(rows), np.int64), model.cluster_centers_
