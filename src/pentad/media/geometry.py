"""Parts of a model, their joining into one `Points`, and what must hold of the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import DecodeError, Reason
from pentad.media.types import Points

MAX_POINTS = 20_000_000
MAX_TRIANGLES = 20_000_000
MIN_POINTS = 3
NEUTRAL = 176
"""The grey, in each channel, of parts without colour in a model that has coloured ones."""


@dataclass(frozen=True, eq=False)
class Part:
    """One piece of a model as a reader found it, not yet checked.

    Attributes:
        xyz: (points, 3) numbers.
        rgb: uint8 (points, 3), or None.
        faces: (triangles, 3) integers into `xyz`, or None for loose points.
    """

    xyz: NDArray[Any]
    rgb: NDArray[np.uint8] | None = None
    faces: NDArray[Any] | None = None


def check_counts(points: int, triangles: int = 0) -> None:
    """Refuse more points or triangles than the limits, before memory is given to them.

    Raises:
        DecodeError: There are too many.
    """
    if points > MAX_POINTS:
        raise DecodeError(Reason.TOO_LARGE, f"{points:,} points; the limit is {MAX_POINTS:,}")
    if triangles > MAX_TRIANGLES:
        raise DecodeError(
            Reason.TOO_LARGE, f"{triangles:,} triangles; the limit is {MAX_TRIANGLES:,}"
        )


def fan(polygons: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cut (n, corners) polygons into (n * (corners - 2), 3) triangles around their first corner."""
    second, third = polygons[:, 1:-1], polygons[:, 2:]
    first = np.broadcast_to(polygons[:, :1], second.shape)
    return np.stack([first, second, third], axis=2).reshape(-1, 3)


def join(parts: Sequence[Part]) -> Points:
    """Join parts into one checked cloud or mesh. Loose points beside triangles are left out.

    Raises:
        DecodeError: The geometry is empty, damaged, not finite, or beyond the limits.
    """
    meshes = [p for p in parts if p.faces is not None and len(p.faces)]
    used = meshes or [p for p in parts if len(p.xyz)]
    if not used:
        raise DecodeError(Reason.EMPTY, "no points")
    check_counts(sum(len(p.xyz) for p in used))
    xyz = np.concatenate([_finite(p.xyz) for p in used])
    rgb = None
    if any(p.rgb is not None for p in used):
        rgb = np.concatenate([_colors(p) for p in used])
    return Points(_checked(xyz), rgb, _joined_faces(used) if meshes else None)


def _finite(values: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):
        xyz = np.asarray(values).astype(np.float32).reshape(-1, 3)
    if not np.isfinite(xyz).all():
        raise DecodeError(Reason.NON_FINITE, "a coordinate is NaN, infinite or beyond 3e38")
    return xyz


def _checked(xyz: NDArray[np.float32]) -> NDArray[np.float32]:
    if len(xyz) < MIN_POINTS:
        raise DecodeError(Reason.TOO_SMALL, f"{len(xyz)} points; at least {MIN_POINTS} are needed")
    if (xyz == xyz[0]).all():
        raise DecodeError(Reason.CONSTANT, f"all {len(xyz):,} points are the same")
    return xyz


def _colors(part: Part) -> NDArray[np.uint8]:
    if part.rgb is None:
        return np.full((len(part.xyz), 3), NEUTRAL, np.uint8)
    if len(part.rgb) != len(part.xyz):
        raise DecodeError(Reason.CORRUPT, f"{len(part.rgb):,} colours for {len(part.xyz):,} points")
    return part.rgb


def _joined_faces(meshes: Sequence[Part]) -> NDArray[np.int32]:
    joined, offset = [], 0
    for mesh in meshes:
        faces = np.asarray(mesh.faces)
        if faces.min() < 0 or faces.max() >= len(mesh.xyz):
            raise DecodeError(
                Reason.CORRUPT,
                f"a face refers to vertex {faces.max()} or {faces.min()} of {len(mesh.xyz):,}",
            )
        joined.append(faces.astype(np.int64) + offset)
        offset += len(mesh.xyz)
    faces = np.concatenate(joined)
    check_counts(0, len(faces))
    return faces.astype(np.int32)


def as_bytes(colors: NDArray[Any], *, whole: float) -> NDArray[np.uint8]:
    """Scale colours so that ``whole`` becomes 255, and round them into 0..255."""
    values = colors.astype(np.float64)
    if not np.isfinite(values).all():
        raise DecodeError(Reason.NON_FINITE, "a colour is NaN or infinite")
    return np.rint(np.clip(values * (255.0 / whole), 0, 255)).astype(np.uint8)


def guess_bytes(colors: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale float colours that are either 0..1 or 0..255 to bytes, by their largest value."""
    return as_bytes(colors, whole=255.0 if colors.size and np.nanmax(colors) > 1 else 1.0)
