"""What is known of every point between passes: its cluster, how far it is, and all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.kmeans.kernels import follow
from pentad.neighbors.kmeans.points import Indices
from pentad.neighbors.metrics import Floats, Rows

Clusters = NDArray[np.int32]

_UP, _DOWN = 1 + 2.0**-22, 1 - 2.0**-22


@dataclass(frozen=True, eq=False)
class State:
    """16 bytes a point.

    Attributes:
        own: int32 (n,), the cluster of each; -1 where none is known.
        other: int32 (n,), another cluster, which was the next; the same where there is none.
        upper: float32 (n,), at least the distance to the own centroid.
        lower: float32 (n,), at most the distance to any other.
    """

    own: Clusters
    other: Clusters
    upper: Rows
    lower: Rows

    @classmethod
    def unknown(cls, points: int) -> State:
        """Return that nothing is known."""
        own, other = np.full((2, points), -1, np.int32)
        upper, lower = np.zeros((2, points), np.float32)
        return cls(own, other, upper, lower)

    def follow(self, part: slice, moves: Floats) -> Indices:
        """Let distances follow moves of centroids, and return rows of which they prove nothing."""
        sure = np.empty(part.stop - part.start, np.bool_)
        follow(self.own[part], self.upper[part], self.lower[part], moves, moves.max(), sure)
        unsure: Indices = part.start + np.flatnonzero(~sure)
        return unsure

    def forget(self, which: Indices) -> None:
        """Forget the distances of some points, not their clusters."""
        self.upper[which], self.lower[which] = np.inf, 0.0

    def put_aside(self, which: Indices) -> None:
        """Give points that are as far from all centroids to cluster 0, for good."""
        self.own[which], self.other[which] = 0, 0
        self.upper[which], self.lower[which] = 0.0, np.inf

    def write(self, which: Indices, clusters: Indices) -> None:
        """Write the nearest cluster and the next (q, 2); -1 is none."""
        own, last = clusters[:, 0], self.own[which]
        other = np.where(clusters[:, 1] < 0, self.other[which], clusters[:, 1])
        other = np.where(other == own, last, other)
        self.other[which] = np.where(other < 0, own, other)
        self.own[which] = own

    def bound(self, which: Indices, upper: Floats, lower: Floats) -> None:
        """Write distances, rounded outwards."""
        self.upper[which] = upper * _UP
        self.lower[which] = np.maximum(lower, 0.0) * _DOWN
