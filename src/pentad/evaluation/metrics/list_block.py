"""Rankings from lists that somebody else ranked, which may end before everything relevant came."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.metrics.first import First
from pentad.evaluation.metrics.midranks import Midranks
from pentad.evaluation.metrics.places import Places
from pentad.evaluation.metrics.tied_places import places_of_grades

Counts = NDArray[np.int64]


class ListBlock:
    """Lists of results, best first. What is not in a list has no rank.

    Args:
        found: int64 (queries, K), grades in order of rank; 0 is not relevant, negative is no item.
        judged: The grades of all relevant items of each query, ranked or not.

    Raises:
        InputError: There is not one entry of ``judged`` a query.
    """

    def __init__(self, found: Counts, judged: list[Counts]) -> None:
        if len(judged) != len(found):
            raise InputError("one list a query", expected=len(judged), seen=len(found))
        self._found, self._judged = found, judged

    def first(self, level: int = 1) -> First:
        """Return where the best item of at least this grade is; ``relevant`` is 0 if it is not."""
        relevant = self._found >= max(level, 1)
        seen = relevant.any(axis=1)
        above = np.where(seen, relevant.argmax(axis=1), 0).astype(np.int64)
        return First(above, np.ones(len(above), np.int64), np.asarray(seen, np.int64))

    def places(self, level: int = 1) -> Places:
        """Return all places; what has a lesser grade is not relevant."""
        depth = self._found.shape[1]
        grades = np.where((self._found > 0) & (self._found < level), 0, self._found)
        ideal = np.zeros((len(grades), depth), np.int64)
        total = np.zeros(len(grades), np.int64)
        for row, own in enumerate(self._judged):
            kept = -np.sort(-own[own >= max(level, 1)])
            total[row] = len(kept)
            ideal[row, : min(len(kept), depth)] = kept[:depth]
        return places_of_grades(grades, total, ideal, depth)

    def midranks(self, level: int = 1) -> Midranks:
        """Refuse: lists do not tell the ranks of everything.

        Raises:
            InputError: Always.
        """
        raise InputError(
            f"lists of {self._found.shape[1]} results do not tell the rank of every relevant item",
            expected="a metric that looks at the first places, such as map@10",
        )
