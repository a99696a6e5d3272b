"""A plain PointNet: every point by itself, the maximum over the cloud, and layers after that."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

_ROWS_ON_CPU, _ROWS_ON_DEVICE = 1 << 11, 1 << 18


class PointNet(nn.Module):
    """Layers with ReLU for each point, maximum, then a head with ReLU between its layers.

    Batch normalisation is part of the layers: fold it in after training.
    """

    def __init__(self, points: list[int], head: list[int]) -> None:
        """Take the widths of all layers, those of what goes in and out included."""
        super().__init__()
        self.points = _layers(points)
        self.head = _layers(head)

    def forward(self, points: Tensor) -> Tensor:
        """Return (clouds, dim), not normalised, of (clouds, points, 6): places and colours."""
        rows = _ROWS_ON_CPU if points.device.type == "cpu" else _ROWS_ON_DEVICE
        clouds = max(1, rows // points.shape[1])
        features = torch.cat([self._highest(part) for part in torch.split(points, clouds)])
        for number, layer in enumerate(self.head):
            features = layer(features if number == 0 else functional.relu(features))
        return features

    def _highest(self, points: Tensor) -> Tensor:
        for layer in self.points:
            points = functional.relu(layer(points))
        return points.amax(1)


def _layers(widths: list[int]) -> nn.ModuleList:
    return nn.ModuleList([nn.Linear(before, after) for before, after in pairwise(widths)])
