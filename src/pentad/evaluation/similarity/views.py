"""What metrics see of similarity rankings: relevant is what shares a label, or has one class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.metrics.first import First
from pentad.evaluation.metrics.midranks import Midranks
from pentad.evaluation.metrics.places import Places
from pentad.evaluation.metrics.tied_places import places_of_grades

Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


class ListViews:
    """Rankings in which every place is settled.

    Args:
        relevant: bool (rankings, K), of the first places.
        there: bool (rankings, K), whether anything is in a place.
        total: int64 (rankings,), how many relevant items there are.
        pool: How many items are ranked.
        rest: Returns for some rankings the rank from 1 of the first relevant item, and the sum of
            the ranks of all, where the first places do not tell; None where the places are all
            that is known.
    """

    def __init__(
        self,
        relevant: Flags,
        there: Flags,
        total: Counts,
        pool: int,
        rest: Rest | None,
    ) -> None:
        self._relevant, self._there, self._total = relevant, there, total
        self._pool, self._rest = pool, rest

    def first(self, level: int = 1) -> First:
        """Return the rank of the first relevant item, where there is any."""
        _require_no_grade(level)
        some = self._total > 0
        seen = self._relevant.any(axis=1)
        above = np.where(seen, self._relevant.argmax(axis=1), 0).astype(np.int64)
        beyond = np.flatnonzero(some & ~seen)
        if len(beyond) and self._rest is not None:
            above[beyond] = self._rest.first(beyond) - 1
        relevant = (seen | (some & (self._rest is not None))).astype(np.int64)
        return First(above, np.ones(len(above), np.int64), relevant)

    def places(self, level: int = 1) -> Places:
        """Return the first places."""
        _require_no_grade(level)
        found = np.where(self._there, self._relevant.astype(np.int64), -1)
        depth = found.shape[1]
        ideal = (np.arange(depth) < self._total[:, None]).astype(np.int64)
        pool = depth if self._rest is None else self._pool
        return places_of_grades(found, self._total, ideal, pool)

    def midranks(self, level: int = 1) -> Midranks:
        """Return the sums of the ranks of all relevant items."""
        _require_no_grade(level)
        if self._rest is None:
            raise InputError(NEEDS_ALL)
        sums = np.zeros(len(self._total))
        some = np.flatnonzero(self._total)
        sums[some] = self._rest.sums(some)
        return Midranks(sums, self._total, self._pool)


class Rest:
    """What the first places do not tell.

    Attributes:
        first: Rankings -> int64 ranks from 1 of their first relevant items.
        sums: Rankings -> float64 sums of the ranks of their relevant items.
    """

    def __init__(
        self, first: Callable[[Counts], Counts], sums: Callable[[Counts], NDArray[np.float64]]
    ) -> None:
        self.first, self.sums = first, sums


NEEDS_ALL = "this metric needs whole rankings; search with -k -1, or evaluate the folder of vectors"


def _require_no_grade(level: int) -> None:
    if level != 1:
        raise InputError("shared labels have no grades", expected="a metric without -l")
