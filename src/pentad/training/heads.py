"""A projection head while it is trained: a correction that starts at nothing."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from pentad.core.errors import InputError
from pentad.encoders.heads import Head


class ResidualHead(nn.Module):
    """``unit(v + relu(v A + a) B)``; B starts at zero, so that the head starts as the identity.

    A starts normal with variance 1 / hidden: whatever the dimension, relu(v A) then has a length of
    about 0.7 for a vector of length 1.
    """

    def __init__(self, dim: int, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        start = torch.randn(dim, hidden, generator=generator) / math.sqrt(hidden)
        self.inner = nn.Parameter(start)
        self.inner_bias = nn.Parameter(torch.zeros(hidden))
        self.outer = nn.Parameter(torch.zeros(hidden, dim))

    def forward(self, vectors: Tensor, seen: Tensor | None = None) -> Tensor:
        """Return (n, dim) unit rows.

        Args:
            vectors: (n, dim) what is corrected.
            seen: (n, dim) what the correction is computed from; default ``vectors``.
        """
        hidden = torch.relu((vectors if seen is None else seen) @ self.inner + self.inner_bias)
        return nn.functional.normalize(vectors + hidden @ self.outer, dim=-1)

    def export(self, gate: float = 1.0) -> Head:
        """Return the head as it is applied.

        Raises:
            InputError: Training has diverged.
        """
        inner, bias, outer = arrays = [
            parameter.detach().numpy().astype(np.float64)
            for parameter in (self.inner, self.inner_bias, self.outer)
        ]
        if not all(np.isfinite(array).all() for array in arrays):
            raise InputError("training has diverged; set a lower learning rate (lr)")
        return Head(inner, bias, outer, gate)


def disturb(vectors: Tensor, dropout: float, noise: float, generator: torch.Generator) -> Tensor:
    """Return (n, dim) vectors of which some values are dropped, the others scaled up, plus noise.

    Args:
        vectors: (n, dim).
        dropout: Share of values to drop.
        noise: Expected length of the random vector that is added to each row.
        generator: Decides which.
    """
    if dropout > 0:
        kept = torch.rand(vectors.shape, generator=generator) >= dropout
        vectors = vectors * kept / (1 - dropout)
    if noise > 0:
        drawn = torch.randn(vectors.shape, generator=generator)
        vectors = vectors + drawn * (noise / math.sqrt(vectors.shape[1]))
    return vectors
