"""All tiles of some queries and items, and the exact look at what they leave."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.int8.jit import compiled, compiled_sums
from pentad.neighbors.int8.tile import LANES, TILE_ITEMS, TILE_QUERIES, VECTORS, tile

LEAST, MOST = -(1 << 31), 1 << 29
"""Limits of what a sum can be asked to reach: always reached, and more than any sum is short of."""

Ints = NDArray[np.int32]


@compiled
def scan(
    queries: NDArray[np.int8],
    items: NDArray[np.uint8],
    starts: Ints,
    needed: Ints,
    sums: Ints,
    masks: NDArray[np.uint16],
    hits: Ints,
) -> int:
    """Find the pairs whose sum reaches what the query needs.

    Args:
        queries: (tiles, groups, 6, 4).
        items: (tiles, groups, 64, 4).
        starts: (item tiles * 64,), where sums start.
        needed: (query tiles * 6,).
        sums: (6 * 64,), room for a tile.
        masks: (6 * 4,), room for a tile.
        hits: (room, 3), written: query, item, sum.

    Returns:
        How many there are, or -1 where there is no room for them.
    """
    groups, found = queries.shape[1], 0
    for x in range(len(items)):
        for q in range(len(queries)):
            reached = tile(
                queries.ctypes.data + q * groups * 4 * TILE_QUERIES,
                items.ctypes.data + x * groups * 4 * TILE_ITEMS,
                starts.ctypes.data + x * 4 * TILE_ITEMS,
                needed.ctypes.data + q * 4 * TILE_QUERIES,
                sums.ctypes.data,
                masks.ctypes.data,
                groups,
            )
            if reached == 0:
                continue
            if found + TILE_QUERIES * TILE_ITEMS > len(hits):
                return -1
            for place in range(TILE_QUERIES * VECTORS):
                mask = masks[place]
                lane = 0
                while mask != 0:
                    if mask & 1:
                        hits[found, 0] = q * TILE_QUERIES + place // VECTORS
                        hits[found, 1] = x * TILE_ITEMS + (place % VECTORS) * LANES + lane
                        hits[found, 2] = sums[place * LANES + lane]
                        found += 1
                    mask >>= 1
                    lane += 1
    return found


@compiled_sums
def dot(left: Any, right: Any) -> Any:
    """Return the float32 product of two rows."""
    total = np.float32(0)
    for j in range(len(left)):
        total += left[j] * right[j]
    return total


@compiled
def offer(products: Any, rows: Any, value: float, row: int) -> None:
    """Put a product into a list that falls, if it belongs there; the last one leaves."""
    place = len(products) - 1
    if not value > products[place]:
        return
    while place > 0 and products[place - 1] < value:
        products[place], rows[place] = products[place - 1], rows[place - 1]
        place -= 1
    products[place], rows[place] = value, row


@compiled
def reach(product: float, unit: float) -> int:
    """Return the sum that stands for a product, or the limit beyond which it lies."""
    sum_needed = product / unit
    if not sum_needed > LEAST:
        return LEAST
    return MOST if sum_needed > MOST else int(np.floor(sum_needed))


@compiled
def rescore(
    hits: Ints,
    left: Any,
    right: Any,
    start: int,
    needed: Ints,
    short: Any,
    unit: float,
    k: int,
    products: Any,
    rows: Any,
) -> int:
    """Multiply the pairs that were found in float32, and ask for more of those to come.

    Args:
        hits: (pairs, 3).
        left: float32 (q, width), the queries.
        right: float32 (n, width), the items.
        start: The row of the first item.
        needed: (q,), raised.
        short: float64 (q,), the product that belongs to a sum of 0 and the error of float32.
        unit: What a sum of 1 is worth.
        k: How many neighbors are wanted.
        products: float32 (q, count), the best so far, falling; updated.
        rows: int64 (q, count), theirs; updated.

    Returns:
        How many pairs were multiplied.
    """
    done = 0
    for h in range(len(hits)):
        q, x = hits[h, 0], hits[h, 1]
        if hits[h, 2] < needed[q] or x >= len(right):
            continue
        done += 1
        value = dot(left[q], right[x])
        if value > products[q, products.shape[1] - 1]:
            offer(products[q], rows[q], value, start + x)
            needed[q] = max(needed[q], reach(products[q, k - 1] - short[q], unit))
    return done


@compiled
def reach_all(bounds: Any, zeros: Any, unit: float, needed: Ints) -> None:
    """Write into ``needed`` what sums the pairs of each query need to reach its bound."""
    for q in range(len(bounds)):
        needed[q] = reach(bounds[q] - zeros[q], unit)


@compiled
def merge(found: Any, places: Any, start: int, products: Any, rows: Any) -> None:
    """Offer the products of a dense search, (q, some), to the lists of the queries."""
    for q in range(len(found)):
        for j in range(found.shape[1]):
            if places[q, j] >= 0:
                offer(products[q], rows[q], found[q, j], start + places[q, j])
