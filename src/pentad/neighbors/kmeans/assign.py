"""One pass that finds the nearest centroid of every point, exactly, and touches few of them.

Distances obey the triangle inequality: when centroids move, a point's distance to its own grows by
at most that one's move, and to another shrinks by at most the other's. So what is known of
distances survives a move, and may prove that a point stays (Hamerly 2010). Other points are
compared with their own centroid, and then only with those that moved far enough to matter, by
bytes. Those that float32 cannot tell apart are decided in float64, and equal ones by number. The
result is that of comparing every pair in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.int8.tile import TILE_ITEMS
from pentad.neighbors.kmeans.centroids import Centroids
from pentad.neighbors.kmeans.decide import decided
from pentad.neighbors.kmeans.frame import Frame
from pentad.neighbors.kmeans.kernels import offer_each, products_with
from pentad.neighbors.kmeans.points import Indices, Points
from pentad.neighbors.kmeans.search import GROUP, Asked, Found, Group, RunSearch
from pentad.neighbors.kmeans.state import State
from pentad.neighbors.metrics import Floats, Rows
from pentad.neighbors.stored import slices

_DEEPER = 0.5
_CROWDED = 1024

Mask = NDArray[np.bool_]


@dataclass
class Counts:
    """What passes did.

    Attributes:
        points: Points times passes.
        looked: Of these, points that were compared with their own centroid.
        searched: Of these, points that were compared with others.
        compared: Pairs compared in such searches.
        rescored: Pairs of these that were multiplied in float32.
        decided: Points decided in float64.
    """

    points: int = 0
    looked: int = 0
    searched: int = 0
    compared: int = 0
    rescored: int = 0
    decided: int = 0

    def add(self, other: Counts) -> None:
        """Add what another pass did."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True, eq=False)
class Changes:
    """Points that changed their cluster.

    Attributes:
        rows: int64, rising.
        old: int32, clusters before.
    """

    rows: Indices
    old: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class _Some:
    """Points that are looked at together.

    Attributes:
        which: int64 (q,).
        rows: float32 (some, width), prepared.
        order: int64 (q,), the row of each.
        bounds: float64 (q,), how wrong a float32 product may be.
        base: float64 (q,), squared distances are this less twice the product.
    """

    which: Indices
    rows: Rows
    order: Indices
    bounds: Floats
    base: Floats

    def take(self, chosen: Indices) -> _Some:
        """Return some of them; their rows stay where they are."""
        return _Some(
            self.which[chosen], self.rows, self.order[chosen], self.bounds[chosen],
            self.base[chosen],
        )  # fmt: skip

    def asked(self, floors: Floats) -> Asked:
        """Return them as a search wants them."""
        return Asked(self.rows, self.order, self.bounds, floors)

    def distances(self, products: Floats) -> Floats:
        """Return the distances that belong to exact products."""
        far: Floats = np.sqrt(np.maximum(self.base - 2 * products, 0.0))
        return far

    def products(self, distances: Floats) -> Floats:
        """Return the exact products that belong to distances."""
        products: Floats = (self.base - np.maximum(distances, 0.0) ** 2) / 2
        return products


