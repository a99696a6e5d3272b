"""Farthest-point sampling: centers that cover a cloud evenly, exact and always the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.encoders.points.kernels import LARGEST, farthest


def farthest_points(
    xyz: NDArray[np.float32], count: int, *, skip_norm2: float = 0.0
) -> NDArray[np.int64]:
    """Return the numbers of ``count`` points, the first point of the cloud first.

    Each is the one whose distance to the nearest of those before is largest; of several the one
    with the lowest number. `pentad.encoders.points.on_device` finds the same points.

    Args:
        xyz: float32 (points, 3), finite, within about 1e18 of zero.
        count: How many, at most as many as there are points.
        skip_norm2: If above 0, points whose squared distance from zero is at most this are never
            taken, but for the first.

    Raises:
        InputError: ``xyz`` has another shape, or ``count`` does not fit it.

    Examples:
        >>> line = np.array([[0, 0, 0], [1, 0, 0], [5, 0, 0], [3, 0, 0]], dtype=np.float32)
        >>> farthest_points(line, 3).tolist()
        [0, 2, 3]
    """
    columns = as_columns(xyz, count)
    near = np.full(columns.shape[1], LARGEST, dtype=np.int32)
    if skip_norm2 > 0:
        x, y, z = columns
        near[(x * x + y * y) + z * z <= np.float64(skip_norm2)] = -1
    found = np.empty(count, dtype=np.int64)
    farthest(columns, near, found)
    return found


def as_columns(xyz: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return float32 (3, points), for a search that is to find ``count`` of the points.

    Raises:
        InputError: ``xyz`` has another shape, or ``count`` does not fit it.
    """
    if xyz.ndim != 2 or xyz.shape[1] != 3:
        raise InputError("coordinates have a wrong shape", expected="(points, 3)", seen=xyz.shape)
    if not 1 <= count <= len(xyz):
        raise InputError("wrong number of points to find", expected=f"1..{len(xyz)}", seen=count)
    return np.ascontiguousarray(xyz.T, dtype=np.float32)
