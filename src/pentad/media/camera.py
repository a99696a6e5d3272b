"""Where the pictures of a model are taken from, and how it is brought before the camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FIRST_AZIMUTH = 30.0
"""Degrees around the up axis of the first view; 0 looks at the model's front (its +z side)."""
ELEVATIONS = (20.0,)
"""Degrees above the horizon, taken in turn by one view after the other."""
FIELD_OF_VIEW = 40.0
"""Degrees across the sphere around the model: the smaller, the flatter the perspective."""
FRAME_FILL = 0.9
"""The part of a picture's side that the model takes up in each view."""


@dataclass(frozen=True, eq=False)
class Projection:
    """One model as one camera sees it.

    Attributes:
        screen: float32 (points, 2), pixels from the left and from the top.
        depth: float32 (points,), 0 nearest to 1 farthest, linear along lines on the screen.
        distance: float32 (points,), distance from the camera's plane in radii of the model.
        rotation: float32 (3, 3), from the model's axes to the camera's: right, up, towards it.
        zoom: Pixels that one radius takes at the model's centre.
    """

    screen: NDArray[np.float32]
    depth: NDArray[np.float32]
    distance: NDArray[np.float32]
    rotation: NDArray[np.float32]
    zoom: float


def view_angles(views: int) -> list[tuple[float, float]]:
    """Return azimuth and elevation of each view in degrees, evenly around the model."""
    return [
        (FIRST_AZIMUTH + 360.0 * i / views, ELEVATIONS[i % len(ELEVATIONS)]) for i in range(views)
    ]


def normalized(xyz: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the points moved and scaled into the unit sphere, centred on their bounding box."""
    points = xyz.astype(np.float64)
    points -= (points.min(axis=0) + points.max(axis=0)) / 2
    radius = float(np.sqrt((points * points).sum(axis=1).max()))
    return points / radius if radius > 0 else points


def project(points: NDArray[np.float64], azimuth: float, elevation: float, size: int) -> Projection:
    """Project points of the unit sphere so that they fill a picture of ``size`` pixels a side."""
    rotation = _rotation(azimuth, elevation)
    turned = points @ rotation.T
    away = 1.0 / np.sin(np.radians(FIELD_OF_VIEW / 2))
    distance = away - turned[:, 2]
    flat = turned[:, :2] / distance[:, None]
    low, high = flat.min(axis=0), flat.max(axis=0)
    scale = size * FRAME_FILL / max(float((high - low).max()), 1e-9)
    screen = (flat - (low + high) / 2) * (scale, -scale) + size / 2
    near, far = away - 1.0, away + 1.0
    # The inverse of the distance is what is linear on the screen.
    depth = (1 / near - 1 / distance) / (1 / near - 1 / far)
    return Projection(
        screen.astype(np.float32),
        np.clip(depth, 0, 1).astype(np.float32),
        distance.astype(np.float32),
        rotation.astype(np.float32),
        scale / away,
    )


def _rotation(azimuth: float, elevation: float) -> NDArray[np.float64]:
    around, above = np.radians(azimuth), np.radians(elevation)
    yaw = np.array(
        [
            [np.cos(around), 0, -np.sin(around)],
            [0, 1, 0],
            [np.sin(around), 0, np.cos(around)],
        ]
    )
    pitch = np.array(
        [
            [1, 0, 0],
            [0, np.cos(above), -np.sin(above)],
            [0, np.sin(above), np.cos(above)],
        ]
    )
    rotation: NDArray[np.float64] = pitch @ yaw
    return rotation
