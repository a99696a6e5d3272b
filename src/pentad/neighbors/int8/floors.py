"""Pairs that can reach a product that is known beforehand, found by bytes.

Bounds are those of `pentad.neighbors.int8.search`. There, what an item has to reach is learned from
the items before it; here every query says it, so few pairs are left from the first item on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.int8.codes import Rows, aligned
from pentad.neighbors.int8.jit import compiled, compiled_sums
from pentad.neighbors.int8.scan import dot, reach_all, scan
from pentad.neighbors.int8.sides import Floats, ItemRoom, QuerySide, scale_of
from pentad.neighbors.int8.tile import TILE_ITEMS, TILE_QUERIES, VECTORS

_GROUP_BYTES = 3 << 18
_NEVER = np.iinfo(np.int32).max

Ints = NDArray[np.int32]
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


class FloorSearch:
    """Items that blocks of queries meet, each with products that items have to reach."""

    def __init__(self, items: Rows, dim: int, share: float) -> None:
        """Choose codes for the items.

        Args:
            items: float32 (n, dim), or one more: the last value is then multiplied in float32.
            dim: How many values are encoded.
            share: Which share of all pairs there is room for.
        """
        self._items, self._dim, self._share = items, dim, share
        self._mean = items[:, :dim].mean(axis=0)
        self._scale = scale_of(items[:, :dim] - self._mean)

    def pairs(self, queries: Rows, floors: Floats) -> Pairs | None:
        """Return the pairs whose float32 product reaches the floor of the query.

        Called by several threads at once. Takes as much memory as the codes of both sides.

        Args:
            queries: float32 (q, dim), or one more, prepared as the items are.
            floors: (q,), what products have to reach.

        Returns:
            Rows of queries and of items; None where bounds leave more pairs than there is room for.
        """
        side = QuerySide.of(queries, self._dim)
        room = ItemRoom.of(self._mean, len(self._items))
        room.encode(self._items, 0, side, self._scale)
        items = room.finish(self._items, side, self._scale)
        across = products_with(queries, self._mean)
        needed = np.full(side.padded, _NEVER, np.int32)
        reach_all(floors, items.zeros(side, across), items.unit, needed)
        size = max(1, _GROUP_BYTES // side.codes[0].size)
        hits, tile = self._room(min(size, len(side.codes))), _tile()
        found: list[Ints] = []
        for start in range(0, len(side.codes), size):
            group = slice(start * TILE_QUERIES, (start + size) * TILE_QUERIES)
            codes = side.codes[start : start + size], items.codes
            count = scan(*codes, items.starts, needed[group], *tile, hits)
            if count < 0:
                return None
            count = reaching(hits[:count], queries[group], self._items, floors[group])
            found.append(hits[:count, :2] + np.array([group.start, 0], np.int32))
        left, right = np.concatenate(found).astype(np.int64).T
        return left, right

    def _room(self, tiles: int) -> Ints:
        pairs = int(tiles * TILE_QUERIES * len(self._items) * self._share)
        return np.empty((2 * TILE_QUERIES * TILE_ITEMS + pairs, 3), np.int32)


def _tile() -> tuple[Ints, NDArray[np.uint16]]:
    """Return room for what one tile says."""
    masks = np.zeros(TILE_QUERIES * VECTORS, np.uint16)
    return aligned((TILE_QUERIES * TILE_ITEMS,), np.int32), masks


@compiled
def reaching(hits: Ints, left: Rows, right: Rows, floors: Floats) -> int:
    """Move the pairs whose float32 product reaches the floor to the front; return their number.

    Args:
        hits: (pairs, 3): query, item, sum; written.
        left: float32 (q, width), the queries.
        right: float32 (n, width), the items.
        floors: (q,), what products have to reach.
    """
    found = 0
    for h in range(len(hits)):
        q, x = hits[h, 0], hits[h, 1]
        if x >= len(right) or dot(left[q], right[x]) < floors[q]:
            continue
        hits[found, 0], hits[found, 1] = q, x
        found += 1
    return found


@compiled_sums
def products_with(rows: Rows, mean: Rows) -> Floats:
    """Return the float64 product of each row with ``mean``; of a longer row, of its first values.

    A matrix product would do, but takes threads of its own for each of the threads that call it.
    """
    found = np.empty(len(rows), np.float64)
    for i in range(len(rows)):
        total = 0.0
        for j in range(len(mean)):
            total += np.float64(rows[i, j]) * np.float64(mean[j])
        found[i] = total
    return found
