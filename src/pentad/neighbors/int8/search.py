"""Candidates for the k nearest items: products bounded by bytes, and multiplied where it matters.

With means mu of queries and nu of items, q.x = q.nu + mu.(x - nu) + (q - mu).(x - nu). The first
two are known for each query and each item; the third is bounded by its codes a and b, of scales s
and t, as s t a.b + |s a| |x - nu - t b| + |q - mu - s a| |x - nu| (Cauchy-Schwarz). The lengths are
known, so an item whose bound lies below what the k-th best found so far certainly has is not looked
at again. Centering makes both lengths short where vectors of one modality point the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.int8.codes import Rows, aligned
from pentad.neighbors.int8.scan import merge, reach_all, rescore, scan
from pentad.neighbors.int8.sides import Floats, ItemRoom, ItemSide, QuerySide, scale_of
from pentad.neighbors.int8.tile import TILE_ITEMS, TILE_QUERIES, VECTORS
from pentad.neighbors.stored import slices

BLOCK_ITEMS = 1 << 14
"""Items whose codes stay in the shared cache while all queries meet them."""

_GROUP_BYTES = 3 << 18
_ROOM = 50
_PIECES = 8
_FIRST = 1 << 11
_NEVER = np.iinfo(np.int32).max

Indices = NDArray[np.int64]
Prepare = Callable[[int, int], Rows]
Pool = ThreadPoolExecutor


@dataclass
class Counts:
    """What a search did.

    Attributes:
        rescored: Pairs multiplied in float32 because their bound reached the k-th best.
        dense: Pairs multiplied in float32 because bounds told too little about them.
    """

    rescored: int = 0
    dense: int = 0


class Int8Search:
    """One search: queries, what is known of their nearest items, block after block of items."""

    def __init__(
        self, queries: Rows, dim: int, bounds: Floats, sample: Rows, k: int, count: int
    ) -> None:
        """Encode the queries and look at a sample of the items.

        Args:
            queries: float32 (q, dim), or one more: the last value is then multiplied in float32.
            dim: How many values are encoded.
            bounds: (q,), how wrong a float32 product may be.
            sample: At least k items, prepared as all will be.
            k: How many neighbors are wanted.
            count: How many candidates to keep, at least k.
        """
        import faiss

        self.counts = Counts()
        self.products = np.full((len(queries), count), -np.inf, np.float32)
        self.rows = np.full((len(queries), count), -1, np.int64)
        self._queries, self._dim, self._bounds, self._k = queries, dim, bounds, k
        self._side = QuerySide.of(queries, dim)
        self._item_mean = sample[:, :dim].mean(axis=0)
        self._scale = scale_of(sample[:, :dim] - self._item_mean)
        self._across: Floats = queries[:, :dim].astype(np.float64) @ self._item_mean.astype(float)
        seen, _ = faiss.knn(queries, sample, k, metric=faiss.METRIC_INNER_PRODUCT)
        self._known: Floats = seen[:, -1] - bounds
        self._needed = np.full(self._side.padded, _NEVER, np.int32)

    def run(
        self, prepare: Prepare, items: int, threads: int, told: Callable[[float], None]
    ) -> None:
        """Go through all items.

        Args:
            prepare: Returns float32 rows of a run of items; called by several threads.
            items: How many items there are.
            threads: How many threads to use.
            told: Called with the share of the items that is done.
        """
        room = ItemRoom.of(self._item_mean, min(items, BLOCK_ITEMS))
        rows = np.empty((min(items, BLOCK_ITEMS), self._queries.shape[1]), np.float32)
        with Pool(threads) as pool:
            for run in _growing(items):
                self._run(run, prepare, rows[: run.stop - run.start], room, pool, threads)
                told(run.stop / items)

    def _run(
        self, run: slice, prepare: Prepare, rows: Rows, room: ItemRoom, pool: Pool, threads: int
    ) -> None:
        """Look at one run of items."""

        def encode(part: slice) -> None:
            rows[part] = prepare(run.start + part.start, run.start + part.stop)
            room.encode(rows[part], part.start, self._side, self._scale)

        _share(pool, encode, _parts(len(rows), TILE_ITEMS, threads))
        side = room.finish(rows, self._side, self._scale)
        block = _Block(rows, run.start, side, side.zeros(self._side, self._across))
        reach_all(self._known, block.zeros, side.unit, self._needed)
        groups = self._groups(threads)

        def search(mine: list[slice]) -> Counts:
            buffers, counts = _Buffers(len(rows), mine), Counts()
            for part in mine:
                self._group(part, block, buffers, counts)
            return counts

        for counts in _share(pool, search, [groups[t::threads] for t in range(threads)]):
            self.counts.rescored += counts.rescored
            self.counts.dense += counts.dense

    def _group(self, part: slice, block: _Block, buffers: _Buffers, counts: Counts) -> None:
        """Search a block of items for some queries, in pieces where too many pairs are left."""
        if self._tiles(part, block, slice(0, len(block.rows)), buffers, counts):
            return
        for items in _parts(len(block.rows), TILE_ITEMS, _PIECES):
            if self._tiles(part, block, items, buffers, counts):
                continue
            left, right = self._queries[part], block.rows[items]
            products, rows = self.products[part], self.rows[part]
            found, places = _dense(left, right, products.shape[1])
            merge(found, places, block.start + items.start, products, rows)
            counts.dense += len(left) * len(right)
            self._learn(part)

    def _tiles(
        self, part: slice, block: _Block, items: slice, buffers: _Buffers, counts: Counts
    ) -> bool:
        """Scan and rescore; return False, and do nothing, where there is no room for the pairs."""
        tiles = _tiles(part, TILE_QUERIES)
        needed = self._needed[tiles.start * TILE_QUERIES : tiles.stop * TILE_QUERIES]
        right, side = _tiles(items, TILE_ITEMS), block.side
        starts = side.starts[right.start * TILE_ITEMS : right.stop * TILE_ITEMS]
        found = scan(
            self._side.codes[tiles], side.codes[right], starts, needed,
            buffers.sums, buffers.masks, buffers.hits,
        )  # fmt: skip
        if found < 0:
            return False
        counts.rescored += rescore(
            buffers.hits[:found], self._queries[part], block.rows[items],
            block.start + items.start, needed, block.zeros[part] + self._bounds[part], side.unit,
            self._k, self.products[part], self.rows[part],
        )  # fmt: skip
        self._learn(part)
        return True

    def _learn(self, part: slice) -> None:
        best = self.products[part, self._k - 1] - self._bounds[part]
        np.fmax(self._known[part], best, out=self._known[part])

    def _groups(self, threads: int) -> list[slice]:
        """Return groups of queries that fit into a cache, as many for each thread."""
        tiles = len(self._side.codes)
        size = max(1, _GROUP_BYTES // self._side.codes[0].size)
        return _parts(len(self._queries), TILE_QUERIES, -(-tiles // (size * threads)) * threads)


@dataclass(frozen=True, eq=False)
class _Block:
    """Items that are looked at together."""

    rows: Rows
    start: int
    side: ItemSide
    zeros: Floats


class _Buffers:
    """What one thread writes into."""

    def __init__(self, items: int, groups: list[slice]) -> None:
        most = max((part.stop - part.start for part in groups), default=0)
        tile = TILE_QUERIES * TILE_ITEMS
        self.sums = aligned((tile,), np.int32)
        self.masks = np.zeros(TILE_QUERIES * VECTORS, np.uint16)
        self.hits = np.empty((2 * tile + most * items // _ROOM, 3), np.int32)


def _dense(left: Rows, rows: Rows, count: int) -> tuple[Rows, Indices]:
    import faiss

    wanted = min(count, len(rows))
    found: tuple[Rows, Indices] = faiss.knn(left, rows, wanted, metric=faiss.METRIC_INNER_PRODUCT)
    return found


def _growing(length: int) -> Iterator[slice]:
    """Return runs of items; the first are short, for little is known before them."""
    done = 0
    while done < length:
        size = min(max(_FIRST, done), BLOCK_ITEMS)
        yield slice(done, min(done + size, length))
        done += size


def _tiles(rows: slice, size: int) -> slice:
    return slice(rows.start // size, -(-rows.stop // size))


def _parts(length: int, step: int, parts: int) -> list[slice]:
    """Return runs that start at multiples of ``step``, about as many as asked for."""
    each = max(1, -(-length // (step * parts))) * step
    return list(slices(length, each))


def _share(pool: Pool, function: Callable[[Any], Any], parts: Iterable[Any]) -> list[Any]:
    return list(pool.map(function, parts))
