"""Centroids as a search wants them: those that moved furthest first, so that runs of them suffice.

A point whose nearest centroid is nearer than all others by a gap need not look at centroids that
have moved less than that gap: none of them can have become nearer. In the order of movement the
others are a run from the start.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.exact import error_bound
from pentad.neighbors.kmeans.points import Indices, Points
from pentad.neighbors.metrics import Floats, Metric, Rows, row_dots
from pentad.neighbors.stored import as_float64

_PIECE = 1 << 18


class Centroids:
    """Centroids and how far each has moved.

    Attributes:
        vectors: float32 (c, dim), at length 1 where only directions count.
        squares: float64 (c,), squared lengths.
        moves: float64 (c,), at least how far each has moved; infinite where nothing is known.
        order: int64 (c,), their numbers, furthest move first, then by number.
        falling: float64 (c + 1,), the moves in that order, and less than any at the end.
        places: int64 (c,), where in that order each is.
    """

    def __init__(self, vectors: Rows, metric: Metric, before: Centroids | None = None) -> None:
        """Compare centroids with those before; without them, nothing is known of any move."""
        self.vectors = vectors
        self._metric = metric
        self.squares = _squares(vectors)
        if before is None:
            self.moves: Floats = np.full(len(vectors), np.inf)
        else:
            self.moves = _moves(self, before)
        self.order: Indices = np.lexsort((np.arange(len(vectors)), -self.moves))
        self.falling = np.append(self.moves[self.order], -np.inf)
        self.places = np.empty_like(self.order)
        self.places[self.order] = np.arange(len(vectors))

    def __len__(self) -> int:
        return len(self.vectors)

    @cached_property
    def rows(self) -> Rows:
        """float32 (c, width), prepared, in the order of movement."""
        width = self._metric.corpus_rows(as_float64(self.vectors[:1]), self.squares[:1]).shape[1]
        rows = np.empty((len(self), width), np.float32)
        for part in _pieces(self.vectors):
            own = self.order[part]
            values = as_float64(self.vectors[own])
            rows[part] = self._metric.corpus_rows(values, self.squares[own])
        return rows

    def bounds(self, points: Points, squares: Floats) -> Floats:
        """Return how wrong a float32 product of points of these lengths with any can be."""
        scale = self._metric.scale(squares, float(self.squares.max()))
        return error_bound(scale, points.dim + 8)

    def directions(self, part: slice | Indices) -> Floats:
        """Return float64 rows that moves are measured between."""
        values = as_float64(self.vectors[part])
        if self._metric.name != "cosine":
            return values
        squares = self.squares[part]
        units: Floats = values / np.sqrt(np.where(squares > 0, squares, 1.0))[:, None]
        return units


def _squares(vectors: Rows) -> Floats:
    squares = np.empty(len(vectors), np.float64)
    for part in _pieces(vectors):
        values = as_float64(vectors[part])
        squares[part] = row_dots(values, values)
    return squares


def _moves(now: Centroids, before: Centroids) -> Floats:
    """Return the distances, a little more for rounding; exactly 0 where nothing has changed."""
    moves = np.empty(len(now), np.float64)
    for part in _pieces(now.vectors):
        change = now.directions(part) - before.directions(part)
        moves[part] = np.sqrt(row_dots(change, change)) * (1 + 2.0**-40)
        same = (now.vectors[part] == before.vectors[part]).all(axis=1)
        length = np.sqrt(now.squares[part].max(initial=0.0))
        moves[part] = np.where(same, 0.0, moves[part] + 2.0**-48 * length)
    return moves


def _pieces(vectors: NDArray[np.float32]) -> list[slice]:
    step = max(1, _PIECE // vectors.shape[1])
    return [slice(start, start + step) for start in range(0, len(vectors), step)]
