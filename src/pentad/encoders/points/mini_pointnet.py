"""A patch of points as one vector: a small PointNet that looks at every point twice."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pentad.encoders.points.architecture import POINT_VALUES, Architecture

_POINTS_ON_CPU, _POINTS_ON_DEVICE = 1 << 11, 1 << 18


class MiniPointNet(nn.Module):
    """Features of each point, their maximum over the patch, both together, and the maximum again.

    The layer that takes both is kept as two: what comes from the patch is the same for all of its
    points, and is computed once. The batch normalisations of training are part of the layers.
    """

    def __init__(self, a: Architecture) -> None:
        super().__init__()
        self.lift = nn.Linear(POINT_VALUES, a.lift)
        self.local = nn.Linear(a.lift, a.local)
        self.from_patch = nn.Linear(a.local, a.mixed)
        self.from_point = nn.Linear(a.local, a.mixed, bias=False)
        self.last = nn.Linear(a.mixed, a.patch)

    def forward(self, patches: Tensor) -> Tensor:
        """Return (clouds, groups, patch) of (clouds, groups, size, 6).

        Patches go through some at a time, on a CPU so few that what is between two layers stays in
        the nearest caches.
        """
        points = _POINTS_ON_CPU if patches.device.type == "cpu" else _POINTS_ON_DEVICE
        flat = patches.flatten(0, 1)
        parts = torch.split(flat, max(1, points // patches.shape[2]))
        return torch.cat([self._some(part) for part in parts]).reshape(*patches.shape[:2], -1)

    def _some(self, patches: Tensor) -> Tensor:
        local = self.local(self.lift(patches).relu_())
        mixed = self.from_point(local).add_(self.from_patch(local.amax(-2))[..., None, :])
        # The maximum of sums with one bias is the maximum, plus the bias.
        highest = functional.linear(mixed.relu_(), self.last.weight).amax(-2)
        return highest + self.last.bias
