"""What the codes of all points are relative to, in every block and in every pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pentad.neighbors.exact import Indices
from pentad.neighbors.int8.codes import aligned
from pentad.neighbors.int8.probe import MOST_VALUES
from pentad.neighbors.int8.sides import QuerySide, scale_of, turns_of
from pentad.neighbors.int8.tile import TILE_QUERIES
from pentad.neighbors.kmeans.kernels import encode
from pentad.neighbors.metrics import Floats, Rows

_ROUNDING = 2.0**-23


@dataclass(frozen=True, eq=False)
class Frame:
    """What the codes of all points are relative to.

    Attributes:
        mean: float32 (dim,).
        scale: What a code is multiplied with.
        longest: At least the length of any prepared point.
    """

    mean: Rows
    scale: np.float32
    longest: float

    @classmethod
    def of(cls, sample: Rows, dim: int, longest: float) -> Frame | None:
        """Return the frame that suits a sample of prepared points; None if bytes cannot do it."""
        if dim > MOST_VALUES:
            return None
        mean = sample[:, :dim].mean(axis=0)
        return cls(mean, scale_of(sample[:, :dim] - mean), longest)

    @property
    def empty(self) -> QuerySide:
        """The side of no points."""
        codes = aligned((0, turns_of(len(self.mean)), TILE_QUERIES, 4), np.int8)
        none = np.zeros(0)
        return QuerySide(codes, self.mean, float(self.scale), none.astype(np.int64), none, none)

    def encode(self, rows: Rows, order: Indices, other: Rows) -> tuple[QuerySide, Floats]:
        """Return points as codes, and their products with ``other``."""
        tiles = -(-len(order) // TILE_QUERIES)
        codes = aligned((tiles, turns_of(len(self.mean)), TILE_QUERIES, 4), np.int8)
        sums, across = np.zeros(len(order), np.int64), np.zeros(len(order))
        sizes = np.zeros((2, len(order)), np.float32)
        encode(rows, order, self.mean, self.scale, other, codes, sums, across, sizes)
        lengths, losses = sizes.astype(np.float64) * (1 + (len(self.mean) + 16) * _ROUNDING)
        losses += 8 * _ROUNDING * (lengths + self.longest / float(self.scale))
        return QuerySide(codes, self.mean, float(self.scale), sums, lengths, losses), across
