"""The k best of two lists: associative and commutative, so a search may be cut up anywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.neighbors.int8.jit import compiled

Ranked = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Rows or ids, and scores, both (q, k): score descending, then row ascending."""


def merge_top_k(left: Ranked, right: Ranked, k: int) -> Ranked:
    """Return the ``k`` best pairs of each query from two lists that have no row in common.

    Merging is associative and commutative: the result depends on the pairs alone, never on how
    they were spread over lists. It takes no memory beyond the result and a copy of lists that
    are read-only or no plain arrays.

    Args:
        left: Rows and scores, both (q, a): score descending, then row ascending. No NaN.
        right: As ``left``, both (q, b).
        k: At least 1.

    Returns:
        Rows int64 and scores float64, both (q, min(k, a + b)), in the same order.

    Raises:
        InputError: k is less than 1, or the shapes do not belong together.
    """
    if k < 1:
        raise InputError("k must be at least 1", seen=k)
    rows_a, scores_a = _ready(left)
    rows_b, scores_b = _ready(right)
    if len(rows_a) != len(rows_b):
        raise InputError(
            "lists of the same queries must have one length", expected=len(rows_a), seen=len(rows_b)
        )
    shape = (len(rows_a), min(k, rows_a.shape[1] + rows_b.shape[1]))
    rows, scores = np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.float64)
    _merge(rows_a, scores_a, rows_b, scores_b, rows, scores)
    return rows, scores


def _ready(ranked: Ranked) -> Ranked:
    """Return a list as the compiled loop takes it; writeable, for it is compiled for that alone."""
    rows = np.require(ranked[0], np.int64, ["C", "W"])
    scores = np.require(ranked[1], np.float64, ["C", "W"])
    if rows.ndim != 2 or rows.shape != scores.shape:
        raise InputError(
            "rows and scores must be of one shape (queries, k)",
            expected=rows.shape,
            seen=scores.shape,
        )
    return rows, scores


@compiled
def _merge(
    rows_a: NDArray[np.int64],
    scores_a: NDArray[np.float64],
    rows_b: NDArray[np.int64],
    scores_b: NDArray[np.float64],
    rows: NDArray[np.int64],
    scores: NDArray[np.float64],
) -> None:
    wide_a, wide_b = rows_a.shape[1], rows_b.shape[1]
    for query in range(len(rows)):
        a = b = 0
        for place in range(rows.shape[1]):
            first = b == wide_b
            if not first and a < wide_a:
                one, other = scores_a[query, a], scores_b[query, b]
                first = one > other or (one == other and rows_a[query, a] < rows_b[query, b])
            if first:
                rows[query, place], scores[query, place] = rows_a[query, a], scores_a[query, a]
                a += 1
            else:
                rows[query, place], scores[query, place] = rows_b[query, b], scores_b[query, b]
                b += 1
