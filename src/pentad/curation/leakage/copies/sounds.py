"""Sounds that share a passage: candidates by equal parts of words, then the share of wrong bits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from pentad.curation.leakage.copies.found import Copy
from pentad.curation.leakage.copies.words import Words, hits
from pentad.curation.leakage.prints.collect import Prints
from pentad.curation.leakage.prints.sound import HOP, RATE

MOST_WRONG = 0.2
"""Share of the bits that two recordings of one passage may have different."""
LEAST_BITS = 160
"""Bits that both recordings must have in the passage, of those that count."""
LEAST_AGREED = 0.6
"""Of the bits that count in either recording of the passage, the share that count in both."""
_DEPENDENCE = 1.6
"""How much wider the share of equal bits of unrelated sounds spreads than that of free coins."""
_LAGS = 1000.0
_VOTES = 2
_BLOCK = 1 << 22


def sound_copies(train: Prints, evaluation: Prints) -> list[Copy]:
    """Return the pairs of sounds that share a passage; distances are shares of wrong bits.

    A pair is taken at the shift at which the fewest bits are wrong. That share must be at most
    MOST_WRONG; the two must agree on which bits count, as recordings of different sounds of one
    kind do not; and the share must be so far below one half that among all pairs and shifts less
    than one is expected by chance: ``(1 - 2 share) sqrt(bits) >= 1.6 sqrt(2 ln(1000 pairs))``,
    where 1.6 stands for the dependence of neighboring bits, as measured on unrelated sounds.
    """
    mine, others = Words.of(evaluation), Words.of(train)
    chance = _DEPENDENCE * sqrt(2 * log(_LAGS * max(2, len(mine) * len(others))))
    best: dict[tuple[int, int], tuple[float, int, int]] = {}
    for left, right, lag in _candidates(mine, others):
        wrong, bits, either = _compared(mine, others, left, right, lag)
        enough = (bits >= LEAST_BITS) & (bits >= LEAST_AGREED * either)
        share = np.where(enough, wrong / np.maximum(bits, 1), 1.0)
        good = (share <= MOST_WRONG) & ((1 - 2 * share) * np.sqrt(bits) >= chance)
        columns = (each[good].tolist() for each in (left, right, share, lag, bits))
        for one, other, *found in zip(*columns, strict=True):
            at = (found[0], found[1], found[2])
            best[one, other] = min(best.get((one, other), at), at)
    return [_copy(left, right, *found) for (left, right), found in sorted(best.items())]


def _copy(left: int, right: int, share: float, lag: int, bits: int) -> Copy:
    shift = lag * HOP / RATE
    detail = f"{share:.0%} of {bits} bits differ, shifted by {shift:+.2f} s"
    return Copy(left, right, 1 - share, share, detail)


def _candidates(mine: Words, others: Words) -> Iterator[tuple[NDArray[np.int64], ...]]:
    """Yield rows of both sides and shifts, in portions, that have several words in common.

    Shifts that differ by one are counted together, for a passage may lie between two frames.
    """
    span = 2 * (mine.longest + others.longest) + 4
    for left, right, lag in hits(mine, others):
        pair = left * len(others) + right
        shifted = lag + others.longest
        double = np.concatenate([pair * span + (shifted + odd) // 2 * 2 + odd for odd in (0, 1)])
        keys, counts = np.unique(double, return_counts=True)
        keys = keys[counts >= _VOTES]
        pairs, place = np.divmod(keys, span)
        first = place // 2 * 2 - (place % 2)
        pairs, lags = np.concatenate([pairs, pairs]), np.concatenate([first, first + 1])
        once = np.unique(pairs * span + lags + 1)
        pairs, lags = np.divmod(once, span)
        yield pairs // len(others), pairs % len(others), lags - 1 - others.longest


def _compared(
    mine: Words,
    others: Words,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    lag: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Compare each candidate where its two sounds overlap.

    Returns:
        Wrong bits, bits that count in both, bits that count in either.
    """
    begin = np.maximum(lag, 0)
    count = np.minimum(mine.lengths[left], others.lengths[right] + lag) - begin
    count = np.maximum(count, 0)
    wrong, bits, either = np.zeros((3, len(left)), np.int64)
    ends = np.cumsum(count)
    cuts = np.searchsorted(ends, np.arange(_BLOCK, ends[-1] if len(ends) else 0, _BLOCK))
    edges = np.unique(np.concatenate([[0], cuts, [len(left)]])).tolist()
    for low, high in pairwise(edges):
        part = count[low:high]
        item = np.repeat(np.arange(high - low), part)
        within = np.arange(len(item)) - np.repeat(np.cumsum(part) - part, part)
        place = begin[low:high][item] + within
        one = mine.starts[left[low:high]][item] + place
        other = others.starts[right[low:high]][item] + place - lag[low:high][item]
        counted = mine.counts[one] & others.counts[other]
        differing = np.bitwise_count((mine.bits[one] ^ others.bits[other]) & counted)
        wrong[low:high] = np.bincount(item, differing, high - low)
        bits[low:high] = np.bincount(item, np.bitwise_count(counted), high - low)
        union = np.bitwise_count(mine.counts[one] | others.counts[other])
        either[low:high] = np.bincount(item, union, high - low)
    return wrong, bits, either
