r"""The first places of rankings, with ties: what every metric of ranked lists is computed from.

Tied items have no order. In a uniformly random order of the $t$ tied items that share the places
$a + 1, \dots, a + t$, of which $r$ are relevant, each metric has an expected value in closed form
(McSherry and Najork, ECIR 2008). Where ties are broken by id every tie has one item, and the same
formulas give the usual values. A corpus that is one single tie gives the chance level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Places:
    """The first K places of the rankings of some queries.

    Attributes:
        above: int64 (queries, K), how many items are ranked before the tie that a place is in.
        tied: int64 (queries, K), how many items that tie has; 0 where a place is empty.
        found: int64 (queries, K), how many of those are relevant.
        before: int64 (queries, K), how many relevant items are ranked before the tie.
        gain: float64 (queries, K), mean grade of the tied items.
        total: int64 (queries,), how many relevant items the corpus has.
        ideal: float64 (queries, K), grades of the relevant items, greatest first, then zeros.
        pool: How many items are ranked, from K.
    """

    above: Counts
    tied: Counts
    found: Counts
    before: Counts
    gain: Floats
    total: Counts
    ideal: Floats
    pool: int

    def __len__(self) -> int:
        """Return how many queries there are."""
        return len(self.total)

    @property
    def depth(self) -> int:
        """How many places there are."""
        return int(self.above.shape[1])

    @property
    def offset(self) -> Counts:
        """int64 (queries, K): the place within its tie, from 1."""
        return np.arange(1, self.depth + 1) - self.above

    @property
    def relevant(self) -> Floats:
        """float64 (queries, K): the probability that a place holds a relevant item."""
        return self.found / np.maximum(self.tied, 1)


def checked_depth(places: Places, k: int | None) -> int:
    """Return how many places the cutoff takes.

    A cutoff beyond everything that is ranked takes all: nothing comes after.

    Args:
        places: The first places.
        k: The cutoff; None: everything that is ranked.

    Raises:
        InputError: k is less than 1, or there are fewer places than it needs.
    """
    wanted = places.pool if k is None else k
    if wanted < 1 and k is not None:
        raise InputError("k must be at least 1", seen=k)
    if min(wanted, places.pool) > places.depth:
        expected = f"at most {places.depth}, the places there are"
        raise InputError("a cutoff that is not covered", expected=expected, seen=wanted)
    return min(wanted, places.depth)


def shares(parts: Floats, wholes: NDArray[Any]) -> Floats:
    """Return parts / wholes, and 0 where the whole is 0."""
    out = np.zeros(len(parts))
    np.divide(parts, wholes, out=out, where=wholes > 0)
    return out
