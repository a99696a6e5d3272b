"""The columns of the best scores of each row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
# A row is looked at in so many parts for each score that is wanted; see `_floor`.
_PARTS = 8


def best_columns(scores: NDArray[Any], k: int) -> Counts:
    """Return the columns of the k best scores of each row, best first, equal ones by column.

    Args:
        scores: Numbers (rows, columns) without NaN.
        k: How many, from 0; more than there are columns gives all.

    Returns:
        int64 (rows, k).
    """
    rows, columns = scores.shape
    depth = min(k, columns)
    if depth == 0:
        return np.empty((rows, 0), np.int64)
    if columns <= 2 * _PARTS * depth:
        order = np.argsort(-scores, axis=1, kind="stable")
        return np.ascontiguousarray(order[:, :depth])
    floor = _floor(scores, depth)
    found = np.empty((rows, depth), np.int64)
    for row in range(rows):
        some = np.flatnonzero(scores[row] >= floor[row])
        order = np.argsort(-scores[row, some], kind="stable")
        found[row] = some[order[:depth]]
    return found


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


def _floor(scores: NDArray[Any], k: int) -> NDArray[Any]:
    """Return for each row a number that at least k scores reach, and few more than k.

    It is the k-th greatest of the maxima of parts of the row: each of these k parts has such a
    score. Few parts hold two of the k best, so few other scores are above it.
    """
    rows, columns = scores.shape
    width = columns // (_PARTS * k)
    parts = columns // width
    tops = scores[:, : parts * width].reshape(rows, parts, width).max(axis=2)
    floor: NDArray[Any] = np.partition(tops, parts - k, axis=1)[:, parts - k]
    return floor