class Pass:
    """One pass over all points.

    Attributes:
        counts: What it did.
    """

    def __init__(
        self, points: Points, centroids: Centroids, frame: Frame | None, state: State
    ) -> None:
        self.counts = Counts()
        self._points, self._centroids, self._state = points, centroids, state
        self._search = RunSearch(centroids, frame)
        self._most = float(centroids.falling[0])
        self._crowded: list[Indices] = []

    def run(self, pool: ThreadPoolExecutor, block: int, told: Callable[[int], None]) -> Changes:
        """Update the state and return what changed.

        Args:
            pool: Whose threads do it.
            block: Points that a thread takes at once.
            told: Called with numbers of points that are done.
        """
        before = self._state.own.copy()
        for counts in pool.map(self._block, slices(len(self._points), block)):
            self.counts.add(counts)
            told(counts.points)
        self._settle()
        rows = np.flatnonzero(self._state.own != before)
        return Changes(rows, before[rows])

    def _block(self, part: slice) -> Counts:
        counts = Counts(points=part.stop - part.start)
        fresh = bool((self._state.own[part] < 0).any())
        which = self._fresh(part) if fresh else self._state.follow(part, self._centroids.moves)
        if len(which):
            some = self._some(which)
            (self._first if fresh else self._again)(some, counts)
        return counts

    def _fresh(self, part: slice) -> Indices:
        """Return points of which nothing is known; those without a direction are put aside."""
        which: Indices = part.start + np.flatnonzero(self._state.own[part] < 0)
        if not self._points.spherical:
            return which
        zero = self._points.squares[which] == 0
        self._state.put_aside(which[zero])
        rest: Indices = which[~zero]
        return rest

    def _some(self, which: Indices) -> _Some:
        squares = self._points.squares[which]
        base = np.full(len(which), 2.0) if self._points.spherical else squares
        bounds = self._centroids.bounds(self._points, squares)
        rows, order = self._points.prepared(which), np.arange(len(which))
        return _Some(which, rows, order, bounds, base)

    def _first(self, some: _Some, counts: Counts) -> None:
        """Compare points of which nothing is known with all centroids."""
        floors = self._search.floors(some.rows, some.bounds)
        stop = len(self._centroids)
        groups = [Group(run, stop) for run in slices(len(some.which), GROUP)]
        found = self._search.find(some.asked(floors), groups, fresh=True)
        counts.searched += len(some.which)
        counts.compared += len(some.which) * stop
        counts.rescored += found.rescored
        self._learn(some, found, floors, counts)

    def _again(self, some: _Some, counts: Counts) -> None:
        """Compare points with their own centroid, and search where that is not enough."""
        state = self._state
        own = self._products(some, state.own[some.which])
        upper = some.distances(own - some.bounds)
        lower = state.lower[some.which].astype(np.float64)
        enough = upper < lower - self._most
        state.bound(some.which[enough], upper[enough], lower[enough] - self._most)
        counts.looked += len(some.which)
        left = np.flatnonzero(~enough)
        stops = self._stops(
            (lower - upper)[left], self._centroids.moves[state.own[some.which[left]]]
        )
        order = np.argsort(stops, kind="stable")
        if len(left):
            self._compare(some.take(left[order]), own[left[order]], stops[order], counts)

    def _stops(self, gaps: Floats, own: Floats) -> Indices:
        """Return how many centroids, furthest move first, each point has to meet.

        Those that moved at least half the gap: what is left of it may save the next pass. Where
        the own centroid has not moved, those that have not either are no nearer than it.
        """
        falling = self._centroids.falling[:-1]
        stops = np.searchsorted(-falling, -_DEEPER * gaps, side="right")
        stops[gaps <= 0] = len(falling)
        moved = int(np.count_nonzero(falling > 0))
        found: Indices = np.where(own > 0, stops, np.minimum(stops, moved))
        return found

    def _groups(self, stops: Indices) -> tuple[list[Group], Indices]:
        """Return groups, and the run that each point meets; tiles are used to the end."""
        groups, reached = [], np.empty_like(stops)
        for part in slices(len(stops), GROUP):
            last = max(1, -(-int(stops[part].max()) // TILE_ITEMS)) * TILE_ITEMS
            reached[part] = min(last, len(self._centroids))
            groups.append(Group(part, int(reached[part.start])))
        return groups, reached

    def _compare(self, some: _Some, own: Floats, stops: Indices, counts: Counts) -> None:
        """Search runs of centroids for points, whose stops rise.

        Args:
            some: The points.
            own: Their products with their own centroids.
            stops: How many centroids each has to meet.
            counts: What is done is added to it.
        """
        state, centroids = self._state, self._centroids
        groups, reached = self._groups(stops)
        whole = reached == len(centroids)
        rest = np.where(whole, 0.0, state.lower[some.which] - centroids.falling[reached])
        beyond = np.where(whole, -np.inf, some.products(rest))
        next_ = self._products(some, state.other[some.which]) - some.bounds
        floors = np.minimum(np.where(whole, next_, beyond), own - some.bounds)
        found = self._search.find(some.asked(floors), groups, fresh=False)
        places = centroids.places[state.own[some.which]]
        offer_each(found.products, found.places, own.astype(np.float32), places, places >= reached)
        counts.searched += len(stops)
        counts.compared += int(reached.sum())
        counts.rescored += found.rescored
        self._learn(some, found, np.maximum(beyond, floors), counts)

    def _products(self, some: _Some, clusters: NDArray[np.int32]) -> Floats:
        """Return products with the centroids of some clusters."""
        products = np.empty(len(clusters), np.float64)
        places = self._centroids.places[clusters]
        products_with(some.rows, some.order, self._centroids.rows, places, products)
        return products

    def _learn(self, some: _Some, found: Found, beyond: Floats, counts: Counts) -> None:
        """Write down the nearest centroid of points, the next, and how far away others are.

        Args:
            some: The points.
            found: Their nearest centroids.
            beyond: At least the products of those that are not among them, if these are not less
                than the second of them.
            counts: What is done is added to it.
        """
        numbers = np.where(found.places < 0, -1, self._centroids.order[found.places])
        products = found.products.astype(np.float64)
        near = products >= (products[:, 0] - 2 * some.bounds)[:, None]
        tied = np.flatnonzero(near[:, 1])
        second = np.where(near[:, 1], products[:, 0], products[:, 1])
        others = np.maximum(beyond, second + some.bounds)
        if len(tied):
            numbers[tied] = decided(
                self._points, self._centroids, some.which[tied], numbers[tied], near[tied]
            )
        upper, lower = some.distances(products[:, 0] - some.bounds), some.distances(others)
        self._state.write(some.which, numbers[:, :2])
        self._state.bound(some.which, upper, lower)
        self._crowded.append(some.which[near[:, -1]])
        counts.decided += len(tied)

    def _settle(self) -> None:
        """Search all centroids for points that more of them are near to than are kept."""
        which = np.concatenate([np.empty(0, np.int64), *self._crowded])
        if not len(which):
            return
        search = ExactSearch(self._centroids.vectors, self._points.metric)
        for part in slices(len(which), _CROWDED):
            found, _ = search.search(self._points.vectors[which[part]], 1)
            self._state.own[which[part]] = found[:, 0]
        self._state.forget(which)
