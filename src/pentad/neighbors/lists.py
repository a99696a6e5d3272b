"""`Lists`: the neighbors of queries while items enter, always rounded as a fresh search rounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.embeddings.embeddings import Embeddings, Ids
from pentad.neighbors.arrivals import Indices, rounded
from pentad.neighbors.exact import best_pairs
from pentad.neighbors.merge import Ranked, merge_top_k
from pentad.neighbors.metrics import Floats, Metric, Rows
from pentad.neighbors.pairs import pair_scores

_NO_ROW = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Lists:
    """Neighbors of all queries, in place.

    Attributes:
        queries: The queries.
        corpus: The items that lists are of.
        metric: How pairs are scored.
        ids: (q, k), of the neighbors; written.
        scores: float32 (q, k), the rounded scores; written.
    """

    queries: Embeddings
    corpus: Embeddings
    metric: Metric
    ids: Ids
    scores: Rows

    @property
    def k(self) -> int:
        """How long the lists are."""
        return int(self.ids.shape[1])

    def put(self, rows: Indices, found: tuple[Indices, Floats]) -> None:
        """Write the lists of some queries: corpus rows and float64 scores, both (some, k)."""
        self.ids[rows] = self.corpus.ids[found[0]]
        self.scores[rows] = rounded(found[1])

    def enter(self, left: Indices, right: Indices, scores: Floats) -> tuple[int, int]:
        """Let pairs that are in no list yet take their places.

        Stored scores are rounded. Where no two of a query are equal, they come in the order of what
        they were rounded from; where some are, its stored pairs are scored again.

        Args:
            left: (pairs,), rows of queries.
            right: (pairs,), rows of the corpus.
            scores: (pairs,), float64.

        Returns:
            How many lists items entered, and how many were scored again.
        """
        if not len(left):
            return 0, 0
        touched, new = _side_by_side(left, right, scores, self.k)
        old = self._rows(touched), self.scores[touched].astype(np.float64)
        unsure = _have_equals(rounded(new[1]), self.scores[touched])
        old[1][unsure] = self._scores(touched[unsure], old[0][unsure])
        new[1][~unsure] = rounded(new[1][~unsure])
        new[1][new[0] == _NO_ROW] = -np.inf
        self.put(touched, merge_top_k(old, new, self.k))
        return len(touched), int(unsure.sum())

    def _rows(self, queries: Indices) -> Indices:
        return np.searchsorted(self.corpus.ids, self.ids[queries]).astype(np.int64)

    def _scores(self, queries: Indices, rows: Indices) -> Floats:
        left = np.repeat(queries, self.k)
        vectors = self.queries.vectors, self.corpus.vectors
        return pair_scores(*vectors, left, rows.ravel(), self.metric).reshape(-1, self.k)


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
