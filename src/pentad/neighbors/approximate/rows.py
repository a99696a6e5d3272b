"""Stored vectors and queries as the float32 rows that faiss takes, block by block.

Cosine and inner product keep the prepared rows of their metric. Of the Euclidean ones the last
value is left out and faiss compares by distance: a squared length beside coordinates would decide
alone how items are divided. Both are scaled so that the longest item has length 1, for faiss ends
the process where a distance overflows. A zero makes odd widths even, so that pairs can be coded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.neighbors.metrics import Floats, Metric, Rows
from pentad.neighbors.stored import as_float64, squared_lengths

MEMORY = 1 << 29
"""Bytes that rows may take while an index is trained or filled."""

_PIECE = 1 << 18
_FAR = 1e6


class Source:
    """Vectors that an index is built from and rescored with; may be memory-mapped.

    Holds 8 bytes an item beside what is asked for.

    Attributes:
        vectors: float16 or float32 (items, dim), as given.
        squares: Their float64 squared lengths.
        metric: How pairs are scored.
        width: How long prepared rows are.
        by_distance: Whether faiss is to compare by distance.
    """

    def __init__(self, vectors: NDArray[Any], metric: Metric) -> None:
        """Read all lengths.

        Raises:
            InputError: There is nothing to search, or a value is not a finite number.
        """
        if vectors.ndim != 2 or 0 in vectors.shape:
            raise InputError("vectors must be (items, dim)", seen=vectors.shape)
        if vectors.dtype not in (np.float16, np.float32):
            raise InputError("vectors must be float16 or float32", seen=vectors.dtype)
        self.vectors, self.metric = vectors, metric
        self.squares = squared_lengths(vectors)
        self.largest = float(self.squares.max())
        self.width = self.dim + self.dim % 2
        self.by_distance = metric.name == "euclidean"
        self._scale = 1 / np.sqrt(self.largest) if self.largest > 0 else 1.0

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self.vectors)

    @property
    def dim(self) -> int:
        """How many values a vector has."""
        return int(self.vectors.shape[1])

    def take(self, rows: NDArray[np.int64]) -> Rows:
        """Return some prepared items."""
        found = np.zeros((len(rows), self.width), np.float32)
        step = max(1, _PIECE // self.dim)
        for start in range(0, len(rows), step):
            chosen = rows[start : start + step]
            values = as_float64(self.vectors[chosen]) * self._scale
            made = self.metric.corpus_rows(values, self.squares[chosen] * self._scale**2)
            found[start : start + step, : self.dim] = made[:, : self.dim]
        return found

    def blocks(self, memory: int = MEMORY) -> Iterator[Rows]:
        """Return all prepared items in blocks of at most so many bytes."""
        step = max(1024, memory // (4 * self.width))
        for start in range(0, len(self), step):
            yield self.take(np.arange(start, min(start + step, len(self))))

    def sample(self, count: int, seeds: np.random.Generator, memory: int = MEMORY) -> Rows:
        """Return prepared items to train on: ``count``, or as many as memory or items allow."""
        count = min(count, len(self), max(1024, memory // (4 * self.width)))
        return self.take(np.sort(seeds.choice(len(self), count, replace=False)))

    def queries(self, vectors: NDArray[Any]) -> Rows:
        """Return prepared queries.

        Raises:
            InputError: They have another length than the items, or a value is not finite.
        """
        self.check(vectors)
        lengths = np.sqrt(squared_lengths(vectors))
        values: Floats = vectors.astype(np.float64) * self._query_scale(lengths)[:, None]
        made = self.metric.query_rows(values, squared_lengths(values))
        found = np.zeros((len(vectors), self.width), np.float32)
        found[:, : self.dim] = made[:, : self.dim]
        return found

    def _query_scale(self, lengths: Floats) -> Floats:
        """Return what queries are multiplied with; none changes the order of the items.

        Seen from very far away, only the direction counts.
        """
        longest = _FAR / np.where(lengths > 0, lengths, 1.0)
        if self.by_distance:
            return np.minimum(self._scale, longest)
        return np.where(lengths > 0, longest / _FAR, 1.0)

    def check(self, queries: NDArray[Any]) -> None:
        """Refuse queries of another length.

        Raises:
            InputError: They are not (queries, dim).
        """
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise InputError(
                "queries must have as many values as the items",
                expected=self.dim,
                seen=queries.shape,
            )
