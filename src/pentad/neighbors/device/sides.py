"""Queries and items on a device: rows to multiply, their bytes, and what those bytes prove."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pentad.neighbors.device.codes import Codes, encode, measure, scales_of
from pentad.neighbors.device.lists import Lists
from pentad.neighbors.device.sizes import GROUP, ROWS
from pentad.neighbors.metrics import Floats, Rows

if TYPE_CHECKING:
    from torch import Tensor

_MARGIN = 2.0**-19
"""More than the few float32 roundings between a bound and its comparison add up to."""


def outline(prepare: Callable[[Floats, Floats], Rows], squares: Floats) -> Rows:
    """Return what a metric does to vectors of such squared lengths, as float32 (n, 1 or more).

    The first column is what the values of a vector are multiplied with, the others come behind
    them: all that a metric prepares is of this form, and a vector of a single 1 shows it.
    """
    return prepare(np.ones((len(squares), 1)), squares)


def prepared(stored: Tensor, lines: Rows) -> Tensor:
    """Return float32 rows to multiply, made of stored vectors (n, dim) on their device.

    A value is rounded at most twice: once in its factor, once by it.
    """
    import torch

    columns = torch.from_numpy(lines).to(stored.device)
    shape = (len(stored), stored.shape[1] + columns.shape[1] - 1)
    rows = torch.empty(shape, dtype=torch.float32, device=stored.device)
    values = rows[:, : stored.shape[1]]
    values.copy_(stored)
    values *= columns[:, :1]
    rows[:, stored.shape[1] :] = columns[:, 1:]
    return rows


@dataclass(frozen=True, eq=False)
class Means:
    """What bytes are relative to, float64 (dim,): the means of the queries and of the items."""

    queries: Tensor
    items: Tensor


@dataclass(frozen=True, eq=False)
class QuerySide:
    """A block of queries.

    Attributes:
        rows: float32 (q, width).
        codes: Their bytes.
        means: What bytes are relative to.
        across: float64 (q,), the products of the rows with the mean of the items.
        sizes: float64 (q,), no less than the lengths of the rows.
        bounds: float64 (q,), how wrong a float32 product may be.
        known: float64 (q,), updated: an item with a lesser product is none of the k nearest.
        lists: The best items so far, updated.
    """

    rows: Tensor
    codes: Codes
    means: Means
    across: Tensor
    sizes: Tensor
    bounds: Tensor
    known: Tensor
    lists: Lists

    @classmethod
    def of(cls, rows: Tensor, dim: int, item_mean: Tensor, bounds: Floats, room: int) -> QuerySide:
        """Encode queries of which nothing is known yet."""
        import torch

        means = Means(rows[:, :dim].mean(dim=0).double(), item_mean)
        lengths, along = measure(rows, means.queries, item_mean)
        sizes = lengths + float(means.queries.norm())
        scales = scales_of(lengths, dim, float(sizes.max()))
        codes = encode(rows, means.queries, scales, -(-len(rows) // ROWS) * ROWS)
        across = along + means.queries @ item_mean
        there = torch.from_numpy(bounds).to(rows.device)
        known = torch.full_like(there, -torch.inf)
        lists = Lists(len(rows), room, rows.device)
        return cls(rows, codes, means, across, sizes, there, known, lists)

    def learn(self, part: slice, products: Tensor) -> None:
        """Take note of the k-th greatest float32 products that were seen of some queries."""
        import torch

        sure = products.double() - self.bounds[part]
        self.known[part] = torch.maximum(self.known[part], sure)


@dataclass(frozen=True, eq=False)
class ItemSide:
    """A block of items. Bytes and terms are in an order in which neighbors have like terms.

    Attributes:
        start: The row of the first.
        rows: float32 (n, width), as they came.
        codes: int8 (groups * 64, dim), their bytes; both are padded.
        order: int64 (n,), which row stands at each place.
        scale: What their bytes are multiplied with.
        terms: float32 (3, groups, 64): what the bytes of each miss, its centered length, and its
            product with the mean of the queries; padding has a product of minus infinity.
        tops: float32 (3, groups), the greatest terms of each group.
        longest: float64 (3,), the greatest sizes of the three terms.
    """

    start: int
    rows: Tensor
    codes: Tensor
    order: Tensor
    scale: float
    terms: Tensor
    tops: Tensor
    longest: Tensor

    @classmethod
    def of(cls, rows: Tensor, start: int, means: Means) -> ItemSide:
        """Encode items."""
        import torch

        dim, n = len(means.items), len(rows)
        lengths, along = measure(rows, means.items, means.queries)
        along = along + rows[:, dim:].double().sum(dim=1)
        size = float(lengths.max()) + float(means.items.norm())
        scales = scales_of(lengths.max().expand(n), dim, size)
        order = along.argsort()
        padded = -(-n // GROUP) * GROUP
        made = encode(rows, means.items, scales, padded)
        made.codes[:n] = made.codes[order]
        exact = torch.stack([made.losses, lengths, along])[:, order]
        terms = torch.zeros((3, padded), dtype=torch.float32, device=rows.device)
        terms[2, n:] = -torch.inf
        terms[:, :n] = exact
        grouped = terms.view(3, -1, GROUP)
        return cls(
            start, rows, made.codes, order, float(scales[0]), grouped, grouped.amax(dim=2),
            exact.abs().amax(dim=1),
        )  # fmt: skip


def needs(queries: QuerySide, part: slice, items: ItemSide) -> tuple[Tensor, Tensor]:
    """Return what sums of bytes need to reach, both float32: (q, 1) less (q, 3) times the terms.

    The exact product of two rows is at most ``across + along + unit * sum + held * missed +
    lost * length``. A pair whose sum is less than needed has a product less than is known.
    """
    import torch

    codes = queries.codes
    unit = codes.scales[part] * items.scale
    held, lost = codes.held[part], codes.losses[part]
    missed, length, along = items.longest
    size = queries.known[part].abs() + queries.sizes[part] * queries.means.items.norm()
    size = size + held * missed + lost * length + along + queries.means.queries.norm() * length
    least = (queries.known[part] - queries.across[part] - _MARGIN * size) / unit
    weights = torch.stack([held, lost, torch.ones_like(held)], dim=1) / unit[:, None]
    return least.float()[:, None], weights.float()
