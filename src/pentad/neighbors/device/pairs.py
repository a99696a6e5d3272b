"""What the processor does for a device: lengths, scores and order in float64, on several threads.

A result depends on its own pair alone, so threads and parts change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.metrics import Floats, Metric, Rows
from pentad.neighbors.stored import pair_scores, slices, squared_lengths

_FEWEST = 1 << 10

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Found:
    """What a device found for some queries.

    Attributes:
        products: float32 (q, room), falling: the greatest products of their lists.
        rows: int64 (q, room), theirs; -1 where there is none.
        bounds: float64 (q,), how wrong a product may be.
    """

    products: Rows
    rows: Indices
    bounds: Floats

    def near(self, k: int) -> tuple[Indices, Indices]:
        """Return the places in the lists that can hold one of the k best of their list."""
        least = self.products[:, k - 1] - 2 * self.bounds
        near = (self.products >= least[:, None]) & (self.rows >= 0)
        query, place = np.nonzero(near)
        return query, place

    def ordered(self, scores: Floats, k: int) -> tuple[Indices, Floats]:
        """Return the k best rows and scores of each list: score descending, then row ascending.

        Args:
            scores: float64 (q, room); minus infinity where a place is out of the question.
            k: How many.
        """
        order = np.lexsort((self.rows, -scores), axis=1)[:, :k]
        return np.take_along_axis(self.rows, order, 1), np.take_along_axis(scores, order, 1)

    def proves(self, needed: Floats) -> NDArray[np.bool_]:
        """Return for which queries no item beyond the list reaches the product ``needed`` (q,)."""
        proven: NDArray[np.bool_] = self.products[:, -1] < needed - self.bounds
        return proven


def squares_of(vectors: NDArray[Any], name: str) -> Floats:
    """Return `squared_lengths` of ``vectors`` (n, dim), made by several threads.

    Raises:
        InputError: A row holds a value that is not finite.
    """

    def square(part: slice) -> Floats:
        return squared_lengths(vectors[part], name, part.start)

    return _in_parts(square, len(vectors))


def scores_of(
    metric: Metric,
    queries: NDArray[Any],
    vectors: NDArray[Any],
    squares: tuple[Floats, Floats],
    pairs: tuple[Indices, Indices],
) -> Floats:
    """Return `pair_scores` of rows of ``queries`` and of ``vectors``, made by several threads."""

    def score(part: slice) -> Floats:
        return pair_scores(queries, vectors, pairs[0][part], pairs[1][part], metric, squares)

    return _in_parts(score, len(pairs[0]))


def _in_parts(work: Callable[[slice], Floats], length: int) -> Floats:
    import faiss

    threads = faiss.omp_get_max_threads()
    parts = slices(length, max(_FEWEST, -(-length // (4 * threads))))
    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate([np.empty(0), *pool.map(work, parts)])
