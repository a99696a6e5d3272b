"""The words of many sounds, and where those of two sets are equal in part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.curation.leakage.prints.collect import Prints

_KEY_BITS, _SHIFTS = 22, (0, 5, 10)
_BUSY = 12  # bits of a word that count, for the word to be looked up
_TRAIN_WORDS, _HITS = 1 << 22, 1 << 22
_COMMON = 64


@dataclass(frozen=True, eq=False)
class Words:
    """The words of sounds, one sound after another.

    Attributes:
        bits: uint32 (words,).
        counts: uint32 (words,), which of the bits count.
        starts: int64 (sounds + 1,), where the words of each sound begin.
    """

    bits: NDArray[np.uint32]
    counts: NDArray[np.uint32]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, prints: Prints) -> Words:
        """Return the words of the prints of sounds."""
        both = np.ascontiguousarray(prints.rows[:, 1:9]).view(">u4").astype(np.uint32)
        return cls(both[:, 0].copy(), both[:, 1].copy(), prints.offsets)

    def __len__(self) -> int:
        """Return how many sounds there are."""
        return len(self.starts) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Words of each sound, int64 (sounds,)."""
        return np.diff(self.starts)

    @property
    def longest(self) -> int:
        """Words of the longest sound."""
        return int(self.lengths.max()) if len(self) else 0

    def sound_of(self, words: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which sound a word is of."""
        return np.searchsorted(self.starts, words, side="right") - 1


def hits(mine: Words, others: Words) -> Iterator[tuple[NDArray[np.int64], ...]]:
    """Yield pairs of sounds and shifts at which some 22 bits of a word are equal.

    Words of the other set are looked up in portions of whole sounds, and so are mine, so that
    memory does not grow with their number. Keys that are much more common than chance has them,
    such as those of steady tones, tell nothing and are passed over.

    Yields:
        Sounds of mine, sounds of the others, shifts in words (place in mine less place in the
        other), with repeats. All hits of two sounds come together.
    """
    for low, high in _portions(others, _TRAIN_WORDS):
        tables = [_Table(others, low, high, shift) for shift in _SHIFTS]
        expected = (high - low) / (1 << _KEY_BITS) * len(_SHIFTS)
        for first, last in _portions(mine, max(1024, int(_HITS / (1 + 8 * expected)))):
            busy = first + np.flatnonzero(np.bitwise_count(mine.counts[first:last]) >= _BUSY)
            found = [table.equal(mine.bits[busy]) for table in tables]
            rows = busy[np.concatenate([one for one, _ in found])]
            words = np.concatenate([other for _, other in found])
            left, right = mine.sound_of(rows), others.sound_of(words)
            lag = (rows - mine.starts[left]) - (words - others.starts[right])
            yield left, right, lag


def _portions(words: Words, size: int) -> Iterator[tuple[int, int]]:
    """Yield first and last word of runs of whole sounds of about ``size`` words."""
    begin = 0
    while begin < len(words):
        wanted = int(words.starts[begin]) + size
        end = max(begin + 1, int(np.searchsorted(words.starts, wanted, side="right")) - 1)
        yield int(words.starts[begin]), int(words.starts[end])
        begin = end


class _Table:
    """The words of some sounds, sorted by 22 of their bits."""

    def __init__(self, words: Words, low: int, high: int, shift: int) -> None:
        self._shift = np.uint32(shift)
        busy = np.flatnonzero(np.bitwise_count(words.counts[low:high]) >= _BUSY)
        keys = self._keys(words.bits[low:high][busy])
        order = np.argsort(keys, kind="stable")
        self._sorted, self._words = keys[order], low + busy[order]
        self._most = _COMMON + 16 * ((high - low) >> _KEY_BITS)

    def _keys(self, bits: NDArray[np.uint32]) -> NDArray[np.uint32]:
        return (bits >> self._shift) & np.uint32((1 << _KEY_BITS) - 1)

    def equal(self, bits: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return, for every word of the table that equals one of ``bits``, the places of both."""
        keys = self._keys(bits)
        start = np.searchsorted(self._sorted, keys, side="left")
        count = np.searchsorted(self._sorted, keys, side="right") - start
        count[count > self._most] = 0
        rows = np.repeat(np.arange(len(keys)), count)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
        return rows, self._words[start[rows] + within]
