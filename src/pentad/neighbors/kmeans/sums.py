"""The sum and the size of every cluster, and the centroids that follow from them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.kmeans.kernels import move_rows
from pentad.neighbors.kmeans.points import Indices, Points
from pentad.neighbors.metrics import Floats, Rows, row_dots
from pentad.neighbors.stored import slices

_PIECE = 1 << 18
_LEAST = 2.0**-32

Clusters = NDArray[np.int32]


class Sums:
    """Sums in float64: each cluster's in the order of points, by whatever number of threads.

    After the first pass only points that change their cluster are read.

    Attributes:
        sums: float64 (c, dim), of directions where only they count.
        sizes: int64 (c,).
    """

    def __init__(self, clusters: int, points: Points) -> None:
        self.sums: Floats = np.zeros((clusters, points.dim))
        self.sizes: Indices = np.zeros(clusters, np.int64)
        self._points = points

    def move(
        self, rows: Indices, old: Clusters, new: Clusters, pool: ThreadPoolExecutor, threads: int
    ) -> None:
        """Move points from old clusters (-1 is none) to new ones."""
        clusters = len(self.sizes)
        self.sizes += np.bincount(new, minlength=clusters)
        self.sizes -= np.bincount(old[old >= 0], minlength=clusters)
        piece = threads * max(1, _PIECE // self._points.dim)
        for part in slices(len(rows), piece):
            self._move(rows[part], old[part], new[part], pool, threads)

    def _move(
        self, rows: Indices, old: Clusters, new: Clusters, pool: ThreadPoolExecutor, threads: int
    ) -> None:
        values = np.empty((len(rows), self._points.dim))

        def read(part: slice) -> None:
            values[part] = self._points.values(rows[part])

        def add(share: int) -> None:
            move_rows(values, old, new, share, threads, self.sums)

        for _ in pool.map(read, slices(len(rows), -(-len(rows) // threads))):
            pass
        for _ in pool.map(add, range(threads)):
            pass

    def centroids(self, before: Rows) -> Rows:
        """Return the means, or their directions; an empty cluster keeps its centroid.

        So does one whose points point everywhere, so that their sum has no direction.
        """
        found = before.copy()
        for part in slices(len(before), max(1, _PIECE // before.shape[1])):
            sums, sizes = self.sums[part], self.sizes[part].astype(np.float64)
            lengths = np.sqrt(row_dots(sums, sums)) if self._points.spherical else sizes
            there = (sizes > 0) & (lengths > _LEAST * sizes)
            found[part][there] = (sums[there] / lengths[there, None]).astype(np.float32)
        return found

    def along(self, centroids: Rows, squares: Floats) -> float:
        """Return what these clusters are worth with given centroids: see `objective`."""
        total = 0.0
        for part in slices(len(centroids), max(1, _PIECE // centroids.shape[1])):
            values = centroids[part].astype(np.float64)
            products = row_dots(self.sums[part], values)
            if self._points.spherical:
                total += float((products / np.sqrt(row_dots(values, values))).sum())
            else:
                total += float((2 * products - self.sizes[part] * row_dots(values, values)).sum())
        return total if self._points.spherical else max(0.0, float(squares.sum()) - total)
