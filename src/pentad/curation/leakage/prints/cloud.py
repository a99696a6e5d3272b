"""The print of a point cloud or mesh: how its points are spread, whatever their order or scale.

The middle is moved to the origin and the root mean square distance from it becomes 1. Counted are

- the distances of random pairs of points (D2 of Osada, Funkhouser, Chazelle and Dobkin, "Shape
  Distributions", 2002), which no rotation changes;
- the points by height and by distance from the vertical axis;
- in each of these rings, how strongly the points repeat 1, 2, 3 or 4 times on the way around.

None of it changes with the order of points, translation, uniform scale, or a turn about the up
axis, which is y. A cloud that was laid on its side has another print, a mirror image has the same,
and models of one form, such as boxes and balls, are told apart by their colors alone: the mean
color of the lower, middle and upper third, which is compared where both clouds have colors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.core.seeds import generator

POINTS = 8192
"""Points that are sampled of a file."""

_PAIRS, _DISTANCES, _FARTHEST = 65536, 48, 3.5
_HEIGHTS, _RADII, _TURNS = 12, 8, 4
_HIGHEST, _WIDEST = 2.5, 2.5
FORM = _DISTANCES + _HEIGHTS * _RADII + _HEIGHTS * _TURNS
"""Length of the vector of the form."""
COLORS = 9
BYTES = 2 * FORM + 1 + COLORS
"""Length of a print: the form as float16, little endian; 1 where there are colors; the colors."""

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]


def cloud_print(xyz: NDArray[np.float32], rgb: Bytes | None = None) -> Bytes | None:
    """Return the print of a cloud, uint8 (BYTES,), which holds a vector of about unit length.

    Args:
        xyz: float32 (points, 3), y up; of a mesh a sample of its surface.
        rgb: uint8 (points, 3), or None.

    Returns:
        None for a cloud without extent.
    """
    points = np.asarray(xyz, np.float64)
    points = points - points.mean(axis=0)
    spread = float(np.sqrt(np.mean(np.sum(points**2, axis=1))))
    if not np.isfinite(spread) or spread <= 0:
        return None
    points /= spread
    parts = [_distances(points), *_rings(points)]
    vector = np.concatenate([part / np.sqrt(len(parts)) for part in parts])
    form = np.frombuffer(vector.astype("<f2").tobytes(), np.uint8)
    return np.concatenate([form, _colors(points[:, 1], rgb)])


def _colors(heights: Floats, rgb: Bytes | None) -> Bytes:
    """Return a flag and the mean color of the lower, middle and upper third."""
    if rgb is None:
        return np.zeros(1 + COLORS, np.uint8)
    thirds = np.array_split(np.argsort(heights, kind="stable"), 3)
    means = [rgb[third].mean(axis=0) if len(third) else np.zeros(3) for third in thirds]
    return np.concatenate([[1], *np.rint(means)]).astype(np.uint8)


def _distances(points: Floats) -> Floats:
    """Return the spread of the distances of pairs, as the roots of shares; (DISTANCES,)."""
    random = generator(0, "cloud-print")
    one, other = (points[random.integers(len(points), size=_PAIRS)] for _ in range(2))
    away = np.sqrt(np.sum((one - other) ** 2, axis=1))
    counts = _soft(away / _FARTHEST * _DISTANCES, _DISTANCES).sum(axis=0)
    return np.asarray(np.sqrt(counts / _PAIRS))


def _rings(points: Floats) -> tuple[Floats, Floats]:
    """Return the roots of the shares by height and radius, and what repeats around the axis."""
    along = points[:, 0] + 1j * points[:, 2]
    radius = np.abs(along)
    heights = _soft((points[:, 1] / _HIGHEST + 1) / 2 * _HEIGHTS, _HEIGHTS)
    radii = _soft(radius / _WIDEST * _RADII, _RADII)
    shares = heights.T @ radii / len(points)
    turn = along / np.maximum(radius, 1e-9)
    waves = np.stack([turn**m * radius for m in range(1, _TURNS + 1)], axis=1)
    repeats = np.abs(heights.T @ waves) / len(points)
    return np.sqrt(shares).reshape(-1), repeats.reshape(-1)


def _soft(places: Floats, bins: int) -> Floats:
    """Return how much every value counts for each bin, (values, bins): no jump between two."""
    middle = np.clip(places - 0.5, 0, bins - 1 - 1e-9)
    low = middle.astype(np.int64)
    share = middle - low
    weights = np.zeros((len(places), bins))
    rows = np.arange(len(places))
    weights[rows, low] = 1 - share
    weights[rows, low + 1] = share
    return weights
