"""A seeded sample of points: of a cloud's own, or of a mesh's surface by area."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.core.seeds import generator
from pentad.media.types import Points


def sample_points(points: Points, count: int, *, seed: int = 0) -> Points:
    """Return ``count`` points drawn from a cloud or from the surface of a mesh.

    A cloud with fewer points gives each of them at least once. Colours of a surface are
    interpolated between the corners.

    Args:
        points: Cloud or mesh.
        count: How many points to return.
        seed: The same seed draws the same points.
    """
    rng = generator(seed, "points")
    if points.faces is not None:
        areas = triangle_areas(points)
        if areas.sum() > 0:
            return _surface(points, points.faces, areas, count, rng)
    have = len(points.xyz)
    if count <= have:
        rows = rng.choice(have, count, replace=False)
    else:
        rows = np.concatenate([np.arange(have), rng.integers(have, size=count - have)])
    return Points(points.xyz[rows], None if points.rgb is None else points.rgb[rows])


def triangle_areas(points: Points) -> NDArray[np.float64]:
    """Return the area of each triangle, in a scale in which nothing overflows."""
    xyz = points.xyz.astype(np.float64)
    a, b, c = (xyz[points.faces[:, i]] for i in range(3)) if points.faces is not None else 3 * [xyz]
    areas: NDArray[np.float64] = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    return areas


def _surface(
    points: Points,
    faces: NDArray[np.int32],
    areas: NDArray[np.float64],
    count: int,
    rng: np.random.Generator,
) -> Points:
    ends = np.cumsum(areas)
    chosen = np.searchsorted(ends, rng.random(count) * ends[-1], side="right")
    corners = faces[np.minimum(chosen, len(faces) - 1)]
    # The square root makes the points even over the triangle.
    root, along = np.sqrt(rng.random(count)), rng.random(count)
    weights = np.stack([1 - root, root * (1 - along), root * along], axis=1)
    xyz = np.einsum("nk,nkd->nd", weights, points.xyz[corners].astype(np.float64))
    rgb = None
    if points.rgb is not None:
        mixed = np.einsum("nk,nkd->nd", weights, points.rgb[corners].astype(np.float64))
        rgb = np.rint(mixed).astype(np.uint8)
    return Points(xyz.astype(np.float32), rgb)
