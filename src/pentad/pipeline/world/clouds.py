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
    normals, face = face_normals(solid), np.tile(np.arange(len(solid.quads)), 2)
    corners = solid.vertices[np.concatenate([solid.quads[:, [0, 1, 2]], solid.quads[:, [0, 2, 3]]])]
    a, b, c = np.moveaxis(corners, 1, 0)
    seen = np.linalg.norm(np.cross(b - a, c - a), axis=1) * _visible(normals, shadow_side)[face]
    drawn = rng.choice(len(face), size=count, p=seen / seen.sum())
    u, v = rng.random((2, count, 1))
    over = u + v > 1
    u, v = np.where(over, 1 - u, u), np.where(over, 1 - v, v)
    xyz = a[drawn] + u * (b - a)[drawn] + v * (c - a)[drawn]
    rgb = shaded(solid.rgb, normals, look)[face[drawn]] + rng.normal(0, 0.03, (count, 3))
    return xyz, np.clip(rgb, 0, 1)


def _visible(normals: Floats, shadow_side: Floats) -> Floats:
    """How much of a face the scanner saw: little from behind, next to nothing from below."""
    share = 1 - np.clip(normals @ shadow_side, 0, 1)
    return np.asarray(np.where(normals[:, 1] < -0.4, 0.03 * share, share), dtype=np.float64)
