"""One point cloud of the world: an uneven, slightly noisy scan of the surfaces of a scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.pipeline.world.mesh import Floats, rotation
from pentad.pipeline.world.render import Look, draw_look, face_normals, merged, shaded
from pentad.pipeline.world.scene import Scene, Solid

_TRAY_SHARE = (0.16, 0.34)


@dataclass(frozen=True, eq=False)
class Cloud:
    """Coloured points, y up.

    Attributes:
        xyz: float32 (points, 3).
        rgb: uint8 (points, 3).
    """

    xyz: NDArray[np.float32]
    rgb: NDArray[np.uint8]


def scan(scene: Scene, rng: np.random.Generator) -> Cloud:
    """Return 1500 to 2500 points of the scene, turned, scaled and shifted at random."""
    count = int(rng.integers(1500, 2501))
    of_tray = round(count * float(rng.uniform(*_TRAY_SHARE)))
    look = draw_look(rng)
    pieces = merged([piece.solid() for piece in (*scene.toys, *scene.clutter)])
    shadow_side = _shadow_side(rng)
    parts = [
        _sampled(pieces, count - of_tray, look, shadow_side, rng),
        _sampled(scene.tray, of_tray, look, shadow_side, rng),
    ]
    xyz, rgb = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    xyz += rng.normal(0, float(rng.uniform(0.002, 0.012)), xyz.shape)
    xyz = xyz @ rotation("y", float(rng.uniform(0, 2 * np.pi))).T
    xyz = float(np.exp(rng.uniform(-0.25, 0.25))) * xyz + rng.normal(0, 0.2, 3)
    order = rng.permutation(len(xyz))
    return Cloud(xyz[order].astype(np.float32), np.rint(255 * rgb[order]).astype(np.uint8))


def _shadow_side(rng: np.random.Generator) -> Floats:
    """The direction from which the scanner saw least, as long as its effect is strong (0..0.85)."""
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.85)
    return strength * np.array([np.sin(angle), 0.0, np.cos(angle)])


def _sampled(
    solid: Solid, count: int, look: Look, shadow_side: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    normals = face_normals(solid)
    a, b, c, d = np.moveaxis(solid.vertices[solid.quads], 1, 0)
    area = np.linalg.norm(np.cross(c - a, d - b), axis=1)
    seen = area * (1 - np.clip(normals @ shadow_side, 0, 1))
    seen = np.where(normals[:, 1] < -0.4, 0.03 * seen, seen)  # a scanner does not look from below
    face = rng.choice(len(area), size=count, p=seen / seen.sum())
    u, v = rng.random((2, count, 1))
    low, high = a[face] * (1 - u) + b[face] * u, d[face] * (1 - u) + c[face] * u
    colors = shaded(solid.rgb[face], normals[face], look) + rng.normal(0, 0.03, (count, 3))
    return low * (1 - v) + high * v, np.clip(colors, 0, 1)
