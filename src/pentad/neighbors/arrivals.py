"""`Arrivals`: items that come to a corpus, and the queries in whose lists some of them belong.

A query's list says how good an item has to be. A float32 product (see `pentad.neighbors.exact` for
how wrong it may be), or a bound by bytes, leaves out nearly all pairs; those that remain are scored
in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.exact import ExactSearch, error_bound
from pentad.neighbors.int8.floors import FloorSearch
from pentad.neighbors.int8.probe import MOST_VALUES, has_fast_int8
from pentad.neighbors.metrics import Floats, Metric, Rows, row_dots
from pentad.neighbors.stored import (
    as_float64,
    is_sane,
    pair_scores,
    row_slices,
    squared_lengths,
)

_PRODUCTS = 1 << 22
_WORTHWHILE = 1 << 32
_SHARE = 1 / 50

Indices = NDArray[np.int64]
Scored = tuple[Indices, Indices, Floats]
"""Rows of queries and of items, and the float64 score of each pair."""


class Arrivals:
    """New items, made ready to be met by queries that have neighbors already."""

    def __init__(self, vectors: NDArray[Any], metric: Metric, *, queries: int = 0) -> None:
        """Prepare items.

        Args:
            vectors: float16 or float32 (items, dim); 6 bytes a value are held.
            metric: How pairs are scored.
            queries: How many queries will meet them; many are worth codes.

        Raises:
            InputError: A value is not finite.
        """
        self._vectors, self._metric = vectors, metric
        self._largest = float(squared_lengths(vectors, "items").max(initial=0.0))
        self._rows, _ = _prepared(vectors, metric.corpus_rows)
        self._lock = Lock()
        self.by_bytes = self._may_use_bytes(queries)

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self._vectors)

    def belonging(self, queries: NDArray[Any], worst: Rows, k: int) -> Scored:
        """Return all pairs that can be among the k best of a query and not behind its last.

        Called by several threads at once.

        Args:
            queries: float16 or float32 (q, dim).
            worst: float32 (q,), the rounded score of each query's last neighbor.
            k: How many neighbors each can have.

        Returns:
            Pairs whose score, rounded to float32, is not less than the query's worst; of each query
            at least its k best, in any order.
        """
        rows, squares = _prepared(queries, self._metric.query_rows)
        bound = error_bound(self._metric.scale(squares, self._largest), rows.shape[1])
        # What is rounded to a number lies above the number before it.
        least = np.nextafter(worst, np.float32(-np.inf)).astype(np.float64)
        floors = self._metric.product(least, squares) - bound
        if self.by_bytes and is_sane(float(squares.max(initial=0.0))):
            found = self._codes.pairs(rows, floors)
        else:
            found = self._multiplied(rows, floors)
        if found is None:
            left, right, scores = self._best(queries, k)
        else:
            left, right = found
            scores = pair_scores(queries, self._vectors, left, right, self._metric)
        kept = rounded(scores) >= worst[left]
        return left[kept], right[kept], scores[kept]

    def _best(self, queries: NDArray[Any], k: int) -> Scored:
        """Return the pairs of each query and its k best items, by a search with all threads."""
        with self._lock:
            rows, scores = self._search.search(queries, min(k, len(self)))
        left = np.repeat(np.arange(len(queries)), rows.shape[1])
        return left, rows.ravel(), scores.ravel()

    def _multiplied(self, rows: Rows, floors: Floats) -> tuple[Indices, Indices] | None:
        """Return the pairs whose float32 product reaches the floor."""
        most = rows.shape[0] + int(len(rows) * len(self) * _SHARE)
        step = max(1, _PRODUCTS // max(1, len(rows)))
        lefts, rights = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for start in range(0, len(self), step):
            with np.errstate(over="ignore", invalid="ignore"):
                products = rows @ self._rows[start : start + step].T
                left, column = np.nonzero(~(products < floors[:, None]))
            lefts.append(left)
            rights.append(column + start)
            most -= len(left)
            if most < 0:
                return None
        return np.concatenate(lefts), np.concatenate(rights)

    def _may_use_bytes(self, queries: int) -> bool:
        fits = self._vectors.shape[1] <= MOST_VALUES and is_sane(self._largest)
        return bool(fits) and queries * self._vectors.size >= _WORTHWHILE and has_fast_int8()

    @cached_property
    def _codes(self) -> FloorSearch:
        return FloorSearch(self._rows, self._vectors.shape[1], _SHARE)

    @cached_property
    def _search(self) -> ExactSearch:
        return ExactSearch(self._vectors, self._metric)


def rounded(scores: Floats) -> Rows:
    """Return scores as they are stored."""
    with np.errstate(over="ignore"):
        return scores.astype(np.float32)


def _prepared(
    vectors: NDArray[Any], prepare: Callable[[Floats, Floats], Rows]
) -> tuple[Rows, Floats]:
    """Return rows as a metric multiplies them, and the squared lengths of the vectors."""
    width = prepare(as_float64(vectors[:1]), np.ones(len(vectors[:1]))).shape[1]
    rows = np.empty((len(vectors), width), dtype=np.float32)
    squares = np.empty(len(vectors))
    for part in row_slices(len(vectors), vectors.shape[1]):
        wide = as_float64(vectors[part])
        squares[part] = row_dots(wide, wide)
        rows[part] = prepare(wide, squares[part])
    return rows, squares
