"""Near-duplicates: perceptual hash and cosine each propose pairs, and each needs some consent of the other."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

MAX_HASH_DISTANCE = 6
_BANDS = 8
_MAX_STEPS = 256


def hash_pairs(hashes: NDArray[np.uint64], mirrored: NDArray[np.uint64] | None = None) -> NDArray[np.int64]:
    """Return the pairs (m, 2), i < j, of perceptual hashes that differ in at most 6 of 64 bits.

    A mirrored image is a pair too where `mirrored` holds the hashes of the mirrored images. Two hashes that differ
    in at most 6 bits agree in two of 8 bands of 8 bits, so only rows that share two bands are compared (pigeonhole,
    as in multi-index hashing, Norouzi et al. 2012). Where over 256 rows share them (plain images, mostly), a row
    is compared with the 256 after it in sorted order: enough to connect equal hashes.
    """
    count = len(hashes)
    both = hashes if mirrored is None else np.concatenate([hashes, mirrored])
    bands = [(both >> np.uint64(8 * band)) & np.uint64(0xFF) for band in range(_BANDS)]
    found = [np.empty((0, 2), np.int64)]
    for first, second in combinations(range(_BANDS), 2):
        found.append(_same_bucket_pairs(both, bands[first] << np.uint64(8) | bands[second], count))
    return np.unique(np.concatenate(found), axis=0)


def _same_bucket_pairs(both: NDArray[np.uint64], bucket: NDArray[np.uint64], count: int) -> NDArray[np.int64]:
    order = np.lexsort((both, bucket))
    places = np.arange(len(order))
    found = [np.empty((0, 2), np.int64)]
    for step in range(1, _MAX_STEPS + 1):
        places = places[places + step < len(order)]
        left, right = order[places], order[places + step]
        together = bucket[left] == bucket[right]
        places, left, right = places[together], left[together], right[together]
        if not len(places):
            break
        near = np.bitwise_count(both[left] ^ both[right]) <= MAX_HASH_DISTANCE
        near &= (left < count) | (right < count)  # mirrored against mirrored says nothing new
        near &= left % count != right % count
        found.append(np.stack([left[near] % count, right[near] % count], axis=1))
    pairs = np.concatenate(found)
    pairs.sort(axis=1)
    return pairs


def cosine_threshold(best: NDArray[np.floating]) -> float:
    """Return the cosine above which two images count as one, from the histogram of nearest-neighbour cosines.

    `best` (n,) is each image's cosine to its nearest neighbour. Distances of ordinary neighbours are close to
    log-normal; a near-duplicate lies far below. The threshold is four robust deviations under the median log
    distance, and never looser than cosine .90 nor stricter than .995.
    """
    distance = np.log(np.maximum(1 - best.astype(np.float64), 1e-6))
    if len(distance) < 8:
        return 0.97
    middle = float(np.median(distance))
    # only the upper half of the distances: planted duplicates must not widen the spread
    spread = 1.4826 * float(np.median(np.abs(distance[distance >= middle] - middle)))
    return float(np.clip(1 - np.exp(middle - 4 * spread), 0.90, 0.995))


def components(count: int, pairs: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return for each of `count` rows the number of its connected component (0, 1, …), or −1 if it is alone."""
    parent = np.arange(count)

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = int(parent[row])
        return row

    for left, right in pairs:
        a, b = root(int(left)), root(int(right))
        parent[max(a, b)] = min(a, b)
    roots = np.array([root(i) for i in range(count)], np.int64)
    _, inverse, sizes = np.unique(roots, return_inverse=True, return_counts=True)
    grouped = sizes > 1
    numbers = np.where(grouped, np.cumsum(grouped) - 1, -1)
    return numbers[inverse].astype(np.int64)
