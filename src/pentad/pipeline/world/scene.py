"""Where everything stands: toys on a tray, clutter that no caption mentions, and how toys move."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pentad.pipeline.world.factors import Extras, Subject
from pentad.pipeline.world.mesh import Floats, Ints, Mesh, rotation
from pentad.pipeline.world.palette import clutter_paint, toy_paints, tray_paint
from pentad.pipeline.world.toys import pebble, toy, tray

SCALE = {"small": 0.45, "medium": 0.66, "large": 0.95}


@dataclass(frozen=True, eq=False)
class Solid:
    """A painted solid in the coordinates of the world.

    Attributes:
        vertices: float64 (vertices, 3).
        quads: int64 (faces, 4).
        rgb: float64 (faces, 3), within 0..1.
    """

    vertices: Floats
    quads: Ints
    rgb: Floats


@dataclass(frozen=True, eq=False)
class Placed:
    """A solid and its pose: standing at (x, z), turned, tilted sideways and lifted."""

    mesh: Mesh
    paints: Floats
    scale: float
    x: float
    z: float
    heading: float
    tilt: float = 0.0
    lift: float = 0.0

    def solid(self) -> Solid:
        """Return the solid in the coordinates of the world."""
        turn = rotation("z", self.tilt) @ rotation("y", self.heading)
        vertices = self.scale * self.mesh.vertices @ turn.T + [self.x, self.lift, self.z]
        return Solid(vertices, self.mesh.quads, self.paints[self.mesh.parts])


@dataclass(frozen=True, eq=False)
class Scene:
    """A tray with toys and clutter."""

    toys: tuple[Placed, ...]
    clutter: tuple[Placed, ...]
    tray: Solid


def arrange(subject: Subject, extras: Extras, rng: np.random.Generator) -> Scene:
    """Return a tray that shows ``subject``; everything else about it is drawn from ``rng``."""
    paints = toy_paints(extras.color, rng)
    spots = _spots(subject.count, rng)
    scale = SCALE[subject.size] * float(rng.uniform(0.93, 1.07))
    facing = float(rng.uniform(-1.1, 1.1))
    toys = tuple(
        Placed(
            toy(subject.kind),
            paints,
            scale * float(rng.uniform(0.96, 1.04)),
            float(x),
            float(z),
            facing + float(rng.normal(0, 0.35)),
        )
        for x, z in spots
    )
    base = tray()
    paint = np.broadcast_to(tray_paint(rng), (len(base.quads), 3))
    return Scene(toys, _clutter(spots, scale, rng), Solid(base.vertices, base.quads, paint))


def moved(scene: Scene, motion: str, time: float, phases: Floats) -> Scene:
    """Return the scene after ``time`` seconds of every toy moving in the named way.

    Args:
        scene: The scene at rest.
        motion: ``hop``, ``spin``, ``sway`` or ``glide``.
        time: Seconds since the start.
        phases: Where in its movement each toy starts, in radians.
    """
    poses = (_pose(t, motion, 6.3 * time + p) for t, p in zip(scene.toys, phases, strict=True))
    return replace(scene, toys=tuple(poses))


def _pose(item: Placed, motion: str, angle: float) -> Placed:
    swing = float(np.sin(angle))
    if motion == "hop":
        return replace(item, lift=0.45 * item.scale * abs(swing))
    if motion == "spin":
        return replace(item, heading=item.heading + angle)
    if motion == "sway":
        return replace(item, tilt=0.3 * swing)
    return replace(item, x=item.x + 0.3 * swing, z=item.z + 0.1 * swing)


def _spots(count: int, rng: np.random.Generator) -> Floats:
    reach = {1: 0.0, 2: 0.48, 3: 0.57}[count]
    angles = rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(count) / count
    ring = reach * np.stack([np.sin(angles), np.cos(angles)], axis=1)
    together = rng.normal(0, 0.1 if count == 1 else 0.03, (1, 2))
    return np.asarray(ring + together + rng.normal(0, 0.03, (count, 2)), dtype=np.float64)


def _clutter(spots: Floats, scale: float, rng: np.random.Generator) -> tuple[Placed, ...]:
    pieces = []
    for _ in range(int(rng.integers(0, 4))):
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.86)
        x, z = reach * float(np.sin(angle)), reach * float(np.cos(angle))
        # A piece inside a toy would be neither seen nor fair to leave out of the caption.
        if np.min(np.hypot(*(spots - [x, z]).T)) < 0.42 * scale + 0.1:
            continue
        mesh = pebble(str(rng.choice(["marble", "block", "cone"])))
        paints = np.broadcast_to(clutter_paint(rng), (6, 3))
        size, heading = float(rng.uniform(0.09, 0.17)), float(rng.uniform(0, 3))
        pieces.append(Placed(mesh, paints, size, x, z, heading))
    return tuple(pieces)
