"""Which points of a cloud form its patches, and what of them a network sees."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.encoders.points.farthest import farthest_points
from pentad.encoders.points.nearest import nearest_points

VERSION = 1
"""Version of how points are chosen; part of the names of cached tables."""


@dataclass(frozen=True)
class Grouping:
    """How a cloud is cut into overlapping patches.

    Attributes:
        groups: How many patches; their centers are farthest points from the cloud's first.
        size: Points of a patch: those nearest to its center.
        skip_norm2: Points this near to the middle (squared) are no centers, but for the first.
    """

    groups: int
    size: int
    skip_norm2: float

    def table(self, xyz: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return (groups, 1 + size) numbers of points: the center, then its patch."""
        centers = farthest_points(xyz, self.groups, skip_norm2=self.skip_norm2)
        return np.concatenate([centers[:, None], nearest_points(xyz, centers, self.size)], axis=1)

    def key(self, xyz: NDArray[np.float32]) -> str:
        """Return 64 hex digits over all that decides the table."""
        digest = hashlib.sha256(repr((VERSION, len(xyz), *astuple(self))).encode())
        digest.update(np.ascontiguousarray(xyz, dtype="<f4").data)
        return digest.hexdigest()


def patches(
    xyz: NDArray[np.float32], rgb: NDArray[np.float32], table: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (groups, size, 6) places relative to the center and colours, and (groups, 3) centers.

    Args:
        xyz: float32 (points, 3).
        rgb: float32 (points, 3).
        table: As `Grouping.table` returns it.
    """
    centers = xyz[table[:, 0]]
    members = table[:, 1:]
    out = np.empty((*members.shape, 6), dtype=np.float32)
    np.subtract(xyz[members], centers[:, None], out=out[..., :3])
    out[..., 3:] = rgb[members]
    return out, centers
