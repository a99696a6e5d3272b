"""New points for clusters that have none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.kmeans.points import Indices
from pentad.neighbors.metrics import Floats

# Less is what rounding makes of a point that is its own centroid.
_APART = 2.0**-20


def donors(far: Floats, own: NDArray[np.int32], sizes: Indices, squares: float) -> Indices:
    """Return a point for each empty cluster, in the order of clusters, or for as many as can be.

    The points furthest from their centroids, ties by row, but none that is its centroid and none
    that would leave its cluster empty.

    Args:
        far: (n,), squared distances.
        own: (n,), the cluster of each point.
        sizes: (c,), sizes of clusters.
        squares: The greatest squared length of a point.
    """
    wanted = int((sizes == 0).sum())
    left = sizes.copy()
    found: list[int] = []
    for row in np.argsort(-far, kind="stable"):
        if len(found) == wanted or not far[row] > _APART**2 * squares:
            break
        if left[own[row]] > 1:
            left[own[row]] -= 1
            found.append(int(row))
    return np.array(found, np.int64)
