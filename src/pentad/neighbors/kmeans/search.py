"""The nearest few of a run of centroids for prepared points: by bytes, or else in float32."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.exact import Indices
from pentad.neighbors.int8.codes import aligned
from pentad.neighbors.int8.scan import merge, reach_all, rescore, scan
from pentad.neighbors.int8.sides import (
    ItemRoom,
    ItemSide,
    QuerySide,
    scale_of,
)
from pentad.neighbors.int8.tile import TILE_ITEMS, TILE_QUERIES, VECTORS
from pentad.neighbors.kmeans.centroids import Centroids
from pentad.neighbors.kmeans.frame import Frame
from pentad.neighbors.metrics import Floats, Rows

COUNT = 4
"""How many of the nearest centroids are kept; the more, the fewer ties are searched again."""

GROUP = 768
"""Points that are searched together, a multiple of what a tile takes."""

_HEAD = 64
_RUN = 4096
_SHORT = 256
_ROOM = 50
_NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True, eq=False)
class Asked:
    """Points whose nearest centroids are sought.

    Attributes:
        rows: float32 (some, width), prepared points.
        order: int64 (q,), the rows that are meant.
        bounds: float64 (q,), how wrong a float32 product may be.
        floors: float64 (q,), products below which nothing is sought.
    """

    rows: Rows
    order: Indices
    bounds: Floats
    floors: Floats

    def part(self, part: slice) -> Rows:
        """Return the rows of some points, in order."""
        return self.rows[self.order[part]]


@dataclass(frozen=True, eq=False)
class Group:
    """Points that meet the same centroids.

    Attributes:
        part: Which points.
        stop: The first of the centroids that they do not meet.
    """

    part: slice
    stop: int


@dataclass(eq=False)
class Found:
    """The nearest centroids of some points.

    Attributes:
        products: float32 (q, 4), falling; infinitely small where there are no more.
        places: int64, their places in the order of movement; -1 where there are no more.
        rescored: Pairs multiplied in float32.
    """

    products: Rows
    places: Indices
    rescored: int = 0


class RunSearch:
    """Searches runs of centroids from the first on; threads may use it together.

    Attributes:
        pair: 2, or 1 where there is but one centroid: all that are surely found.
    """

    def __init__(self, centroids: Centroids, frame: Frame | None) -> None:
        """Encode the centroids, if there is a frame."""
        self._rows = centroids.rows
        self._frame = frame
        self.pair = min(2, len(self._rows))
        if frame is not None:
            dim = len(frame.mean)
            values = self._rows[:, :dim]
            self._mean = values.mean(axis=0)
            self._scale = scale_of(values - self._mean)
            self._room = ItemRoom.of(self._mean, len(values))
            self._room.encode(self._rows, 0, frame.empty, self._scale)

    def floors(self, rows: Rows, bounds: Floats) -> Floats:
        """Return products that the nearest two certainly reach."""
        products, _ = _dense(rows, self._rows[:_HEAD], self.pair)
        floors: Floats = products[:, -1] - bounds
        return floors

    def find(self, asked: Asked, groups: list[Group], *, fresh: bool) -> Found:
        """Return centroids of each group's run: the nearest two, if they reach the floors.

        Others may be among them, in order. Whatever is not has a product less than the floor or
        not above the second; where the list is full, not above the last either.

        Args:
            asked: The points.
            groups: All of them, in groups.
            fresh: Whether floors are low, so that short runs come first to raise them.
        """
        shape = len(asked.order), COUNT
        found = Found(np.full(shape, -np.inf, np.float32), np.full(shape, -1, np.int64))
        if self._frame is None:
            for group in groups:
                self._multiply(asked, found, group.part, slice(0, group.stop))
            return found
        block = _Block(self, asked, max(group.stop for group in groups))
        for group in groups:
            for run in _runs(group.stop, growing=fresh):
                self._scan(block, found, group.part, run)
        return found

    def _scan(self, block: _Block, found: Found, part: slice, run: slice) -> None:
        """Look at one run of centroids for one group."""
        items, bounds = block.items, block.asked.bounds[part]
        tiles, right = _tiles(part, TILE_QUERIES), _tiles(run, TILE_ITEMS)
        needed = block.needed[tiles.start * TILE_QUERIES : tiles.stop * TILE_QUERIES]
        reach_all(block.floors[part], block.zeros[part], items.unit, needed)
        buffers = block.buffers
        hits = scan(
            block.side.codes[tiles], items.codes[right],
            items.starts[right.start * TILE_ITEMS : right.stop * TILE_ITEMS], needed,
            buffers.sums, buffers.masks, buffers.hits,
        )  # fmt: skip
        if hits < 0 and run.stop - run.start > _SHORT:
            for half in _halves(run):
                self._scan(block, found, part, half)
            return
        if hits < 0:
            self._multiply(block.asked, found, part, run)
        else:
            found.rescored += rescore(
                buffers.hits[:hits], block.asked.part(part), self._rows[run], run.start, needed,
                block.zeros[part] + bounds, items.unit, self.pair,
                found.products[part], found.places[part],
            )  # fmt: skip
        best = found.products[part, self.pair - 1] - bounds
        np.fmax(block.floors[part], best, out=block.floors[part])

    def _multiply(self, asked: Asked, found: Found, part: slice, run: slice) -> None:
        """Multiply everything in float32."""
        left, right = asked.part(part), self._rows[run]
        products, places = _dense(left, right, min(COUNT, len(right)))
        merge(products, places, run.start, found.products[part], found.places[part])
        found.rescored += len(products) * len(right)

    def side(self, asked: Asked, stop: int) -> tuple[QuerySide, ItemSide, Floats]:
        """Return points and a run of centroids as codes, and what a sum of 0 is worth."""
        if self._frame is None:
            raise RuntimeError("there are no codes without a frame")
        side, across = self._frame.encode(asked.rows, asked.order, self._mean)
        items = self._room.finish(self._rows[:stop], side, self._scale)
        return side, items, items.zeros(side, across)


class _Block:
    """Points as codes with what is known of them, and what one thread writes into."""

    def __init__(self, search: RunSearch, asked: Asked, stop: int) -> None:
        self.asked, self.floors = asked, asked.floors.copy()
        self.side, self.items, self.zeros = search.side(asked, stop)
        self.needed = np.full(self.side.padded, _NEVER, np.int32)

    @cached_property
    def buffers(self) -> _Buffers:
        return _Buffers(min(self.items.codes.shape[0] * TILE_ITEMS, _RUN))


class _Buffers:
    def __init__(self, items: int) -> None:
        tile = TILE_QUERIES * TILE_ITEMS
        self.sums = aligned((tile,), np.int32)
        self.masks: NDArray[np.uint16] = np.zeros(TILE_QUERIES * VECTORS, np.uint16)
        self.hits = np.empty((2 * tile + GROUP * (items // _ROOM + 8), 3), np.int32)


def _dense(left: Rows, rows: Rows, count: int) -> tuple[Rows, Indices]:
    import faiss

    found: tuple[Rows, Indices] = faiss.knn(left, rows, count, metric=faiss.METRIC_INNER_PRODUCT)
    return found


def _runs(stop: int, *, growing: bool) -> list[slice]:
    """Return runs of centroids; short ones first where little is known."""
    found, start = [], 0
    while start < stop:
        size = min(max(4 * _HEAD, start), _RUN) if growing else _RUN
        found.append(slice(start, min(start + size, stop)))
        start += size
    return found


def _halves(run: slice) -> tuple[slice, slice]:
    """Cut at a tile; what is found in the first half raises floors for the second."""
    tiles = -(-(run.stop - run.start) // TILE_ITEMS)
    middle = run.start + tiles // 2 * TILE_ITEMS
    return slice(run.start, middle), slice(middle, run.stop)


def _tiles(rows: slice, size: int) -> slice:
    return slice(rows.start // size, -(-rows.stop // size))
