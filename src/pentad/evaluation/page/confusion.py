"""Which class is taken for which: first answers, counted by the class that an item belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

OTHER = "all others"


class ConfusedPair(NamedTuple):
    """A class that is taken for another.

    Attributes:
        true: Name of the class.
        taken_for: Name of the other one.
        items: How many are.
        of: How many items the class has.
    """

    true: str
    taken_for: str
    items: int
    of: int


@dataclass(frozen=True, eq=False)
class Confusion:
    """Counts of first answers.

    Attributes:
        rows: Names of the classes that items belong to.
        columns: Names of the classes that were answered: the same, then perhaps `OTHER`.
        counts: int64 (rows, columns).
        several: Whether some item has several classes.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: NDArray[np.int64]
    several: bool = False

    @property
    def totals(self) -> NDArray[np.int64]:
        """int64 (rows,), how many items each class has."""
        found: NDArray[np.int64] = self.counts.sum(axis=1)
        return found

    @property
    def wrong(self) -> NDArray[np.int64]:
        """The counts with 0 where the answer is right."""
        left = self.counts.copy()
        np.fill_diagonal(left, 0)
        return left

    def pairs(self, most: int) -> list[ConfusedPair]:
        """Return the pairs that most items fall into; of equal ones the larger share first."""
        wrong, totals = self.wrong, self.totals
        row, column = np.nonzero(wrong)
        count = wrong[row, column]
        order = np.lexsort((column, row, totals[row], -count))[:most]
        return [
            ConfusedPair(
                self.rows[row[i]], self.columns[column[i]], int(count[i]), int(totals[row[i]])
            )
            for i in order
        ]

    def most_confused(self, most: int) -> Confusion:
        """Return the part about the classes with the most errors, their own and those to them.

        Classes stay in their order. What was answered outside of them fills one more column.
        """
        if len(self.rows) <= most:
            return self
        wrong = self.wrong
        errors = wrong.sum(axis=1) + wrong.sum(axis=0)
        kept = np.sort(np.argsort(-errors, kind="stable")[:most])
        inside = self.counts[np.ix_(kept, kept)]
        outside = self.totals[kept] - inside.sum(axis=1)
        names = tuple(self.rows[i] for i in kept)
        counts = np.concatenate([inside, outside[:, None]], axis=1)
        return Confusion(names, (*names, OTHER), counts, self.several)

    def cells(self) -> list[list[int]]:
        """Return row, column and count of every cell that is not 0."""
        row, column = np.nonzero(self.counts)
        found: list[list[int]] = np.stack([row, column, self.counts[row, column]], 1).tolist()
        return found


def count_confusion(
    names: Sequence[str], truth: Sequence[Sequence[int]], answered: Sequence[int]
) -> Confusion:
    """Count first answers.

    An item of several classes counts in the row of each. If its first answer is one of them it is
    right, and counts on the diagonal of each row; so the diagonal is the share of right answers.

    Args:
        names: Of the classes.
        truth: By item, the numbers of its classes.
        answered: By item, the number of the class that came first.
    """
    counts = np.zeros((len(names), len(names)), np.int64)
    for own, first in zip(truth, answered, strict=True):
        for number in own:
            counts[number, number if first in own else first] += 1
    used = np.flatnonzero(counts.any(axis=0) | counts.any(axis=1))
    kept = tuple(names[i] for i in used.tolist())
    several = any(len(own) > 1 for own in truth)
    return Confusion(kept, kept, counts[np.ix_(used, used)], several)
