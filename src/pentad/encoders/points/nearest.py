"""The points of a cloud that lie nearest to some of them, exact and always in the same order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.encoders.points.farthest import as_columns
from pentad.encoders.points.kernels import nearest


def nearest_points(
    xyz: NDArray[np.float32], centers: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Return (centers, count) numbers of points, nearest first, equally near ones by number.

    A center is nearest to itself, unless a point with a lower number lies in the same place.

    Args:
        xyz: float32 (points, 3), finite, within about 1e18 of zero.
        centers: Numbers of points.
        count: How many for each, at most as many as there are points.

    Raises:
        InputError: ``xyz`` has another shape, or ``count`` does not fit it.

    Examples:
        >>> line = np.array([[0, 0, 0], [1, 0, 0], [5, 0, 0], [3, 0, 0]], dtype=np.float32)
        >>> nearest_points(line, np.array([2]), 3).tolist()
        [[2, 3, 1]]
    """
    columns = as_columns(xyz, count)
    found = np.empty((len(centers), count), dtype=np.int64)
    nearest(columns, np.ascontiguousarray(centers, dtype=np.int64), found)
    return found
