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

from pentad.core.errors import InputError
from pentad.neighbors.exact import as_float64
from pentad.neighbors.metrics import Floats, Metric, Rows, row_dots

_ELEMENTS = 1 << 18

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
    """Return the float64 squared length of each row of ``vectors`` (n, dim).

    Args:
        vectors: float16 or float32, as stored; may be memory-mapped.
        name: What they are, for an error.

    Raises:
        InputError: A row holds a value that is not finite.
    """
    squares = np.empty(len(vectors), dtype=np.float64)

    def square(part: slice) -> None:
        rows = as_float64(np.asarray(vectors[part]))
        squares[part] = row_dots(rows, rows)

    _in_parts(square, len(vectors), vectors.shape[1])
    finite = np.isfinite(squares)
    if not finite.all():
        raise InputError(f"{name} must be finite", row=int(np.argmin(finite)))
    return squares


def scores_of(
    metric: Metric,
    queries: NDArray[Any],
    vectors: NDArray[Any],
    squares: tuple[Floats, Floats],
    pairs: tuple[Indices, Indices],
) -> Floats:
    """Return the float64 scores of pairs of a row of ``queries`` and a row of ``vectors``.

    Args:
        metric: How pairs are scored.
        queries: (q, dim), as stored.
        vectors: (n, dim), as stored; may be memory-mapped.
        squares: (q,) and (n,), squared lengths.
        pairs: Rows of queries, rows of vectors.
    """
    scores = np.empty(len(pairs[0]), dtype=np.float64)

    def score(part: slice) -> None:
        q, x = pairs[0][part], pairs[1][part]
        left, right = as_float64(np.asarray(queries[q])), as_float64(np.asarray(vectors[x]))
        scores[part] = metric.scores(left, right, (squares[0][q], squares[1][x]))

    _in_parts(score, len(scores), vectors.shape[1])
    return scores


def _in_parts(work: Callable[[slice], None], length: int, dim: int) -> None:
    import faiss

    step = max(1, _ELEMENTS // max(dim, 1))
    parts = [slice(start, start + step) for start in range(0, length, step)]
    threads = faiss.omp_get_max_threads()
    if threads == 1 or len(parts) == 1:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, parts))
