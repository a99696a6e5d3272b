"""Stored vectors, read a few at a time: float64 values, squared lengths, scores of pairs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.neighbors.metrics import Floats, Metric, row_dots

_ELEMENTS = 1 << 18
_SANE = (1e-20, 1e20)


def slices(length: int, step: int) -> Iterator[slice]:
    """Yield runs of at most ``step``, from the first to the last."""
    for start in range(0, length, step):
        yield slice(start, min(start + step, length))


def row_slices(length: int, dim: int) -> Iterator[slice]:
    """Yield runs of rows that stay in a processor's cache as float64."""
    return slices(length, max(1, _ELEMENTS // max(dim, 1)))


def as_float64(vectors: NDArray[Any]) -> Floats:
    """Return float16 or float32 values as float64; by way of float32, which is much faster."""
    narrow = vectors.dtype == np.float16
    wide: Floats = (vectors.astype(np.float32) if narrow else vectors).astype(np.float64)
    return wide


def is_sane(squares: Floats | float) -> NDArray[np.bool_]:
    """Return which squared lengths leave room in float32 for all that is made of them."""
    low, high = _SANE
    return np.less(low, squares) & np.less(squares, high)


def squared_lengths(vectors: NDArray[Any], name: str = "vectors", start: int = 0) -> Floats:
    """Return the float64 squared length of each row of ``vectors`` (n, dim).

    Args:
        vectors: float16, float32 or float64; may be memory-mapped.
        name: What they are, for an error.
        start: The number of the first row, likewise.

    Raises:
        InputError: A row holds a value that is not finite.
    """
    squares = np.empty(len(vectors), dtype=np.float64)
    for part in row_slices(len(vectors), vectors.shape[1]):
        rows = as_float64(vectors[part])
        squares[part] = row_dots(rows, rows)
    if not np.isfinite(squares).all():
        row = start + int(np.argmin(np.isfinite(squares)))
        raise InputError(f"{name} must be finite", row=row)
    return squares


def pair_scores(
    queries: NDArray[Any],
    corpus: NDArray[Any],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    metric: Metric,
    squares: tuple[Floats, Floats] | None = None,
) -> Floats:
    """Return the score of each pair, float64 (pairs,), as every search computes it in the end.

    Args:
        queries: float16, float32 or float64 (q, dim); may be memory-mapped.
        corpus: float16 or float32 (n, dim); may be memory-mapped.
        left: (pairs,) rows of ``queries``.
        right: (pairs,) rows of ``corpus``.
        metric: How pairs are scored.
        squares: (q,) and (n,), squared lengths, where they are known.
    """
    scores = np.empty(len(right), dtype=np.float64)
    for part in row_slices(len(right), queries.shape[1]):
        q, x = left[part], right[part]
        one, other = as_float64(queries[q]), as_float64(corpus[x])
        if squares is None:
            lengths = squared_lengths(one), squared_lengths(other)
        else:
            lengths = squares[0][q], squares[1][x]
        scores[part] = metric.scores(one, other, lengths)
    return scores
