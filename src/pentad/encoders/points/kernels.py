"""The two searches among the points of a cloud, compiled: farthest points and nearest ones.

Squared distances are ``(dx * dx + dy * dy) + dz * dz`` in float32, each step rounded by itself, so
that other programs for the same sums find the same points to the last tie. They are never negative,
and the bits of such floats, read as whole numbers, have the order of the floats: compilers make
vector code of minima over whole numbers, which they must not of floats that might be NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])
Floats = NDArray[np.float32]
Numbers = NDArray[np.int32]

LARGEST = 0x7FFFFFFF
_FARTHEST_BLOCK, _NEAREST_BLOCK = 512, 128
_LOW_HALF = 0xFFFFFFFF


def _compiled(function: F) -> F:
    made = numba.njit(nogil=True, cache=True, error_model="numpy")
    return cast("F", made(function))


@_compiled
def _lowered(x: Floats, y: Floats, z: Floats, center: Floats, near: Numbers) -> Any:
    """Lower ``near`` to the distances from ``center``; return the largest that is left."""
    top = np.int32(-2)
    for i in range(x.shape[0]):
        dx = x[i] - center[0]
        dy = y[i] - center[1]
        dz = z[i] - center[2]
        distance = np.float32(dx * dx + dy * dy + dz * dz).view(np.int32)
        low = min(distance, near[i])
        near[i] = low
        top = max(top, low)
    return top


@_compiled
def farthest(xyz: Floats, near: Numbers, found: NDArray[np.int64]) -> None:
    """Fill ``found``: each the first point that is farthest from all before; 0 is the first.

    Args:
        xyz: (3, points).
        near: (points): `LARGEST`, or -1 for points that are not to be found.
        found: (count), overwritten.
    """
    x, y, z = xyz[0], xyz[1], xyz[2]
    points = x.shape[0]
    center = np.empty(3, np.float32)
    found[0] = 0
    for j in range(1, found.shape[0]):
        center[:] = xyz[:, found[j - 1]]
        best = np.int32(-3)
        start = 0
        for s in range(0, points, _FARTHEST_BLOCK):
            e = min(points, s + _FARTHEST_BLOCK)
            top = _lowered(x[s:e], y[s:e], z[s:e], center, near[s:e])
            if top > best:
                best = top
                start = s
        while near[start] != best:
            start += 1
        found[j] = start


@_compiled
def _measured(
    x: Floats, y: Floats, z: Floats, center: Floats, distances: Numbers, columns: Numbers
) -> Any:
    """Write the distances from ``center``, lower ``columns`` to them, return the smallest."""
    low = np.int32(LARGEST)
    for i in range(x.shape[0]):
        dx = x[i] - center[0]
        dy = y[i] - center[1]
        dz = z[i] - center[2]
        distance = np.float32(dx * dx + dy * dy + dz * dz).view(np.int32)
        distances[i] = distance
        columns[i] = min(columns[i], distance)
        low = min(low, distance)
    return low


@_compiled
def _kept(keys: NDArray[np.int64], filled: int, key: Any) -> Any:
    """Put a key in its place among the smallest so far, sorted; return how many there are."""
    if filled < keys.shape[0]:
        at = filled
        filled += 1
    elif key < keys[-1]:
        at = filled - 1
    else:
        return filled
    while at > 0 and keys[at - 1] > key:
        keys[at] = keys[at - 1]
        at -= 1
    keys[at] = key
    return filled


@_compiled
def nearest(xyz: Floats, centers: NDArray[np.int64], found: NDArray[np.int64]) -> None:
    """Fill the rows of ``found`` with the points nearest to each center, ties by lower number.

    Every point is in one of several columns. As many columns as points are wanted have one within
    some distance, so nothing farther is wanted; blocks without anything nearer are passed over.

    Args:
        xyz: (3, points).
        centers: (centers) numbers of points.
        found: (centers, count), overwritten; at most as many as there are points.
    """
    x, y, z = xyz[0], xyz[1], xyz[2]
    points, count = x.shape[0], found.shape[1]
    distances = np.empty(points, np.int32)
    lows = np.empty(-(-points // _NEAREST_BLOCK), np.int32)
    turns = -(-2 * count // _NEAREST_BLOCK)
    columns = np.empty(turns * _NEAREST_BLOCK, np.int32)
    keys = np.empty(count, np.int64)
    for c in range(centers.shape[0]):
        center = xyz[:, centers[c]].copy()
        columns[:] = np.int32(LARGEST)
        for b in range(lows.shape[0]):
            s = b * _NEAREST_BLOCK
            e = min(points, s + _NEAREST_BLOCK)
            turn = b % turns * _NEAREST_BLOCK
            column = columns[turn : turn + _NEAREST_BLOCK]
            lows[b] = _measured(x[s:e], y[s:e], z[s:e], center, distances[s:e], column)
        bound = np.sort(columns)[count - 1]
        filled = 0
        for b in range(lows.shape[0]):
            if lows[b] <= bound:
                s = b * _NEAREST_BLOCK
                for i in range(s, min(points, s + _NEAREST_BLOCK)):
                    if distances[i] <= bound:
                        filled = _kept(keys, filled, (np.int64(distances[i]) << 32) | i)
        for j in range(count):
            found[c, j] = keys[j] & _LOW_HALF
