"""Pictures of point clouds and meshes, drawn in numpy, for encoders that see pictures.

The constants here and in `camera` decide what a picture looks like. A change to any of them
changes every vector made from rendered views: raise `RENDERER` with it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.seeds import generator
from pentad.media.camera import Projection, normalized, project, view_angles
from pentad.media.normals import cloud_normals, spacing
from pentad.media.raster import visible_points, visible_triangles
from pentad.media.types import Points, Views

RENDERER = "2"
"""Version of what is drawn, to be part of the fingerprint of vectors made from views."""
SUPERSAMPLING = 2
BACKGROUND = 255
PLAIN_GREY = 176
"""The colour of a model that has none."""
AMBIENT, DIFFUSE = 0.42, 0.56
"""Light on a surface: the first whatever way it faces, the second as it faces the lamp."""
LAMP = (-0.35, 0.55, 0.76)
"""Direction to the lamp in the camera's axes: right, up, towards the viewer."""
SPLAT_RADIUS = 0.9
"""Radius of a drawn point in distances between neighbouring points."""
LARGEST_SPLAT = 0.03
"""The same at most, as a part of the picture's side."""
MAX_SPLATS = 200_000
"""A cloud of more points is drawn from a seeded choice of so many."""


def render_views(points: Points, *, views: int, size: int = 224, seed: int = 0) -> Views:
    """Draw a cloud or mesh from evenly spaced directions, on white.

    The model is scaled to fill each picture; y is up. Meshes are shaded flat and from both sides;
    points of a cloud become discs wide enough to close the surface.

    Args:
        points: Cloud or mesh.
        views: How many pictures.
        size: Side of a picture in pixels.
        seed: Seed of the choice of points, where a cloud has too many to draw all.

    Raises:
        InputError: ``views`` or ``size`` is below 1.
    """
    if views < 1 or size < 1:
        raise InputError("views and size must be at least 1", seen=f"views={views}, size={size}")
    draw = _Mesh(points, points.faces) if points.faces is not None else _Cloud(points, seed)
    large = size * SUPERSAMPLING
    images = [_reduced(draw.picture(*angles, large), size) for angles in view_angles(views)]
    return Views(np.stack(images))


class _Mesh:
    """A mesh, ready to be drawn from any side."""

    def __init__(self, points: Points, faces: NDArray[np.int32]) -> None:
        self._xyz = normalized(points.xyz)
        self._faces = faces
        self._normals = _face_normals(self._xyz, faces)
        self._rgb = None if points.rgb is None else points.rgb.astype(np.float32)
        self._even: NDArray[np.float32] | None = None
        if self._rgb is None:
            self._even = np.full((len(faces), 3), PLAIN_GREY, np.float32)
        elif all((self._rgb[faces[:, 0]] == self._rgb[faces[:, i]]).all() for i in (1, 2)):
            self._even = self._rgb[faces[:, 0]]

    def picture(self, azimuth: float, elevation: float, size: int) -> NDArray[np.float32]:
        """Return (size * size, 3) colours."""
        seen = project(self._xyz, azimuth, elevation, size)
        screen = seen.screen[self._faces]
        found = visible_triangles(screen, seen.depth[self._faces], size)
        light = _lit(self._normals, seen)[:, None]
        picture = np.full((size * size, 3), BACKGROUND, np.float32)
        pixels = np.flatnonzero(found >= 0)
        triangles = found[pixels]
        if self._even is not None:
            picture[pixels] = (self._even * light)[triangles]
        else:
            picture[pixels] = self._mixed(pixels, triangles, screen, seen, size) * light[triangles]
        return picture

    def _mixed(
        self,
        pixels: NDArray[np.int64],
        triangles: NDArray[np.int64],
        screen: NDArray[np.float32],
        seen: Projection,
        size: int,
    ) -> NDArray[np.float32]:
        """Return the colours of pixels, mixed from the corners of their triangles."""
        corners = self._faces[triangles]
        weights = _weights(pixels, screen[triangles], size) / seen.distance[corners]
        colors = np.zeros((len(pixels), 3), np.float32)
        whole = weights[:, 0] + weights[:, 1] + weights[:, 2]
        if self._rgb is not None:
            for i in range(3):
                colors += self._rgb[corners[:, i]] * (weights[:, i] / whole)[:, None]
        return colors


