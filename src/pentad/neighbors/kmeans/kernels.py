"""The loops over values, compiled. None depends on the number of threads or the cut of blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from pentad.neighbors.int8.codes import LIMIT
from pentad.neighbors.int8.jit import compiled, compiled_sums
from pentad.neighbors.int8.scan import offer
from pentad.neighbors.int8.tile import TILE_QUERIES


@compiled
def widen_half(bits: Any, factors: Any, out: Any) -> None:
    """Write float16 rows, given as uint16 (n, dim), times float64 factors (n,) into ``out``.

    The bits are moved to where float32 has them; what they lack then is a power of two. Much
    faster than a conversion one by one. Infinity and NaN come out as numbers: see `unfinished`.
    """
    for i in range(len(bits)):
        factor = factors[i] * 2.0**112
        for j in range(bits.shape[1]):
            value = np.uint32(bits[i, j])
            moved = ((value & np.uint32(0x8000)) << np.uint32(16)) | (
                (value & np.uint32(0x7FFF)) << np.uint32(13)
            )
            out[i, j] = np.float64(np.uint32(moved).view(np.float32)) * factor


@compiled
def widen_single(values: Any, factors: Any, out: Any) -> None:
    """Write float32 rows (n, dim) times float64 factors (n,) into ``out``."""
    for i in range(len(values)):
        for j in range(values.shape[1]):
            out[i, j] = np.float64(values[i, j]) * factors[i]


@compiled
def unfinished(bits: Any, exponent: int) -> int:
    """Return the first row of which some value has all bits of the exponent set, or -1."""
    for i in range(len(bits)):
        found = False
        for j in range(bits.shape[1]):
            found |= (bits[i, j] & exponent) == exponent
        if found:
            return i
    return -1


@compiled_sums
def square_sums(rows: Any, out: Any) -> None:
    """Write the squared length of each float64 row into ``out`` (n,)."""
    for i in range(len(rows)):
        total = 0.0
        for j in range(rows.shape[1]):
            total += rows[i, j] * rows[i, j]
        out[i] = total


@compiled_sums
def products_with(rows: Any, order: Any, others: Any, which: Any, out: Any) -> None:
    """Write the float64 product of ``rows[order]`` (n, width) with ``others[which]`` (n, width)."""
    for i in range(len(order)):
        row, other = rows[order[i]], others[which[i]]
        total = 0.0
        for j in range(len(row)):
            total += np.float64(row[j]) * np.float64(other[j])
        out[i] = total


@compiled_sums
def squares_between(rows: Any, others: Any, which: Any, out: Any) -> None:
    """Write the float64 squared distance of ``rows`` to ``others[which]``, both (n, dim)."""
    for i in range(len(rows)):
        a = which[i]
        total = 0.0
        for j in range(rows.shape[1]):
            gap = np.float64(rows[i, j]) - np.float64(others[a, j])
            total += gap * gap
        out[i] = total


@compiled
def move_rows(rows: Any, old: Any, new: Any, share: int, shares: int, sums: Any) -> None:
    """Take each row from the sum of its old cluster and add it to that of its new one.

    Args:
        rows: float64 (n, dim).
        old: (n,), cluster before; -1 is none.
        new: (n,), cluster now.
        share: Only clusters with this remainder are touched, so that threads do not meet.
        shares: What the remainder is of.
        sums: float64 (clusters, dim), updated: each cluster in the order of rows.
    """
    for i in range(len(rows)):
        before, after = old[i], new[i]
        if before >= 0 and before % shares == share:
            for j in range(rows.shape[1]):
                sums[before, j] -= rows[i, j]
        if after % shares == share:
            for j in range(rows.shape[1]):
                sums[after, j] += rows[i, j]


@compiled_sums
def encode(
    rows: Any,
    order: Any,
    mean: Any,
    scale: Any,
    other: Any,
    codes: Any,
    sums: Any,
    across: Any,
    sizes: Any,
) -> None:
    """Encode points as tiles read them, relative to a given mean.

    Args:
        rows: float32 (some, at least dim).
        order: int64 (q,), the rows of points.
        mean: float32 (dim,).
        scale: float32, what a code is multiplied with.
        other: float32 (dim,), the mean of the centroids.
        codes: int8 (tiles, groups, 6, 4), written.
        sums: int64 (q,), written: the sum of the codes of each.
        across: float64 (q,), written: the product of each with ``other``.
        sizes: float32 (2, q), written: the length of the codes of each, and that of what they
            miss, divided by the scale.
    """
    dim = len(mean)
    inverse = np.float32(1) / scale
    row = np.zeros(codes.shape[1] * 4, np.int8)
    for i in range(len(order)):
        point = rows[order[i]]
        square, loss, product = np.float32(0), np.float32(0), 0.0
        total = np.int32(0)
        for j in range(dim):
            value = (point[j] - mean[j]) * inverse
            code = min(max(np.rint(value), np.float32(-LIMIT)), np.float32(LIMIT))
            loss += (value - code) * (value - code)
            square += code * code
            product += np.float64(point[j]) * np.float64(other[j])
            row[j] = np.int8(code)
            total += np.int32(code)
        for j in range(codes.shape[1]):
            for part in range(4):
                codes[i // TILE_QUERIES, j, i % TILE_QUERIES, part] = row[4 * j + part]
        sums[i], across[i] = total, product
        sizes[0, i], sizes[1, i] = np.sqrt(square), np.sqrt(loss)


@compiled
def follow(own: Any, upper: Any, lower: Any, moves: Any, most: float, sure: Any) -> None:
    """Let distances follow the moves of centroids where they still prove the cluster.

    Args:
        own: int32 (n,), clusters.
        upper: float32 (n,), at least the distance to the own centroid; updated.
        lower: float32 (n,), at most the distance to any other; updated.
        moves: float64 (c,).
        most: The greatest of them.
        sure: bool (n,), written; where it is false, nothing else is.
    """
    for i in range(len(own)):
        high = (np.float64(upper[i]) + moves[own[i]]) * (1 + 2.0**-22)
        low = max(np.float64(lower[i]) - most, 0.0) * (1 - 2.0**-22)
        sure[i] = high < low
        if sure[i]:
            upper[i], lower[i] = high, low


@compiled
def offer_each(products: Any, places: Any, values: Any, where: Any, wanted: Any) -> None:
    """Offer one product and its place to the list of each query of which it is wanted."""
    for q in range(len(products)):
        if wanted[q]:
            offer(products[q], places[q], values[q], where[q])
