"""How near every point is to the centroid of its cluster, in float64, and who is furthest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.kmeans.kernels import products_with, squares_between
from pentad.neighbors.kmeans.points import Points
from pentad.neighbors.metrics import Floats, Rows, row_dots
from pentad.neighbors.stored import slices

_BLOCK = 1024


def own_scores(
    points: Points, centroids: Rows, own: NDArray[np.int32], pool: ThreadPoolExecutor
) -> Floats:
    """Return float64 (n,): cosines, 0 for zero vectors, or squared distances."""
    scores = np.empty(len(points), np.float64)
    inverse = _inverse_lengths(centroids) if points.spherical else None

    def score(part: slice) -> None:
        values = points.values(part)
        if inverse is None:
            squares_between(values, centroids, own[part], scores[part])
        else:
            order = np.arange(len(values))
            products_with(values, order, centroids, own[part], scores[part])
            scores[part] *= inverse[own[part]]

    for _ in pool.map(score, slices(len(points), _BLOCK)):
        pass
    return scores


def squared_distances(points: Points, scores: Floats) -> Floats:
    """Return squared distances of points from scores; 0 for points without a direction."""
    if not points.spherical:
        return scores
    far = np.maximum(2.0 - 2.0 * scores, 0.0)
    return np.where(points.squares > 0, far, 0.0)


def _inverse_lengths(centroids: Rows) -> Floats:
    lengths = np.empty(len(centroids), np.float64)
    for part in slices(len(centroids), _BLOCK):
        values = centroids[part].astype(np.float64)
        lengths[part] = np.sqrt(row_dots(values, values))
    return np.where(lengths > 0, 1.0 / np.where(lengths > 0, lengths, 1.0), 0.0)