class _Cloud:
    """A cloud, ready to be drawn from any side."""

    def __init__(self, points: Points, seed: int) -> None:
        chosen: slice | NDArray[np.int64] = slice(None)
        if len(points.xyz) > MAX_SPLATS:
            chosen = generator(seed, "splats").choice(len(points.xyz), MAX_SPLATS, replace=False)
        self._xyz = normalized(points.xyz)[chosen]
        self._rgb = None if points.rgb is None else points.rgb[chosen].astype(np.float32)
        self._spacing = spacing(self._xyz)
        self._normals = cloud_normals(self._xyz, 4 * self._spacing)

    def picture(self, azimuth: float, elevation: float, size: int) -> NDArray[np.float32]:
        """Return (size * size, 3) colours."""
        seen = project(self._xyz, azimuth, elevation, size)
        radius = SPLAT_RADIUS * self._spacing * seen.zoom
        radius = min(max(radius, 0.5 * SUPERSAMPLING), LARGEST_SPLAT * size)
        found = visible_points(seen.screen, seen.depth, size, radius)
        pixels = np.flatnonzero(found >= 0)
        shown = found[pixels]
        light = _lit(self._normals, seen)[shown]
        picture = np.full((size * size, 3), BACKGROUND, np.float32)
        color = np.float32(PLAIN_GREY) if self._rgb is None else self._rgb[shown]
        picture[pixels] = color * light[:, None]
        return picture


def _lit(normals: NDArray[np.float32], seen: Projection) -> NDArray[np.float32]:
    lamp = np.array(LAMP, np.float32) @ seen.rotation
    lamp /= np.linalg.norm(lamp)
    return np.float32(AMBIENT) + np.float32(DIFFUSE) * np.abs(normals @ lamp)


def _face_normals(xyz: NDArray[np.float64], faces: NDArray[np.int32]) -> NDArray[np.float32]:
    a, b, c = (xyz[faces[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return (normals / np.where(length > 0, length, 1)).astype(np.float32)


def _weights(
    pixels: NDArray[np.int64], screen: NDArray[np.float32], size: int
) -> NDArray[np.float32]:
    """Return the barycentric weights of pixel centres in their triangles, within 0..1."""
    x = (pixels % size).astype(np.float32) + np.float32(0.5) - screen[:, 0, 0]
    y = (pixels // size).astype(np.float32) + np.float32(0.5) - screen[:, 0, 1]
    u, v = screen[:, 1] - screen[:, 0], screen[:, 2] - screen[:, 0]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    area = np.where(np.abs(area) < 1e-6, np.float32(np.inf), area)
    second = np.clip((x * v[:, 1] - y * v[:, 0]) / area, 0, 1)
    third = np.clip((y * u[:, 0] - x * u[:, 1]) / area, 0, 1 - second)
    return np.stack([1 - second - third, second, third], axis=1)


def _reduced(picture: NDArray[np.float32], size: int) -> NDArray[np.uint8]:
    blocks = picture.reshape(size, SUPERSAMPLING, size, SUPERSAMPLING, 3)
    total = np.zeros((size, size, 3), np.float32)
    for row in range(SUPERSAMPLING):
        for column in range(SUPERSAMPLING):
            total += blocks[:, row, :, column]
    mean: NDArray[np.float32] = np.clip(
        total / np.float32(SUPERSAMPLING**2) + np.float32(0.5), 0, 255
    )
    return mean.astype(np.uint8)
