"""A decoded cloud or mesh as networks of points take it: counted, centred and scaled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.media.sample import sample_points
from pentad.media.types import Points

UP = "y"
"""Axis that points up in every input; the decoders see to it."""


@dataclass(frozen=True)
class CloudSettings:
    """What is made of a cloud before a network sees it.

    Attributes:
        points: How many points it has then.
        grey: Colour, 0 to 1, of clouds that have none.
    """

    points: int
    grey: float

    def described(self) -> dict[str, object]:
        """Return all that decides the result, as plain values."""
        return {
            "points": self.points,
            "sampling": "as given; fewer points repeat in order; more, and meshes, by seed 0",
            "scaling": "mean at 0, farthest point at 1",
            "up": UP,
            "colors": "0..1",
            "grey": self.grey,
        }


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points ready for a network.

    Attributes:
        xyz: float32 (points, 3), within the unit sphere.
        rgb: float32 (points, 3), 0 to 1.
    """

    xyz: NDArray[np.float32]
    rgb: NDArray[np.float32]


def prepared(item: Points, settings: CloudSettings) -> Cloud:
    """Return exactly as many points as the settings say.

    A cloud that has them is taken in its order. One with fewer is repeated from its start, of one
    with more, and of a mesh, points are drawn with seed 0: decode files with
    ``DecodeOptions(points=...)`` and neither happens.

    Raises:
        InputError: There are no points, or a coordinate is infinite or NaN.
    """
    _check(item)
    item = _counted(item, settings.points)
    rgb = np.full(item.xyz.shape, settings.grey, dtype=np.float32)
    if item.rgb is not None:
        rgb = item.rgb.astype(np.float32) / np.float32(255)
    return Cloud(_scaled(item.xyz), rgb)


def _check(item: Points) -> None:
    xyz, rgb = item.xyz, item.rgb
    if xyz.ndim != 2 or xyz.shape[1] != 3 or not len(xyz):
        raise InputError("a cloud needs points", expected="(points, 3)", seen=xyz.shape)
    if not np.isfinite(xyz).all():
        raise InputError("a cloud has points that are infinite or NaN; leave them out")
    if rgb is not None and (rgb.shape != xyz.shape or rgb.dtype != np.uint8):
        seen = f"{rgb.dtype} {rgb.shape}"
        raise InputError("wrong colours of a cloud", expected=f"uint8 {xyz.shape}", seen=seen)


def _counted(item: Points, count: int) -> Points:
    have = len(item.xyz)
    if item.faces is not None or have > count:
        return sample_points(item, count)
    if have == count:
        return item
    rows = np.arange(count) % have
    return Points(item.xyz[rows], None if item.rgb is None else item.rgb[rows])


def _scaled(xyz: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centred and scaled in float64, so that the order of the points hardly matters."""
    centered = xyz - xyz.mean(axis=0, dtype=np.float64)
    radius = float(np.sqrt(np.sum(centered * centered, axis=1)).max())
    scaled: NDArray[np.float32] = (centered / (radius or 1.0)).astype(np.float32)
    return scaled
