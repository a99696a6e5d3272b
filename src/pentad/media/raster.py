"""Which triangle or point is seen at each pixel: a z-buffer in numpy, over all of them at once.

Triangles are cut into pixel rows, and rows into pixels, each step one `repeat` over everything, so
the work is in proportion to the pixels covered, whatever the sizes of the triangles.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_DEPTH_STEPS = (1 << 30) - 1
_NOTHING = np.iinfo(np.int64).max
_NUMBER_BITS = 32
# A pixel centre this near to an edge is inside both neighbours, so that rounding opens no gap.
_SLACK = np.float32(2e-3)


def visible_triangles(
    screen: NDArray[np.float32], depth: NDArray[np.float32], size: int
) -> NDArray[np.int64]:
    """Return the number of the nearest triangle at each pixel, -1 where there is none.

    Args:
        screen: (triangles, 3, 2) corners in pixels.
        depth: (triangles, 3), 0 nearest to 1 farthest.
        size: Side of the picture.

    Returns:
        (size * size,) row by row.
    """
    rows = _rows(screen, size)
    nearest = np.full(size * size, _NOTHING)
    _draw_rows(nearest, rows, screen, depth, size)
    _draw_tiny(nearest, rows, screen, depth, size)
    return _numbers(nearest)


def visible_points(
    screen: NDArray[np.float32], depth: NDArray[np.float32], size: int, radius: float
) -> NDArray[np.int64]:
    """Return the number of the nearest disc at each pixel, -1 where there is none.

    Args:
        screen: (points, 2) centres in pixels.
        depth: (points,), 0 nearest to 1 farthest.
        size: Side of the picture.
        radius: Of the discs, in pixels.
    """
    nearest = np.full(size * size, _NOTHING)
    keys = _keys(depth, np.arange(len(depth)))
    centres = np.floor(screen).astype(np.int64)
    reach = int(np.ceil(radius))
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if dx * dx + dy * dy > radius * radius + 0.25:
                continue
            x, y = centres[:, 0] + dx, centres[:, 1] + dy
            inside = (x >= 0) & (x < size) & (y >= 0) & (y < size)
            np.minimum.at(nearest, (y * size + x)[inside], keys[inside])
    return _numbers(nearest)


class _Rows:
    """Pixel rows of triangles: row i is ``y[i]``, columns ``first[i]`` to ``first[i]+width[i]``."""

    def __init__(
        self,
        triangle: NDArray[np.int64],
        y: NDArray[np.int64],
        first: NDArray[np.int64],
        width: NDArray[np.int64],
    ) -> None:
        self.triangle, self.y, self.first, self.width = triangle, y, first, width


def _rows(screen: NDArray[np.float32], size: int) -> _Rows:
    ys = screen[:, :, 1]
    top = np.clip(np.ceil(_least(ys) - 0.5 - _SLACK), 0, size).astype(np.int64)
    bottom = np.clip(np.floor(_most(ys) - 0.5 + _SLACK), -1, size - 1).astype(np.int64)
    triangle, within = _expanded(np.maximum(bottom - top + 1, 0))
    y = top[triangle] + within
    left, right = _crossings(screen, triangle, y)
    first = np.clip(np.ceil(left - 0.5 - _SLACK), 0, size).astype(np.int64)
    last = np.clip(np.floor(right - 0.5 + _SLACK), -1, size - 1).astype(np.int64)
    return _Rows(triangle, y, first, np.maximum(last - first + 1, 0))


def _expanded(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, for ``counts[i]`` copies of each i, the i and the number of the copy."""
    owner = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - starts[owner]


