"""Candidates scored from the stored vectors: the k best of each query, as exact search orders them.

Products are made in float64 straight from float16 or float32 rows. Those that lie within all
rounding of the k-th are then scored by the metric itself, so scores and order are the ones that
exact search gives to the same pairs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.approximate.prefetch import AHEAD, fetch_row
from pentad.neighbors.approximate.rows import Source
from pentad.neighbors.exact import best_pairs
from pentad.neighbors.int8.jit import compiled_sums
from pentad.neighbors.metrics import Floats
from pentad.neighbors.stored import pair_scores, squared_lengths

_UNIT = 2.0**-50
_PIECE = 1 << 18

Indices = NDArray[np.int64]


def rescored(
    source: Source, queries: NDArray[Any], candidates: Indices, k: int
) -> tuple[Indices, Floats]:
    """Return the k best candidates of each query and their float64 scores.

    Args:
        source: The items.
        queries: (q, dim), finite.
        candidates: (q, at least k) rows of items, none twice in a line; -1 is no item. Every line
            has at least k items.
        k: How many are wanted.

    Returns:
        Rows and scores, both (q, k): score descending, then row ascending.
    """
    squares = squared_lengths(queries)
    products = candidate_products(source, queries, candidates)
    margin = slack(source, squares)
    least = -np.partition(-products, k - 1, axis=1)[:, k - 1] - 2 * margin
    left, column = np.nonzero((products >= least[:, None]) & (candidates >= 0))
    right = candidates[left, column]
    both = squares, source.squares
    scores = pair_scores(queries, source.vectors, left, right, source.metric, both)
    _, rows, scores = best_pairs(left, right, scores, k)
    return rows.reshape(-1, k), scores.reshape(-1, k)


def candidate_products(source: Source, queries: NDArray[Any], candidates: Indices) -> Floats:
    """Return what orders the candidates of each query as their scores do; -inf where none is."""
    products = np.empty(candidates.shape, np.float64)
    vectors = queries.astype(np.float64)
    if source.vectors.dtype == np.float16:
        _half_products(vectors, source.vectors.view(np.uint16), candidates, products)
    else:
        _single_products(vectors, source.vectors, candidates, products)
    items = source.squares[candidates]
    if source.metric.name == "cosine":
        lengths = np.sqrt(squared_lengths(queries)[:, None] * items)
        products /= np.where(lengths > 0, lengths, 1.0)
    elif source.metric.name == "euclidean":
        products -= items / 2
    products[candidates < 0] = -np.inf
    return products


def slack(source: Source, squares: Floats) -> Floats:
    """Return how far rounding can move the product or the score of any pair of a query."""
    if source.metric.name == "dot":  # what is too small for float32 is not for float64
        scale: Floats = np.sqrt(squares * source.largest)
    else:
        scale = source.metric.scale(squares, source.largest)
    return (source.dim + 16) * _UNIT * scale


@compiled_sums
def _single_products(queries: Any, items: Any, rows: Any, products: Any) -> None:
    for q in range(len(rows)):
        for c in range(rows.shape[1]):
            if c + AHEAD < rows.shape[1]:
                fetch_row(items, rows[q, c + AHEAD])
            total = 0.0
            if rows[q, c] >= 0:
                item = items[rows[q, c]]
                for j in range(len(item)):
                    total += queries[q, j] * np.float64(item[j])
            products[q, c] = total


@compiled_sums
def _half_products(queries: Any, items: Any, rows: Any, products: Any) -> None:
    """Read float16 as integers: moved to where float32 has them, they lack a power of two."""
    for q in range(len(rows)):
        for c in range(rows.shape[1]):
            if c + AHEAD < rows.shape[1]:
                fetch_row(items, rows[q, c + AHEAD])
            total = 0.0
            if rows[q, c] >= 0:
                item = items[rows[q, c]]
                for j in range(len(item)):
                    bits = np.uint32(item[j])
                    moved = ((bits & np.uint32(0x8000)) << np.uint32(16)) | (
                        (bits & np.uint32(0x7FFF)) << np.uint32(13)
                    )
                    total += queries[q, j] * np.float64(np.uint32(moved).view(np.float32))
            products[q, c] = total * 2.0**112
