"""The three ways to score a pair of vectors, and what each looks like as one inner product.

Greater is closer, always. A metric has two sides: the score itself, in float64 and from the stored
vectors alone, and prepared float32 rows whose inner product orders a corpus nearly as the score
does. The prepared side finds candidates fast; `Metric.scale` bounds how wrong it can be.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import UnknownName

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]

# Longer dot products are split by the BLAS among its threads, and then depend on their number.
_DOT_LENGTH = 8192


class Metric(Protocol):
    """How pairs of vectors are scored.

    Attributes:
        name: What users call it.
    """

    name: str

    def query_rows(self, vectors: Floats, squares: Floats) -> Rows:
        """Return queries (q, dim) as rows to multiply; ``squares`` (q,) are squared lengths."""

    def corpus_rows(self, vectors: Floats, squares: Floats) -> Rows:
        """Return corpus vectors (n, dim) as rows to multiply; ``squares`` (n,) likewise."""

    def scale(self, squares: Floats, largest: float) -> Floats:
        """Return, for each query, what relative rounding errors of the product multiply with.

        Args:
            squares: (q,) squared lengths of the queries.
            largest: The greatest squared length in the corpus.
        """

    def scores(self, left: Floats, right: Floats, squares: tuple[Floats, Floats]) -> Floats:
        """Return the score of each pair of rows of ``left`` and ``right``, both (pairs, dim)."""

    def product(self, score: Floats, squares: Floats) -> Floats:
        """Return the exact inner product of prepared rows that belongs to a score."""


class Cosine:
    """Cosine of the angle; 0 where a vector is zero."""

    name = "cosine"

    def query_rows(self, vectors: Floats, squares: Floats) -> Rows:
        """Return the vectors at length 1."""
        lengths = np.where(squares > 0, np.sqrt(squares), 1.0)
        return (vectors / lengths[:, None]).astype(np.float32)

    corpus_rows = query_rows

    def scale(self, squares: Floats, largest: float) -> Floats:
        """Return ones: all rows have length 1."""
        return np.ones_like(squares)

    def scores(self, left: Floats, right: Floats, squares: tuple[Floats, Floats]) -> Floats:
        """Return the cosines; one square root of both lengths makes a vector's own cosine 1.0."""
        lengths = np.sqrt(squares[0] * squares[1])
        return row_dots(left, right) / np.where(lengths > 0, lengths, 1.0)

    def product(self, score: Floats, squares: Floats) -> Floats:
        """Return the score: it is the product."""
        return score


class Dot:
    """Inner product of the vectors as they are."""

    name = "dot"

    def query_rows(self, vectors: Floats, squares: Floats) -> Rows:
        """Return the vectors."""
        return _narrow(vectors)

    corpus_rows = query_rows

    def scale(self, squares: Floats, largest: float) -> Floats:
        """Return the greatest product of lengths; the sum covers values too small for float32."""
        lengths = np.sqrt(squares) + np.sqrt(largest)
        scale: Floats = np.sqrt(squares * largest) + 2.0**-100 * lengths
        return scale

    def scores(self, left: Floats, right: Floats, squares: tuple[Floats, Floats]) -> Floats:
        """Return the inner products."""
        return row_dots(left, right)

    def product(self, score: Floats, squares: Floats) -> Floats:
        """Return the score: it is the product."""
        return score


class Euclidean:
    """Negative distance. As a product: ``q.x - |x|^2 / 2``, by one more coordinate."""

    name = "euclidean"

    def query_rows(self, vectors: Floats, squares: Floats) -> Rows:
        """Return the vectors with a 1 behind each."""
        return _narrow(np.column_stack([vectors, np.ones(len(vectors))]))

    def corpus_rows(self, vectors: Floats, squares: Floats) -> Rows:
        """Return the vectors with ``-|x|^2 / 2`` behind each."""
        return _narrow(np.column_stack([vectors, -squares / 2]))

    def scale(self, squares: Floats, largest: float) -> Floats:
        """Return the square of the greatest possible distance."""
        scale: Floats = (np.sqrt(squares) + np.sqrt(largest)) ** 2
        return scale

    def scores(self, left: Floats, right: Floats, squares: tuple[Floats, Floats]) -> Floats:
        """Return the negative distances."""
        difference = left - right
        return -np.sqrt(row_dots(difference, difference))

    def product(self, score: Floats, squares: Floats) -> Floats:
        """Return ``(|q|^2 - distance^2) / 2``."""
        return (squares - score * score) / 2


METRICS: dict[str, Metric] = {m.name: m for m in (Cosine(), Dot(), Euclidean())}


def get_metric(name: str) -> Metric:
    """Return the metric called ``name``.

    Raises:
        UnknownName: There is none; the message names the nearest one.
    """
    if name not in METRICS:
        raise UnknownName("metric", name, METRICS)
    return METRICS[name]


def row_dots(left: Floats, right: Floats) -> Floats:
    """Return the inner product of each row of ``left`` with the same row of ``right``.

    One pair's result depends on that pair alone, never on the rows beside it or on threads.
    """
    total = np.vecdot(left[:, :_DOT_LENGTH], right[:, :_DOT_LENGTH])
    for start in range(_DOT_LENGTH, left.shape[1], _DOT_LENGTH):
        stop = start + _DOT_LENGTH
        total = total + np.vecdot(left[:, start:stop], right[:, start:stop])
    return np.asarray(total, dtype=np.float64)


def _narrow(vectors: NDArray[Any]) -> Rows:
    with np.errstate(over="ignore"):
        return vectors.astype(np.float32)