def _crossings(
    screen: NDArray[np.float32], triangle: NDArray[np.int64], y: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return where the middle line of each row enters and leaves its triangle."""
    left = np.full(len(y), np.inf, np.float32)
    right = -left
    middle = y.astype(np.float32) + np.float32(0.5)
    for i, j in ((0, 1), (1, 2), (2, 0)):
        a, b = screen[:, i], screen[:, j]
        rise = b[:, 1] - a[:, 1]
        flat = np.abs(rise) < 1e-6
        slope = (b[:, 0] - a[:, 0]) / np.where(flat, np.float32(1), rise)
        low = np.minimum(a[:, 1], b[:, 1]) - _SLACK
        high = np.maximum(a[:, 1], b[:, 1]) + _SLACK
        low[flat] = np.inf  # a level edge is met at its ends by the other two
        edge_x, edge_y = a[:, 0][triangle], a[:, 1][triangle]
        x = edge_x + (middle - edge_y) * slope[triangle]
        ends = (np.minimum(a[:, 0], b[:, 0])[triangle], np.maximum(a[:, 0], b[:, 0])[triangle])
        x = np.clip(x, *ends)
        met = (middle >= low[triangle]) & (middle <= high[triangle])
        left = np.where(met, np.minimum(left, x), left)
        right = np.where(met, np.maximum(right, x), right)
    return left, right


def _draw_rows(
    nearest: NDArray[np.int64],
    rows: _Rows,
    screen: NDArray[np.float32],
    depth: NDArray[np.float32],
    size: int,
) -> None:
    across, down = _slopes(screen, depth)
    triangle = rows.triangle
    x = rows.first + np.float32(0.5) - screen[:, 0, 0][triangle]
    y = rows.y + np.float32(0.5) - screen[:, 0, 1][triangle]
    step = across[triangle]
    start = depth[:, 0][triangle] + x * step + y * down[triangle]
    row, within = _expanded(rows.width)
    owner = triangle[row]
    along = start[row] + within * step[row]
    along = np.clip(along, _least(depth)[owner], _most(depth)[owner])
    pixels = (rows.y * size + rows.first)[row] + within
    np.minimum.at(nearest, pixels, _keys(along, owner))


def _slopes(
    screen: NDArray[np.float32], depth: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the change of depth by one pixel to the right and one down, 0 for slivers."""
    u = (screen[:, 1] - screen[:, 0]).astype(np.float64)
    v = (screen[:, 2] - screen[:, 0]).astype(np.float64)
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    thin = np.abs(area) < 1e-6
    area = np.where(thin, 1.0, area)
    du = (depth[:, 1] - depth[:, 0]).astype(np.float64)
    dv = (depth[:, 2] - depth[:, 0]).astype(np.float64)
    across = (du * v[:, 1] - dv * u[:, 1]) / area
    down = (dv * u[:, 0] - du * v[:, 0]) / area
    return np.where(thin, 0.0, across), np.where(thin, 0.0, down)


def _least(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    # Far faster than `min(axis=1)` over an axis of three.
    return np.minimum(np.minimum(corners[:, 0], corners[:, 1]), corners[:, 2])


def _most(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.maximum(np.maximum(corners[:, 0], corners[:, 1]), corners[:, 2])


def _draw_tiny(
    nearest: NDArray[np.int64],
    rows: _Rows,
    screen: NDArray[np.float32],
    depth: NDArray[np.float32],
    size: int,
) -> None:
    """Draw triangles that hold no pixel centre as one pixel, so that thin parts do not vanish."""
    covered = np.bincount(rows.triangle, rows.width, minlength=len(screen))
    tiny = np.flatnonzero(covered == 0)
    centre = np.clip(screen[tiny].mean(axis=1), 0, size - 1).astype(np.int64)
    keys = _keys(_most(depth[tiny]), tiny)
    np.minimum.at(nearest, centre[:, 1] * size + centre[:, 0], keys)


def _keys(depth: NDArray[np.floating], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pack depth above number, so that the least key is the nearest, then the first."""
    steps = (np.clip(depth, 0, 1) * _DEPTH_STEPS).astype(np.int64)
    keys: NDArray[np.int64] = (steps << _NUMBER_BITS) | numbers
    return keys


def _numbers(nearest: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(nearest == _NOTHING, -1, nearest & ((1 << _NUMBER_BITS) - 1))
