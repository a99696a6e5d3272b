"""All pairs of 64-bit hashes that differ in few bits, by multi-index hashing.

A hash is cut into four bands of 16 bits. Two hashes that differ in at most r bits have a band in
which they differ in at most r // 4 (Norouzi, Punjani and Fleet, "Fast Search in Hamming Space with
Multi-Index Hashing", 2012). So each band is looked up in a table of buckets, with every change of
so few bits, and what lies there is compared. Of random hashes that is one of some hundreds.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError

_BANDS, _BITS = 4, 16
_MOST_PAIRS = 1 << 22  # candidates that are compared at once
LARGEST = 4 * _BANDS - 1
"""The largest radius: three changed bits a band."""

Hashes = NDArray[np.uint64]
Rows = NDArray[np.int64]


def near_hashes(queries: Hashes, corpus: Hashes, radius: int) -> tuple[Rows, Rows, Rows]:
    """Return all pairs within a radius: rows of queries, rows of the corpus, bits that differ.

    Args:
        queries: uint64 (q,).
        corpus: uint64 (n,).
        radius: Most bits in which the hashes of a pair may differ.

    Returns:
        Three int64 (pairs,), by query and then by row of the corpus, no pair twice.

    Raises:
        InputError: The radius is negative or above LARGEST.
    """
    if not 0 <= radius <= LARGEST:
        raise InputError("the radius is out of range", expected=f"0 to {LARGEST}", seen=radius)
    found = [np.empty(0, np.int64)]
    for band in range(_BANDS):
        buckets = _Buckets(_band(corpus, band))
        wanted = _band(queries, band)
        for change in _changes(radius // _BANDS):
            for left, right in buckets.pairs(wanted ^ change):
                bits = np.bitwise_count(queries[left] ^ corpus[right])
                near = bits <= radius
                found.append(left[near] * len(corpus) + right[near])
    pairs = np.unique(np.concatenate(found))
    left, right = np.divmod(pairs, max(1, len(corpus)))
    return left, right, np.bitwise_count(queries[left] ^ corpus[right]).astype(np.int64)


def _band(hashes: Hashes, band: int) -> NDArray[np.uint16]:
    return (hashes >> np.uint64(_BITS * band)).astype(np.uint16)


def _changes(bits: int) -> list[np.uint16]:
    """Return every word of 16 bits of which at most ``bits`` are set."""
    places = [set_ for count in range(bits + 1) for set_ in combinations(range(_BITS), count)]
    return [np.uint16(sum(1 << place for place in each)) for each in places]


class _Buckets:
    """The rows of the corpus by the value of one band."""

    def __init__(self, values: NDArray[np.uint16]) -> None:
        self._rows = np.argsort(values, kind="stable").astype(np.int64)
        counts = np.bincount(values, minlength=1 << _BITS)
        self._starts = np.concatenate([[0], np.cumsum(counts)])

    def pairs(self, wanted: NDArray[np.uint16]) -> Iterator[tuple[Rows, Rows]]:
        """Yield, in portions, rows of ``wanted`` and the corpus rows in their buckets."""
        starts = self._starts[wanted]
        counts = self._starts[wanted.astype(np.int64) + 1] - starts
        ends = np.cumsum(counts)
        if not len(ends) or not ends[-1]:
            return
        cuts = np.searchsorted(ends, np.arange(_MOST_PAIRS, ends[-1], _MOST_PAIRS))
        edges = np.unique(np.concatenate([[0], cuts, [len(wanted)]]))
        for low, high in pairwise(edges.tolist()):
            part = counts[low:high]
            left = np.repeat(np.arange(low, high), part)
            within = np.arange(int(part.sum())) - np.repeat(np.cumsum(part) - part, part)
            yield left, self._rows[np.repeat(starts[low:high], part) + within]
