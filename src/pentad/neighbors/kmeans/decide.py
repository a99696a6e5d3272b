"""The order of centroids that float32 cannot tell apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.exact import best_pairs
from pentad.neighbors.kmeans.centroids import Centroids
from pentad.neighbors.kmeans.points import Indices, Points
from pentad.neighbors.metrics import row_dots
from pentad.neighbors.stored import as_float64, slices

_PAIRS = 1024


def decided(
    points: Points,
    centroids: Centroids,
    which: Indices,
    numbers: Indices,
    near: NDArray[np.bool_],
) -> Indices:
    """Return numbers of centroids with the nearest in front: float64 score, then number.

    Args:
        points: All points.
        centroids: All centroids.
        which: int64 (q,), points.
        numbers: int64 (q, count), centroids.
        near: (q, count), those of them that can be the nearest.
    """
    left, column = np.nonzero(near)
    right = numbers[left, column]
    scores = np.empty(len(left), np.float64)
    for part in slices(len(left), _PAIRS):
        q, x = which[left[part]], right[part]
        values = as_float64(points.vectors[q])
        squares = row_dots(values, values), centroids.squares[x]
        scores[part] = points.metric.scores(values, as_float64(centroids.vectors[x]), squares)
    _, first, _ = best_pairs(left, right, scores, 1)
    place = (numbers == first[:, None]).argmax(axis=1)
    changed = numbers.copy()
    rows = np.arange(len(numbers))
    changed[rows, place] = numbers[:, 0]
    changed[:, 0] = first
    return changed
