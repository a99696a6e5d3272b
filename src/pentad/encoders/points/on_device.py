"""Farthest and nearest points of several clouds at once, in torch, on any device.

They find the same points as the compiled searches: sums are taken in the same order, one rounded
step after another, and ties go to the lower number.
"""

from __future__ import annotations

import torch
from torch import Tensor


def farthest_points(xyz: Tensor, count: int, *, skip_norm2: float = 0.0) -> Tensor:
    """Return int64 (clouds, count), as `pentad.encoders.points.farthest.farthest_points` does.

    Args:
        xyz: float32 (clouds, points, 3).
        count: How many points of each cloud.
        skip_norm2: If above 0, points whose squared distance from zero is at most this are never
            taken, but for the first.
    """
    columns = xyz.unbind(-1)
    near = torch.full_like(columns[0], torch.inf)
    if skip_norm2 > 0:
        inner = _squared(*columns).double() <= skip_norm2
        near = near.masked_fill(inner, -1.0)
    found = torch.zeros(xyz.shape[0], count, dtype=torch.int64, device=xyz.device)
    for j in range(1, count):
        last = found[:, j - 1 : j]
        offsets = [axis - axis.gather(1, last) for axis in columns]
        near = torch.minimum(near, _squared(*offsets))
        found[:, j] = near.argmax(1)
    return found


def nearest_points(xyz: Tensor, centers: Tensor, count: int) -> Tensor:
    """Return int64 (clouds, centers, count), as `pentad.encoders.points.nearest` does.

    Args:
        xyz: float32 (clouds, points, 3).
        centers: int64 (clouds, centers) numbers of points.
        count: How many points for each center.
    """
    return torch.stack(
        [_of_one_cloud(cloud, chosen, count) for cloud, chosen in zip(xyz, centers, strict=True)]
    )


def _of_one_cloud(cloud: Tensor, chosen: Tensor, count: int) -> Tensor:
    """Select by distance, then number: bits of floats above zero have the order of the floats."""
    offsets = [axis[None, :] - axis[chosen][:, None] for axis in cloud.unbind(-1)]
    distances = _squared(*offsets).view(torch.int32).to(torch.int64)
    numbers = torch.arange(len(cloud), device=cloud.device)
    return torch.topk((distances << 32) | numbers, count, largest=False).values & 0xFFFFFFFF


def _squared(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    return (x * x + y * y) + z * z
