"""`Lists`: the neighbors of queries while items enter, always rounded as a fresh search rounds.

A list is as long as is known: it holds the best of all items, none left out, but may be shorter
than there is room for. Behind its last entry are items that nobody remembers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.ids import Ids
from pentad.neighbors.arrivals import Indices, rounded
from pentad.neighbors.exact import best_pairs
from pentad.neighbors.merge import Ranked, merge_top_k
from pentad.neighbors.metrics import Floats, Metric, Rows
from pentad.neighbors.stored import pair_scores

_NO_ROW = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Lists:
    """Neighbors of all queries and the spare ones behind them, in place.

    Attributes:
        queries: The queries.
        corpus: The items that lists are of.
        metric: How pairs are scored.
        k: How many neighbors a query has; further ones are spare.
        ids: (q, width), of the neighbors; 0 where there is none; written.
        scores: float32 (q, width), the rounded scores; NaN where there is none; written.
    """

    queries: Embeddings
    corpus: Embeddings
    metric: Metric
    k: int
    ids: Ids
    scores: Rows

    @classmethod
    def empty(
        cls, queries: Embeddings, corpus: Embeddings, metric: Metric, k: int, spare: int
    ) -> Lists:
        """Return lists without an entry, with room for k neighbors and some spare ones."""
        shape = len(queries), k + spare
        ids, scores = np.zeros(shape, corpus.ids.dtype), np.full(shape, np.nan, np.float32)
        return cls(queries, corpus, metric, k, ids, scores)

    @property
    def width(self) -> int:
        """How long the lists can be."""
        return int(self.ids.shape[1])

    def columns(self, start: int, stop: int) -> tuple[Ids, Rows]:
        """Return ids and scores of some ranks, which count from 0."""
        return self.ids[:, start:stop].copy(), self.scores[:, start:stop].copy()

    def put(self, rows: Indices, found: Ranked) -> None:
        """Write the lists of some queries: corpus rows and float64 scores, both (some, <= width).

        Where there is no row, there is no neighbor.
        """
        none = found[0] == _NO_ROW
        columns = slice(found[0].shape[1])
        self.ids[rows, columns] = np.where(none, 0, self.corpus.ids[np.where(none, 0, found[0])])
        self.scores[rows, columns] = np.where(none, np.float32(np.nan), rounded(found[1]))

    def inherit(self, rows: Indices, ids: Ids, scores: Rows, stand: NDArray[np.bool_]) -> None:
        """Write what still stands of older lists, (some, <= width), and close up the ranks."""
        line, column = np.nonzero(stand)
        place = np.cumsum(stand, axis=1)[line, column] - 1
        self.ids[rows[line], place] = ids[line, column]
        self.scores[rows[line], place] = scores[line, column]

    def worst(self, rows: Indices) -> Rows:
        """Return the score of the last entry of each list."""
        scores = self.scores[rows]
        worst: Rows = scores[np.arange(len(rows)), _lengths(scores) - 1]
        return worst

    def enter(self, left: Indices, right: Indices, scores: Floats) -> tuple[int, int]:
        """Let pairs that are in no list yet take their places, none behind the last entry.

        Stored scores are rounded. Where no two of a query are equal, they come in the order of what
        they were rounded from; where some are, its stored pairs are scored again.

        Args:
            left: (pairs,), rows of queries.
            right: (pairs,), rows of the corpus.
            scores: (pairs,), float64.

        Returns:
            How many queries got another neighbor, and how many lists were scored again.
        """
        if not len(left):
            return 0, 0
        touched, new = _side_by_side(left, right, scores, self.width)
        stored = self.scores[touched]
        old = self._rows(touched), stored.astype(np.float64)
        unsure = _have_equals(rounded(new[1]), stored)
        old[1][unsure] = self._scores(touched[unsure], old[0][unsure])
        new[1][~unsure] = rounded(new[1][~unsure])
        old[0][np.isnan(stored)] = _NO_ROW
        for rows, values in (old, new):
            values[rows == _NO_ROW] = -np.inf
        merged = merge_top_k(old, new, self.width)
        last = old[0][np.arange(len(touched)), _lengths(stored) - 1]
        _cut_behind(merged[0], last)
        self.put(touched, merged)
        entered = (merged[0][:, : self.k] == new[0][:, :1]).any(axis=1)
        return int(entered.sum()), int(unsure.sum())

    def _rows(self, queries: Indices) -> Indices:
        return np.searchsorted(self.corpus.ids, self.ids[queries]).astype(np.int64)

    def _scores(self, queries: Indices, rows: Indices) -> Floats:
        left = np.repeat(queries, self.width)
        vectors = self.queries.vectors, self.corpus.vectors
        return pair_scores(*vectors, left, rows.ravel(), self.metric).reshape(-1, self.width)


def _lengths(scores: Rows) -> Indices:
    """Return how many entries each list has."""
    lengths: Indices = np.count_nonzero(~np.isnan(scores), axis=1)
    return lengths


def _cut_behind(rows: Indices, last: Indices) -> None:
    """Drop what comes behind the row that was the last of its list, where that is still there."""
    there = rows == last[:, None]
    rows[(np.cumsum(there, axis=1) > 0) & ~there] = _NO_ROW


def _side_by_side(left: Indices, right: Indices, scores: Floats, k: int) -> tuple[Indices, Ranked]:
    """Return the queries of some pairs, and of each the k best, one row a query.

    Where one has less than others its row ends with no row and NaN.
    """
    left, right, scores = best_pairs(left, right, scores, k)
    touched, first, counts = np.unique(left, return_index=True, return_counts=True)
    shape = len(touched), int(counts.max())
    rows, values = np.full(shape, _NO_ROW), np.full(shape, np.nan)
    line = np.repeat(np.arange(len(touched)), counts)
    column = np.arange(len(left)) - first[line]
    rows[line, column], values[line, column] = right, scores
    return touched, (rows, values)


def _have_equals(new: NDArray[Any], old: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which rows hold some number twice; NaN equals nothing."""
    both = np.sort(np.concatenate([new, old], axis=1), axis=1)
    found: NDArray[np.bool_] = (both[:, 1:] == both[:, :-1]).any(axis=1)
    return found
