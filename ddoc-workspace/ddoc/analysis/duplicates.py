"""Near-duplicates: perceptual hash and cosine each propose pairs, and each needs some consent of the other."""

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_HASH_DISTANCE = 6
_BANDS = 8
_MAX_STEPS = 256
_MAX_EQUAL = 64
_MIN_ROWS = 30


def hash_pairs(hashes: NDArray[np.uint64], mirrored: NDArray[np.uint64] | None = None) -> NDArray[np.int64]:
    """Return the pairs (m, 2), i < j, of perceptual hashes that differ in at most 6 of 64 bits.

    A mirrored image is a pair too where `mirrored` holds the hashes of the mirrored images. Two hashes that differ
    in at most 6 bits agree in two of 8 bands of 8 bits, so only rows that share two bands are compared (pigeonhole,
    as in multi-index hashing, Norouzi et al. 2012). A hash is compared with the 256 after it in its bucket's sorted
    order; over 64 rows of one hash (plain images, mostly) are paired as a chain.
    """
    count = len(hashes)
    both = hashes if mirrored is None else np.concatenate([hashes, mirrored])
    values, inverse = np.unique(both, return_inverse=True)
    members = np.argsort(inverse, kind="stable")
    starts = np.searchsorted(inverse[members], np.arange(len(values) + 1))
    bands = [(values >> np.uint64(8 * band)) & np.uint64(0xFF) for band in range(_BANDS)]
    near = [
        _same_bucket_pairs(values, bands[first] << np.uint64(8) | bands[second])
        for first, second in combinations(range(_BANDS), 2)
    ]
    rows = [_rows_of_equal(members, starts), _rows_of_near(np.unique(np.concatenate(near)), members, starts)]
    found = np.concatenate(rows)
    found = found[(found < count).any(axis=1)]  # mirrored against mirrored says nothing new
    pairs = np.sort(found % count, axis=1)
    codes = np.unique(pairs[:, 0] * count + pairs[:, 1])
    pairs = np.stack([codes // count, codes % count], axis=1)
    return pairs[pairs[:, 0] != pairs[:, 1]]


def _rows_of_equal(members: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the pairs of rows with one and the same hash: all of them up to 64 rows, else a chain."""
    found = [np.empty((0, 2), np.int64)]
    for value in np.flatnonzero(np.diff(starts) > 1):
        rows = members[starts[value] : starts[value + 1]]
        if len(rows) <= _MAX_EQUAL:
            first, second = np.triu_indices(len(rows), 1)
            found.append(np.stack([rows[first], rows[second]], axis=1))
        else:
            found.append(np.stack([rows[:-1], rows[1:]], axis=1))
    return np.concatenate(found)


def _rows_of_near(
    codes: NDArray[np.int64], members: NDArray[np.int64], starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the pairs of rows for pairs of different hashes, given as first · 2³² + second."""
    first, second = codes >> 32, codes & 0xFFFFFFFF
    found = [np.stack([members[starts[first]], members[starts[second]]], axis=1)]
    sizes = np.diff(starts)
    for place in np.flatnonzero((sizes[first] > 1) | (sizes[second] > 1)):
        left = members[starts[first[place]] : starts[first[place] + 1]][:_MAX_EQUAL]
        right = members[starts[second[place]] : starts[second[place] + 1]][:_MAX_EQUAL]
        found.append(np.stack([np.repeat(left, len(right)), np.tile(right, len(left))], axis=1))
    return np.concatenate(found)


def _same_bucket_pairs(values: NDArray[np.uint64], bucket: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return pairs of near values that share a bucket, as first · 2³² + second."""
    order = np.lexsort((values, bucket))
    places = np.arange(len(order))
    found = [np.empty(0, np.int64)]
    for step in range(1, _MAX_STEPS + 1):
        places = places[places + step < len(order)]
        left, right = order[places], order[places + step]
        together = bucket[left] == bucket[right]
        places, left, right = places[together], left[together], right[together]
        if not len(places):
            break
        near = np.bitwise_count(values[left] ^ values[right]) <= MAX_HASH_DISTANCE
        left, right = left[near], right[near]
        found.append((np.minimum(left, right) << 32) | np.maximum(left, right))
    return np.concatenate(found)


def cosine_thresholds(far: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """Return the cosines above which two images count as one (alone, with the consent of their hashes).

    `far` (n,) is each image's cosine to the farthest of its neighbours: an ordinary neighbour even where every image
    has a duplicate. Eight robust deviations above the median are no longer ordinary; two suffice where the
    perceptual hashes agree too. The deviation is taken below the median, which duplicates do not reach. Held within
    .60 … .95 and .25 … that, measured on planted JPEG, resize, brightness and crop copies.
    """
    if len(far) < _MIN_ROWS:
        return 0.9, 0.6
    values = far.astype(np.float64)
    middle = float(np.median(values))
    spread = 1.4826 * float(np.median(middle - values[values <= middle]))
    strict = float(np.clip(middle + 8 * spread, 0.60, 0.95))
    return strict, float(np.clip(middle + 2 * spread, 0.25, strict))


def components(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each of `count` rows the number of its connected component (0, 1, …), or −1 if it is alone."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not count:
        return np.empty(0, np.int64)
    edges = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, labels = connected_components(edges, directed=False)
    _, first, inverse, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    grouped = sizes > 1
    numbers = np.full(len(sizes), -1, np.int64)
    numbers[np.flatnonzero(grouped)[np.argsort(first[grouped])]] = np.arange(int(grouped.sum()))
    return numbers[inverse]
