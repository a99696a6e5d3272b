"""The Uni3D-shaped network: patches of a cloud as tokens of a transformer, its class token out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pentad.encoders.points.architecture import NORM_EPS, Architecture
from pentad.encoders.points.mini_pointnet import MiniPointNet
from pentad.encoders.points.transformer import Block


class Uni3dModule(nn.Module):
    """A mini-PointNet for each patch, a small network for its place, pre-norm blocks, a head."""

    def __init__(self, a: Architecture) -> None:
        super().__init__()
        self.patches = MiniPointNet(a)
        self.to_width = nn.Linear(a.patch, a.width)
        self.place = nn.Sequential(
            nn.Linear(3, a.position), nn.GELU(), nn.Linear(a.position, a.width)
        )
        self.class_token = nn.Parameter(torch.zeros(1, 1, a.width))
        self.class_place = nn.Parameter(torch.zeros(1, 1, a.width))
        self.blocks = nn.ModuleList([Block(a) for _ in range(a.depth)])
        self.norm = nn.LayerNorm(a.width, eps=NORM_EPS)
        self.head = nn.Linear(a.width, a.dim)

    def forward(self, patches: Tensor, centers: Tensor) -> Tensor:
        """Return (clouds, dim), not normalised.

        Args:
            patches: (clouds, groups, size, 6): places relative to the center, colours.
            centers: (clouds, groups, 3).
        """
        tokens = self.to_width(self.patches(patches)) + self.place(centers)
        first = (self.class_token + self.class_place).expand(len(tokens), -1, -1)
        tokens = torch.cat([first.to(tokens.dtype), tokens], dim=1)
        for block in self.blocks[:-1]:
            tokens = block(tokens)
        # Only the class token is used in the end, so the last block computes no other.
        tokens = self.blocks[-1](tokens, 1)
        vectors: Tensor = self.head(self.norm(tokens[:, 0]))
        return vectors
