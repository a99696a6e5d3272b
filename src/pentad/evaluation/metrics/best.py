"""The columns of the best scores of each row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


def best_columns(scores: NDArray[Any], k: int, *, settle: bool = True) -> Counts:
    """Return the columns of the k best scores of each row, best first, equal ones by column.

    Args:
        scores: Numbers (rows, columns) without NaN.
        k: How many, from 0; more than there are columns gives all.
        settle: Of the scores that tie for the last places keep those with the lowest columns;
            otherwise any of them are kept, which is faster.

    Returns:
        int64 (rows, k).
    """
    if k < scores.shape[1]:
        found = np.argpartition(-scores, max(k - 1, 0), axis=1)[:, :k]
        if settle and k:
            _settle(scores, found)
    else:
        found = np.tile(np.arange(scores.shape[1]), (len(scores), 1))
    found.sort(axis=1)
    order = np.argsort(-np.take_along_axis(scores, found, axis=1), axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1)


def torn_rows(scores: NDArray[Any], values: NDArray[Any]) -> Counts:
    """Return the rows in which items beyond the last place tie with the one in it.

    Args:
        scores: Numbers (rows, columns).
        values: The best scores of each row (rows, k), best first.
    """
    last = values[:, -1:]
    if not last.size:
        return np.empty(0, np.int64)
    inside = (values == last).sum(axis=1)
    return np.flatnonzero(np.count_nonzero(scores == last, axis=1) > inside)


def _settle(scores: NDArray[Any], found: Counts) -> None:
    """Where a tie goes on past the last place, keep those of its items with the lowest columns."""
    kept = np.take_along_axis(scores, found, axis=1)
    last = kept.min(axis=1)
    for row in torn_rows(scores, -np.sort(-kept, axis=1)).tolist():
        above = np.flatnonzero(scores[row] > last[row])
        tied = np.flatnonzero(scores[row] == last[row])
        found[row] = np.concatenate([above, tied[: found.shape[1] - len(above)]])
