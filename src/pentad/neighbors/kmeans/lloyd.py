"""K-means by Lloyd's iterations: every point to its nearest centroid, every centroid to its mean.

Each assignment is that of comparing every point with every centroid in float64 (ties to the lower
number), so the course of iterations is that of a plain implementation from the same start. Little
of it is computed: see `assign` for what is proven instead, and `sums` for what is only updated.

Memory beyond the vectors: ``memory`` and 5 MiB a thread, 64 bytes a point, and 21 bytes a value of
the centroids. Vectors are read in blocks; they may be memory-mapped.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.neighbors.approximate.base import pool as pool_of
from pentad.neighbors.int8.probe import has_fast_int8
from pentad.neighbors.kmeans.assign import Changes, Counts, Pass
from pentad.neighbors.kmeans.centroids import Centroids
from pentad.neighbors.kmeans.frame import Frame
from pentad.neighbors.kmeans.points import Points
from pentad.neighbors.kmeans.refill import donors
from pentad.neighbors.kmeans.result import KMeans
from pentad.neighbors.kmeans.scores import own_scores, squared_distances
from pentad.neighbors.kmeans.start import start_centroids
from pentad.neighbors.kmeans.state import State
from pentad.neighbors.kmeans.sums import Sums
from pentad.neighbors.metrics import Floats, Rows

if TYPE_CHECKING:
    from pentad.core.progress import Task

MEMORY = 1 << 29
"""Bytes that blocks of points may take."""

_BLOCK = (768, 12288)
_BYTES_A_VALUE = 12
_SAMPLE = 2048


def kmeans(
    vectors: Any,
    clusters: int,
    *,
    metric: str = "cosine",
    iterations: int = 20,
    seed: int = 0,
    initial: str | NDArray[Any] = "spread",
    sample: int | None = None,
    tolerance: float = 0.0,
    memory: int = MEMORY,
    task: Task | None = None,
) -> KMeans:
    """Return centroids, and the nearest of them for every vector.

    Empty clusters take the points furthest from their centroids. With cosine only directions
    count; zero vectors are in cluster 0, and move no centroid.

    Args:
        vectors: float16 or float32 (n, dim), or what gives such rows for slices and row numbers.
        clusters: At most as many as vectors differ.
        metric: ``cosine`` or ``euclidean``.
        iterations: How often centroids move at most; fewer if nothing changes any more.
        seed: Decides the start and the sample.
        initial: ``random``: distinct vectors; ``spread``: those far from others are more likely,
            which takes as long as one assignment and ends better; or centroids (clusters, dim).
        sample: Vectors per cluster to train on, drawn at random; None trains on all.
        tolerance: Stop when the objective gets better by less than this share of itself.
        memory: Bytes that blocks of points may take.
        task: Told how many points are done, in each assignment anew.

    Raises:
        InputError: The vectors cannot be clustered, or an option is out of its range.
        UnknownName: There is no such metric or start.
    """
    _require_options(clusters, iterations, sample, tolerance)
    how = {"clusters": clusters, "metric": metric, "seed": seed, "tolerance": tolerance}
    how["initial"] = initial if isinstance(initial, str) else "given"
    with pool_of(_threads()) as pool:
        points = Points(vectors, metric, pool)
        trained = _sampled(points, clusters, sample, seed)
        run = _Run(trained, pool, memory, task)
        start = start_centroids(trained, clusters, initial, seed, run.distances)
        centroids, objective, converged = run.lloyd(start, iterations, tolerance)
        how |= run.figures() | {"vectors": len(points), "converged": converged}
        last = run if trained is points else _assigned(points, pool, memory, task, centroids)
        own, scores = last.state.own, last.scores().astype(np.float32)
    return KMeans(metric, centroids.vectors, own, scores, tuple(objective), converged, how)


def assign_to(
    vectors: Any, centroids: Rows, metric: str, *, memory: int = MEMORY, task: Task | None = None
) -> tuple[NDArray[np.int32], Rows]:
    """Return the nearest centroid of every vector.

    Args:
        vectors: As for `kmeans`.
        centroids: float32 (c, dim).
        metric: ``cosine`` or ``euclidean``.
        memory: Bytes that blocks of vectors may take.
        task: Told how many vectors are done.

    Returns:
        int32 (n,), clusters, and float32 (n,), cosines or squared distances.

    Raises:
        InputError: Vectors and centroids do not fit.
    """
    with pool_of(_threads()) as pool:
        points = Points(vectors, metric, pool)
        if centroids.shape[1] != points.dim:
            raise InputError(
                "vectors and centroids must have one width",
                expected=centroids.shape[1],
                seen=points.dim,
            )
        run = _assigned(points, pool, memory, task, Centroids(centroids, points.metric))
        return run.state.own, run.scores().astype(np.float32)


class _Run:
    """Points, what is known of them, and the threads that find out more."""

    def __init__(
        self, points: Points, pool: ThreadPoolExecutor, memory: int, task: Task | None
    ) -> None:
        self.state = State.unknown(len(points))
        self._points, self._pool, self._threads = points, pool, _threads()
        self._told: Callable[[int], None] = _silent if task is None else task.advance
        least, most = _BLOCK
        fits = memory // (self._threads * _BYTES_A_VALUE * (points.dim + 16))
        self._block = max(least, min(most, fits) // least * least)
        self._frame = _frame(points) if has_fast_int8() else None
        self._counts = Counts()
        self._moved = self._refilled = 0
        self._centroids: Centroids | None = None

    def lloyd(
        self, start: Rows, iterations: int, tolerance: float
    ) -> tuple[Centroids, list[float], bool]:
        """Return centroids, the objective after each assignment, and whether it came to rest."""
        self.state = State.unknown(len(self._points))
        centroids = Centroids(start, self._points.metric)
        sums, objective = Sums(len(start), self._points), []
        for turn in range(iterations + 1):
            changes = self.assign(centroids)
            new = self.state.own[changes.rows]
            sums.move(changes.rows, changes.old, new, self._pool, self._threads)
            worth = sums.along(centroids.vectors, self._points.squares) / len(self._points)
            objective.append(worth)
            if turn and (not len(changes.rows) or _rests(objective, tolerance)):
                return centroids, objective, True
            if turn < iterations:
                self._refill(sums)
                moved = sums.centroids(centroids.vectors)
                centroids = Centroids(moved, self._points.metric, centroids)
                self._moved += 1
        return centroids, objective, False

    def assign(self, centroids: Centroids) -> Changes:
        """Bring the state up to date with centroids."""
        one = Pass(self._points, centroids, self._frame, self.state)
        changes = one.run(self._pool, self._block, self._told)
        self._counts.add(one.counts)
        self._centroids = centroids
        return changes

    def distances(self, start: Rows) -> Floats:
        """Return squared distances of all points to the nearest of some centroids."""
        self.state = State.unknown(len(self._points))
        self.assign(Centroids(start, self._points.metric))
        return squared_distances(self._points, self.scores())

    def scores(self) -> Floats:
        """Return how near every point is to its centroid."""
        if self._centroids is None:
            raise RuntimeError("nothing has been assigned")
        return own_scores(self._points, self._centroids.vectors, self.state.own, self._pool)

    def figures(self) -> dict[str, Any]:
        """Return what was done, for a manifest."""
        return {
            "trained_on": len(self._points),
            "iterations": self._moved,
            "int8": self._frame is not None,
            "refilled": self._refilled,
            "passes": vars(self._counts).copy(),
        }

    def _refill(self, sums: Sums) -> None:
        """Give each empty cluster the point that is furthest from its centroid."""
        if sums.sizes.all():
            return
        far = squared_distances(self._points, self.scores())
        largest = 1.0 if self._points.spherical else float(self._points.squares.max())
        taken = donors(far, self.state.own, sums.sizes, largest)
        empty = np.flatnonzero(sums.sizes == 0)[: len(taken)].astype(np.int32)
        rows = np.sort(taken)
        new = empty[np.argsort(np.argsort(taken))] if len(taken) else empty
        sums.move(rows, self.state.own[rows], new, self._pool, self._threads)
        self.state.own[rows] = new
        self.state.forget(rows)
        self._refilled += len(rows)


def _assigned(
    points: Points,
    pool: ThreadPoolExecutor,
    memory: int,
    task: Task | None,
    centroids: Centroids,
) -> _Run:
    run = _Run(points, pool, memory, task)
    run.assign(centroids)
    return run


def _silent(count: int) -> None:
    """Tell nobody."""


def _frame(points: Points) -> Frame | None:
    where = np.unique(np.linspace(0, len(points) - 1, _SAMPLE).astype(np.int64))
    longest = 1.0 if points.spherical else float(np.sqrt(points.squares.max()))
    return Frame.of(points.prepared(where), points.dim, longest)


def _sampled(points: Points, clusters: int, sample: int | None, seed: int) -> Points:
    if sample is None or sample * clusters >= len(points):
        return points
    rows = generator(seed, "k-means sample").choice(len(points), sample * clusters, replace=False)
    return points.pick(np.sort(rows))


def _rests(objective: list[float], tolerance: float) -> bool:
    return tolerance > 0 and abs(objective[-2] - objective[-1]) <= tolerance * abs(objective[-2])


def _threads() -> int:
    import faiss

    return int(faiss.omp_get_max_threads())


def _require_options(clusters: int, iterations: int, sample: int | None, tolerance: float) -> None:
    if clusters < 1:
        raise InputError("clusters must be at least 1", seen=clusters)
    if iterations < 0:
        raise InputError("iterations must not be negative", seen=iterations)
    if sample is not None and sample < 1:
        raise InputError("sample must be at least 1 vector a cluster", seen=sample)
    if not 0 <= tolerance < 1:
        raise InputError("tolerance must be from 0 to 1", seen=tolerance)
