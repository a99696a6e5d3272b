"""Where k-means starts: distinct points at random, or spread out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from pentad.core.errors import InputError, UnknownName
from pentad.core.seeds import generator
from pentad.neighbors.kmeans.points import Indices, Points
from pentad.neighbors.metrics import Floats, Rows
from pentad.neighbors.stored import slices

STARTS = ("random", "spread")

_ROUNDS = 5
_BLOCK = 1 << 20
_SPARE = 16
_KEYS = 512
_LARGEST = 1e20

Distances = Callable[[Rows], Floats]


def start_centroids(
    points: Points, clusters: int, initial: Any, seed: int, distances: Distances
) -> Rows:
    """Return float32 (c, dim).

    Args:
        points: The points.
        clusters: How many centroids.
        initial: One of `STARTS`, or centroids.
        seed: Decides what is drawn.
        distances: Returns each point's squared distance, float64 (n,), to its nearest centroid.

    Raises:
        UnknownName: There is no such start.
        InputError: The centroids given do not fit, or fewer points than clusters differ.
    """
    if clusters > len(points):
        raise _too_few(clusters, len(points))
    if not isinstance(initial, str):
        return _given(points, clusters, initial)
    if initial not in STARTS:
        raise UnknownName("start of k-means", initial, STARTS)
    chosen = _Chosen(points)
    if initial == "spread":
        _spread(points, clusters, chosen, seed, distances)
    chosen.fill(_shuffled(len(points), clusters, seed), clusters)
    if len(chosen.rows) < clusters:
        raise _too_few(clusters, len(chosen.rows))
    return _centroids(points, np.array(chosen.rows, np.int64))


def _spread(
    points: Points, clusters: int, chosen: _Chosen, seed: int, distances: Distances
) -> None:
    """Choose in rounds that double: each draws points by their squared distance to those before.

    K-means++ draws one at a time; after ``rounds`` passes this is nearly as even. All rounds
    together compare every point with every centroid once.
    """
    chosen.fill(_shuffled(len(points), clusters, seed), -(-clusters >> (_ROUNDS - 1)) or 1)
    far = np.full(len(points), np.inf)
    done = 0
    for turn in range(_ROUNDS):
        if len(chosen.rows) >= clusters:
            return
        last = np.array(chosen.rows[done:], np.int64)
        done += len(last)
        if not len(last):
            return
        far = np.minimum(far, distances(_centroids(points, last)))
        wanted = min(clusters, 2 * done) if turn < _ROUNDS - 1 else clusters
        drawn = _drawn(far, wanted - done + _SPARE, generator(seed, "k-means spread", turn))
        chosen.fill([drawn], wanted)


def _drawn(weights: Floats, count: int, rng: np.random.Generator) -> Indices:
    """Draw distinct rows, more likely by weight; those first drawn come first.

    Exponential waiting times, divided by weights: the shortest are a draw without replacement.
    """
    rows, waits = np.empty(0, np.int64), np.empty(0)
    for part in slices(len(weights), _BLOCK):
        times = rng.standard_exponential(part.stop - part.start)
        held = np.flatnonzero(weights[part] > 0)
        waits = np.concatenate([waits, times[held] / weights[part][held]])
        rows = np.concatenate([rows, held + part.start])
        best = np.argsort(waits, kind="stable")[:count]
        rows, waits = rows[best], waits[best]
    return rows


class _Chosen:
    """Rows of points that differ, in the order in which they were chosen."""

    def __init__(self, points: Points) -> None:
        self.rows: list[int] = []
        self._points = points
        self._seen: set[bytes] = set()

    def fill(self, candidates: Iterable[Indices], count: int) -> None:
        """Choose from candidates until there are ``count``, as far as there are any."""
        for some in candidates:
            for part in slices(len(some), _KEYS):
                if len(self.rows) >= count:
                    return
                self._offer(some[part], count)

    def _offer(self, rows: Indices, count: int) -> None:
        if self._points.spherical:
            rows = rows[self._points.squares[rows] > 0]
        values = self._points.prepared(rows) + 0.0  # so that -0 is 0
        for row, value in zip(rows.tolist(), values, strict=True):
            key = hashlib.blake2b(value.tobytes(), digest_size=16).digest()
            if key not in self._seen and len(self.rows) < count:
                self._seen.add(key)
                self.rows.append(row)


def _shuffled(points: int, clusters: int, seed: int) -> Iterator[Indices]:
    """Yield points at random: at first as many as will nearly always do, then all of them."""
    few = min(points, 2 * clusters)
    yield generator(seed, "k-means start").choice(points, few, replace=False)
    yield generator(seed, "k-means start", "all").permutation(points)


def _centroids(points: Points, rows: Indices) -> Rows:
    centroids = np.empty((len(rows), points.dim), np.float32)
    for part in slices(len(rows), 1024):
        centroids[part] = points.values(rows[part])
    return centroids


def _given(points: Points, clusters: int, initial: Any) -> Rows:
    centroids = np.array(initial, np.float32)
    if centroids.shape != (clusters, points.dim):
        expected = f"({clusters}, {points.dim})"
        raise InputError("initial centroids do not fit", expected=expected, seen=centroids.shape)
    if not np.isfinite(centroids).all():
        row = int(np.argmin(np.isfinite(centroids).all(axis=1)))
        raise InputError("initial centroids must be finite", row=row)
    if not points.spherical:
        return _require_near(centroids)
    lengths = np.linalg.norm(centroids.astype(np.float64), axis=1)
    if not lengths.all():
        row = int(np.argmin(lengths))
        raise InputError("initial centroids must not be zero with cosine", row=row)
    units: Rows = (centroids / lengths[:, None]).astype(np.float32)
    return units


def _require_near(centroids: Rows) -> Rows:
    largest = float(np.square(centroids.astype(np.float64)).sum(axis=1).max())
    if largest > _LARGEST:
        seen = f"a length of {largest**0.5:.3g}"
        raise InputError("initial centroids must have lengths near 1; scale them", seen=seen)
    return centroids


def _too_few(clusters: int, points: int) -> InputError:
    return InputError(
        "there must be at least as many different vectors as clusters",
        expected=f"at most {points} clusters",
        seen=clusters,
    )
