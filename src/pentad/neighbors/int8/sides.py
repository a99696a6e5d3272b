"""Both sides of a search as codes, and what their codes prove."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.int8.codes import (
    LIMIT,
    SHIFT,
    Rows,
    aligned,
    encode_items,
    encode_queries,
)
from pentad.neighbors.int8.tile import STEP, TILE_ITEMS, TILE_QUERIES

Floats = NDArray[np.float64]

_CUT = 4.0
_ROUNDING = 2.0**-23
_SLACK = 3.0
_LEAST, _MOST = -(1 << 30), 1 << 30


def turns_of(dim: int) -> int:
    """Return how many groups of four dimensions are multiplied, zeros at the end counted."""
    return -(-dim // (4 * STEP)) * STEP


def scale_of(centered: Rows) -> np.float32:
    """Return the scale of codes: 127 is four times the mean square of the longest row."""
    largest = float(np.einsum("ij,ij->i", centered, centered).max(initial=0.0))
    size = np.sqrt(largest / max(centered.shape[1], 1))
    return np.float32(max(_CUT * size / LIMIT, 2.0**-60))


@dataclass(frozen=True, eq=False)
class QuerySide:
    """Queries as codes.

    Attributes:
        codes: int8 (tiles, groups, 6, 4).
        mean: (dim,), what codes are relative to.
        scale: What a code is multiplied with.
        sums: (q,), the sum of the codes of each.
        lengths: (q,), the length of the codes of each.
        losses: (q,), the length of what the codes miss, divided by the scale.
    """

    codes: NDArray[np.int8]
    mean: Rows
    scale: float
    sums: NDArray[np.int64]
    lengths: Floats
    losses: Floats

    @classmethod
    def of(cls, rows: Rows, dim: int) -> QuerySide:
        """Encode the first ``dim`` values of queries."""
        mean = rows[:, :dim].mean(axis=0)
        scale = scale_of(rows[:, :dim] - mean)
        tiles = -(-len(rows) // TILE_QUERIES)
        codes = aligned((tiles, turns_of(dim), TILE_QUERIES, 4), np.int8)
        sums = np.zeros(len(rows), np.int64)
        lengths, losses = np.zeros((2, len(rows)), np.float32)
        encode_queries(rows, dim, mean, scale, codes, sums, lengths, losses)
        exact = 1 + (dim + 16) * _ROUNDING
        longest = np.sqrt(np.einsum("ij,ij->i", rows[:, :dim], rows[:, :dim]).max(initial=0.0))
        rounded = 4 * _ROUNDING * float(longest) / float(scale)
        return cls(
            codes, mean, float(scale), sums,
            lengths.astype(np.float64) * exact, losses.astype(np.float64) * exact + rounded,
        )  # fmt: skip

    @property
    def padded(self) -> int:
        """How many queries there are, the empty ones of the last tile counted."""
        return len(self.codes) * TILE_QUERIES


@dataclass(frozen=True, eq=False)
class ItemSide:
    """A block of items as codes.

    Attributes:
        codes: uint8 (tiles, groups, 64, 4), aligned to 64 bytes.
        starts: int32 (tiles * 64,), where the sum of each starts.
        unit: The product that a sum of 1 is worth.
        loss: The least length that the codes of an item miss.
        length: The least length of a centered item.
    """

    codes: NDArray[np.uint8]
    starts: NDArray[np.int32]
    unit: float
    loss: float
    length: float

    def zeros(self, queries: QuerySide, across: Floats) -> Floats:
        """Return the greatest product that can stand behind a sum of 0, for each query.

        Args:
            queries: The queries.
            across: (q,), their products with the mean of the items.
        """
        sure = queries.lengths * self.loss + queries.losses * self.length + _SLACK
        zeros: Floats = across + self.unit * (sure - SHIFT * queries.sums)
        return zeros


@dataclass(frozen=True, eq=False)
class ItemRoom:
    """Room for a block of items, used again for the next.

    Attributes:
        mean: (dim,), what codes are relative to.
        codes: As in `ItemSide`.
        numbers: float32 (3, items): losses, products with the mean of the queries, lengths.
    """

    mean: Rows
    codes: NDArray[np.uint8]
    numbers: Rows

    @classmethod
    def of(cls, mean: Rows, items: int) -> ItemRoom:
        """Return room for so many items."""
        tiles = -(-items // TILE_ITEMS)
        codes = aligned((tiles, turns_of(len(mean)), TILE_ITEMS, 4), np.uint8)
        return cls(mean, codes, np.zeros((3, tiles * TILE_ITEMS), np.float32))

    def encode(self, rows: Rows, start: int, queries: QuerySide, scale: np.float32) -> None:
        """Encode items from ``start``, a multiple of 64, on."""
        losses, along, lengths = self.numbers[:, start : start + len(rows)]
        codes = self.codes[start // TILE_ITEMS :]
        encode_items(
            rows, len(self.mean), self.mean, queries.mean, scale, codes, losses, along, lengths
        )

    def finish(self, rows: Rows, queries: QuerySide, scale: np.float32) -> ItemSide:
        """Return the block, all of whose rows have been encoded.

        What stands between codes and products is the same for all pairs up to a factor of the
        query; the part of it that all items have is left to the queries.
        """
        dim, n, t = len(self.mean), len(rows), float(scale)
        exact = 1 + (dim + 16) * _ROUNDING
        losses, along, lengths = self.numbers[:, :n].astype(np.float64)
        lengths = lengths * exact
        losses = losses * exact + 4 * _ROUNDING * (lengths + losses)
        unit = queries.scale * t
        size = float(np.linalg.norm(queries.mean.astype(np.float64)))
        fixed = along + dim * _ROUNDING * size * lengths
        if rows.shape[1] > dim:
            fixed = fixed + rows[:, dim]
        loss, length = losses.min(initial=np.inf), lengths.min(initial=np.inf)
        more = queries.lengths.max() * (losses - loss) + queries.losses.max() * (lengths - length)
        tiles = -(-n // TILE_ITEMS)
        starts = np.full(tiles * TILE_ITEMS, _LEAST, np.int32)
        starts[:n] = np.clip(np.ceil(more / t + fixed / unit), _LEAST, _MOST)
        return ItemSide(self.codes[:tiles], starts, unit, loss / t, length / t)
