"""Normals of a bare point cloud, from the spread of the points in small cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEAST_POINTS = 4
_FINEST, _COARSEST = 96, 4


def spacing(points: NDArray[np.float64]) -> float:
    """Return about how far apart neighbouring points of a surface in the unit sphere are.

    The surface's area is the number of cells it passes, on the finest grid whose cells still hold
    several points each.
    """
    grid = _FINEST
    while grid > _COARSEST:
        cells = len(np.unique(_cells(points, 2.0 / grid)))
        if len(points) >= _LEAST_POINTS * cells:
            break
        grid //= 2
    else:
        cells = len(np.unique(_cells(points, 2.0 / grid)))
    return float(np.sqrt(cells * (2.0 / grid) ** 2 / len(points)))


def cloud_normals(points: NDArray[np.float64], cell: float) -> NDArray[np.float32]:
    """Return a unit normal for each point, of either sign: the flattest axis of its cell."""
    _, owner = np.unique(_cells(points, cell), return_inverse=True)
    count = np.bincount(owner)
    mean = np.stack([np.bincount(owner, points[:, i]) / count for i in range(3)], axis=1)
    offset = points - mean[owner]
    spread = np.empty((len(count), 3, 3))
    for i in range(3):
        for j in range(i, 3):
            spread[:, i, j] = np.bincount(owner, offset[:, i] * offset[:, j])
            spread[:, j, i] = spread[:, i, j]
    axes = np.linalg.eigh(spread).eigenvectors[:, :, 0]
    return axes[owner].astype(np.float32)


def _cells(points: NDArray[np.float64], cell: float) -> NDArray[np.int64]:
    at = np.floor((points + 1.0) / cell).astype(np.int64)
    side = int(np.ceil(2.0 / cell)) + 2
    return (at[:, 0] * side + at[:, 1]) * side + at[:, 2]
