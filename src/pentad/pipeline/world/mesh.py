"""Small solids made of flat quadrilaterals: the few primitives that every toy is built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Vector = tuple[float, float, float]

MAIN, LIGHT, DARK, WOOD, METAL, ACCENT = range(6)
"""Parts of a toy that are painted alike; `MAIN` has the colour that a caption may name."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """A solid whose faces point outwards.

    Attributes:
        vertices: float64 (vertices, 3), y up.
        quads: int64 (faces, 4) of row numbers; a triangle repeats its last one.
        parts: int64 (faces,): which part each face belongs to.
    """

    vertices: Floats
    quads: Ints
    parts: Ints

    def turned(self, axis: str, degrees: float) -> Mesh:
        """Return this solid turned about the named axis through the origin."""
        return Mesh(self.vertices @ rotation(axis, np.radians(degrees)).T, self.quads, self.parts)

    def moved(self, x: float, y: float, z: float) -> Mesh:
        """Return this solid shifted."""
        return Mesh(self.vertices + np.array([x, y, z]), self.quads, self.parts)


def rotation(axis: str, angle: float) -> Floats:
    """Return the (3, 3) matrix that turns by ``angle`` radians about ``x``, ``y`` or ``z``."""
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[j, i] = np.sin(angle)
    matrix[i, j] = -matrix[j, i]
    return matrix


def join(*meshes: Mesh) -> Mesh:
    """Return the solids as one."""
    starts = np.cumsum([0, *(len(m.vertices) for m in meshes)])
    return Mesh(
        np.concatenate([m.vertices for m in meshes]),
        np.concatenate([m.quads + start for m, start in zip(meshes, starts, strict=False)]),
        np.concatenate([m.parts for m in meshes]),
    )


def lathe(profile: Sequence[tuple[float, float]], part: int = MAIN, *, segments: int = 18) -> Mesh:
    """Return what (radius, height) pairs, from bottom to top, sweep about the y axis."""
    angles = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    radius, height = np.array(profile, dtype=np.float64).T
    x, z = np.outer(radius, np.sin(angles)), np.outer(radius, np.cos(angles))
    y = np.broadcast_to(height[:, None], x.shape)
    ring = np.arange(segments)
    low = np.arange(len(radius) - 1)[:, None] * segments
    here, after = low + ring, low + (ring + 1) % segments
    quads = np.stack([here, after, after + segments, here + segments], axis=-1).reshape(-1, 4)
    return Mesh(np.stack([x, y, z], axis=-1).reshape(-1, 3), quads, np.full(len(quads), part))


def ball(
    center: Vector, radii: Vector | float, part: int = MAIN, *, segments: int = 12, rings: int = 6
) -> Mesh:
    """Return an ellipsoid."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, rings + 1)
    unit = lathe(list(zip(np.cos(angles), np.sin(angles), strict=True)), part, segments=segments)
    return Mesh(
        unit.vertices * np.array(radii) + np.array(center), unit.quads, part + 0 * unit.parts
    )


def box(center: Vector, size: Vector, part: int = MAIN, *, taper: float = 1.0) -> Mesh:
    """Return a box; its top is ``taper`` times as wide and deep as its bottom."""
    top = np.array([taper, 1.0, taper])
    corners = np.array([[-1, -1, 1], [1, -1, 1], [1, -1, -1], [-1, -1, -1]], dtype=np.float64)
    vertices = np.concatenate([corners, corners * [1, -1, 1] * top]) * np.array(size) / 2
    sides = [[i, (i + 1) % 4, (i + 1) % 4 + 4, i + 4] for i in range(4)]
    quads = np.array([*sides, [4, 5, 6, 7], [3, 2, 1, 0]])
    return Mesh(vertices + np.array(center), quads, np.full(6, part))


def rod(start: Vector, end: Vector, radius: float, part: int = WOOD, *, tip: float = 1.0) -> Mesh:
    """Return a closed cylinder from ``start`` to ``end``; its end is ``tip`` times as thick."""
    axis = np.array(end) - np.array(start)
    length = float(np.linalg.norm(axis))
    far = radius * tip
    straight = lathe([(0, 0), (radius, 0), (far, length), (0, length)], part, segments=8)
    tilt = np.degrees(np.arccos(axis[1] / length))
    heading = np.degrees(np.arctan2(axis[0], axis[2]))
    return straight.turned("x", tilt).turned("y", heading).moved(*start)


def slab(outline: Sequence[tuple[float, float]], depth: float, part: int = MAIN) -> Mesh:
    """Return a flat solid in the xy plane; its outline runs counter-clockwise about its middle."""
    flat = np.array(outline, dtype=np.float64)
    n = len(flat)
    front = np.column_stack([flat, np.full(n, depth / 2)])
    back = front * [1, 1, -1]
    middle = np.array([[*flat.mean(0), depth / 2], [*flat.mean(0), -depth / 2]])
    here, after = np.arange(n), (np.arange(n) + 1) % n
    hub = np.full(n, 2 * n)
    faces = [
        np.stack([hub, here, after, after], axis=1),
        np.stack([hub + 1, after + n, here + n, here + n], axis=1),
        np.stack([here, here + n, after + n, after], axis=1),
    ]
    return Mesh(np.concatenate([front, back, middle]), np.concatenate(faces), np.full(3 * n, part))
