"""The same number of points from any cloud or mesh, the same ones every time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.core.seeds import generator
from pentad.encoders.features import Floats
from pentad.media.types import Points


def sampled_surface(points: Points, count: int) -> tuple[Floats, NDArray[np.uint8] | None]:
    """Return positions (count, 3) and colours, sampled with a fixed seed.

    Meshes are sampled by area; clouds with more points lose some, those with fewer keep them all.
    """
    xyz = points.xyz.astype(np.float64)
    if points.faces is not None and len(points.faces):
        return _from_triangles(xyz, points.rgb, points.faces, count)
    if len(xyz) <= count:
        return xyz, points.rgb
    chosen = np.sort(generator(0, "points-descriptor", "cloud").permutation(len(xyz))[:count])
    return xyz[chosen], None if points.rgb is None else points.rgb[chosen]


def _from_triangles(
    xyz: Floats, rgb: NDArray[np.uint8] | None, faces: NDArray[np.int32], count: int
) -> tuple[Floats, NDArray[np.uint8] | None]:
    corners = xyz[faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.cumsum(np.sqrt(np.sum(cross * cross, axis=1)))
    if not area[-1] > 0:
        return xyz[:count], None if rgb is None else rgb[:count]
    random = generator(0, "points-descriptor", "mesh")
    face = np.searchsorted(area, (np.arange(count) + random.random(count)) / count * area[-1])
    face = np.minimum(face, len(faces) - 1)
    shares = _shares(random.random(count), random.random(count))
    place = np.einsum("nc,ncd->nd", shares, corners[face])
    if rgb is None:
        return place, None
    mixed = np.einsum("nc,ncd->nd", shares, rgb[faces[face]].astype(np.float64))
    return place, mixed.round().astype(np.uint8)


def _shares(first: Floats, second: Floats) -> Floats:
    """Barycentric coordinates, even over a triangle."""
    root = np.sqrt(first)
    return np.stack([1 - root, root * (1 - second), root * second], axis=1)
