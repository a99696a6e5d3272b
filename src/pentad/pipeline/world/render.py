"""Drawing a scene: faces sorted from far to near, soft shadows, drawn large and reduced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pentad.pipeline.world.mesh import Floats, rotation
from pentad.pipeline.world.palette import backdrop_paints
from pentad.pipeline.world.scene import Scene, Solid

if TYPE_CHECKING:
    from PIL.Image import Image

_FLOOR = -0.09
_SHADE = (38, 34, 58)


@dataclass(frozen=True, eq=False)
class Look:
    """Camera, light and backdrop of one picture.

    Attributes:
        turn: (3, 3), from the world to the camera: right, up, towards the viewer.
        distance: From the camera to the middle of the tray.
        zoom: Focal length in widths of the picture.
        center: Where the middle of the tray appears, in widths of the picture.
        light: Unit vector towards the light, in the world.
        ambient: Share of light that comes from everywhere.
        backdrop: (2, 3), the colours at the top and at the bottom.
    """

    turn: Floats
    distance: float
    zoom: float
    center: Floats
    light: Floats
    ambient: float
    backdrop: Floats

    def seen(self, points: Floats, side: int) -> Floats:
        """Return where points (n, 3) appear in a square picture, in pixels, (n, 2)."""
        view = points @ self.turn.T
        scale = self.zoom / (self.distance - view[:, 2])
        flat = self.center + view[:, :2] * scale[:, None] * [1, -1]
        return np.asarray(flat * side, dtype=np.float64)


def draw_look(rng: np.random.Generator) -> Look:
    """Return a camera, light and backdrop at random."""
    distance = float(rng.uniform(3.6, 5.2))
    sun = np.array([rng.uniform(-0.8, 0.8), 1.15, rng.uniform(0.1, 0.9)])
    return Look(
        turn=camera_turn(float(rng.uniform(-0.3, 0.3)), float(rng.uniform(0.36, 0.72))),
        distance=distance,
        zoom=0.45 * distance * float(rng.uniform(0.93, 1.07)),
        center=np.array([0.5, 0.63]) + rng.normal(0, 0.015, 2),
        light=sun / np.linalg.norm(sun),
        ambient=float(rng.uniform(0.42, 0.58)),
        backdrop=backdrop_paints(rng),
    )


def camera_turn(azimuth: float, elevation: float) -> Floats:
    """Return the turn of a camera that looks at the tray from these angles, in radians."""
    return np.asarray(rotation("x", elevation) @ rotation("y", -azimuth), dtype=np.float64)


def draw(scene: Scene, look: Look, side: int, *, oversample: int = 2) -> Image:
    """Return the scene as an RGB picture of ``side`` by ``side`` pixels."""
    return draw_upon(empty_stage(scene, look, side * oversample), scene, look, oversample)


def empty_stage(scene: Scene, look: Look, side: int) -> Image:
    """Return backdrop and tray alone, not yet reduced."""
    stage = _backdrop(look, side)
    _cast(stage, [scene.tray], look, _FLOOR, 0.34, 0.03)
    _paint(stage, scene.tray, look)
    return stage


def draw_upon(stage: Image, scene: Scene, look: Look, oversample: int) -> Image:
    """Return a reduced copy of the stage with toys and clutter on it."""
    canvas = stage.copy()
    solids = [piece.solid() for piece in (*scene.toys, *scene.clutter)]
    _cast(canvas, solids, look, 0.0, 0.42, 0.012)
    # Whole solids from far to near: single large faces of two toys would sort wrongly.
    for solid in sorted(solids, key=lambda s: float(s.vertices.mean(axis=0) @ look.turn[2])):
        _paint(canvas, solid, look)
    return canvas.reduce(oversample)


def merged(solids: list[Solid]) -> Solid:
    """Return several solids as one."""
    starts = np.cumsum([0, *(len(s.vertices) for s in solids)])
    return Solid(
        np.concatenate([s.vertices for s in solids]),
        np.concatenate([s.quads + start for s, start in zip(solids, starts, strict=False)]),
        np.concatenate([s.rgb for s in solids]),
    )


def face_normals(solid: Solid) -> Floats:
    """Return the outward unit normal of every face, (faces, 3)."""
    a, b, c, d = np.moveaxis(solid.vertices[solid.quads], 1, 0)
    normals = np.cross(c - a, d - b)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.maximum(length, 1e-12), dtype=np.float64)


def shaded(rgb: Floats, normals: Floats, look: Look) -> Floats:
    """Return the colour of faces in the light of ``look``, (faces, 3) within 0..1."""
    sun = np.clip(0.15 + 0.85 * (normals @ look.light), 0, 1)[:, None]
    sky = (0.5 + 0.5 * normals[:, 1:2]) * [0.97, 1.0, 1.06] + 0.12
    middle = look.light + look.turn[2]
    gloss = np.clip(normals @ (middle / np.linalg.norm(middle)), 0, 1)[:, None] ** 24
    lit = rgb * (look.ambient * sky + 0.58 * sun * [1.04, 1.0, 0.94]) + 0.14 * gloss
    return np.asarray(np.clip(lit, 0, 1), dtype=np.float64)


def _paint(canvas: Image, solid: Solid, look: Look) -> None:
    from PIL import ImageDraw

    normals = face_normals(solid)
    corners = solid.vertices[solid.quads]
    middles = corners.mean(axis=1)
    camera = look.turn[2] * look.distance
    front = np.flatnonzero(((camera - middles) * normals).sum(1) > 0)
    flat = look.seen(corners[front].reshape(-1, 3), canvas.width)
    order = np.argsort(middles[front] @ look.turn[2], kind="stable")
    colors = np.rint(255 * shaded(solid.rgb[front], normals[front], look)).astype(int)
    pen = ImageDraw.Draw(canvas)
    polygons, fills = flat.reshape(-1, 8)[order].tolist(), colors[order].tolist()
    for polygon, fill in zip(polygons, fills, strict=True):
        pen.polygon(polygon, fill=tuple(fill))


def _cast(
    canvas: Image, solids: list[Solid], look: Look, floor: float, strength: float, blur: float
) -> None:
    from PIL import Image, ImageDraw, ImageFilter

    side = canvas.width // 2
    mask = Image.new("L", (side, side))
    pen = ImageDraw.Draw(mask)
    solid, ink = merged(solids), round(255 * strength)
    drop = (solid.vertices[:, 1:2] - floor) / look.light[1]
    flat = look.seen(solid.vertices - drop * look.light, side)
    lit = solid.quads[face_normals(solid) @ look.light > 0]
    for polygon in flat[lit].reshape(-1, 8).tolist():
        pen.polygon(polygon, fill=ink)
    soft = mask.filter(ImageFilter.GaussianBlur(blur * side))
    soft = soft.resize(canvas.size, Image.Resampling.BILINEAR)
    canvas.paste(_SHADE, mask=soft)


def _backdrop(look: Look, side: int) -> Image:
    from PIL import Image

    height = np.linspace(0, 1, side)[:, None]
    ramp = look.backdrop[0] * (1 - height) + look.backdrop[1] * height
    rows = np.rint(255 * ramp).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(np.broadcast_to(rows[:, None], (side, side, 3))))
