"""One product of queries and items: by bytes and what they leave, or in float32 as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pentad.neighbors.device.sides import ItemSide, QuerySide, needs
from pentad.neighbors.device.sizes import GROUP, ROWS, Sizes

if TYPE_CHECKING:
    from torch import Tensor

_SPARSE = 128
_FEW = 1 << 16


@dataclass
class Counts:
    """What a search multiplied in float32, in pairs.

    Attributes:
        rescored: Their bound reached the k-th best.
        dense: Bounds told too little about their tile.
    """

    rescored: int = 0
    dense: int = 0


def search_block(
    queries: QuerySide, items: ItemSide, k: int, sizes: Sizes, by_bytes: bool, counts: Counts
) -> None:
    """Offer a block of items to all queries."""
    for start in range(0, len(queries.rows), sizes.tile):
        part = slice(start, min(start + sizes.tile, len(queries.rows)))
        pairs = _left_by_bytes(queries, part, items, sizes) if by_bytes else None
        if pairs is None:
            _multiply_all(queries, part, items, counts)
        else:
            _multiply(queries, part, items, pairs, sizes, counts)
        queries.learn(part, queries.lists.products[part, k - 1])


def learn_sample(queries: QuerySide, sample: Tensor, k: int, sizes: Sizes) -> None:
    """Learn from a sample of at least k items, float32 (items, width), what is needed at least."""
    for start in range(0, len(queries.rows), sizes.tile):
        part = slice(start, min(start + sizes.tile, len(queries.rows)))
        best = queries.rows[part] @ sample.T
        queries.learn(part, best.topk(k, dim=1).values[:, -1])


def _left_by_bytes(
    queries: QuerySide, part: slice, items: ItemSide, sizes: Sizes
) -> tuple[Tensor, Tensor] | None:
    """Return the pairs, query and place of the item, whose bounds reach what is known.

    None where there are so many that one product in float32 is less work.
    """
    import torch

    count = part.stop - part.start
    padded = slice(part.start, part.start + -(-count // ROWS) * ROWS)
    sums = torch._int_mm(queries.codes.codes[padded], items.codes.t())
    groups = sums[:count].view(count, -1, GROUP)
    least, weights = needs(queries, part, items)
    # "Not less", for what is no number must be looked at, too.
    hits = (~(groups.amax(dim=2) < least - weights @ items.tops)).nonzero()
    most = max(_FEW, count * len(items.order) // _SPARSE)
    if len(hits) > most:
        return None
    found: list[tuple[Tensor, Tensor]] = []
    for start in range(0, len(hits), sizes.pairs):
        left, group = hits[start : start + sizes.pairs].unbind(1)
        terms = items.terms[:, group]
        bound = least[left] - torch.einsum("pt,tpj->pj", weights[left], terms)
        reached = ~(groups[left, group] < bound) & (terms[2] > -torch.inf)
        row, column = reached.nonzero(as_tuple=True)
        found.append((left[row], group[row] * GROUP + column))
        most -= len(row)
        if most < 0:
            return None
    if not found:
        return hits[:, 0], hits[:, 1]
    left, place = (torch.cat(column) for column in zip(*found, strict=True))
    return left, place


def _multiply(
    queries: QuerySide,
    part: slice,
    items: ItemSide,
    pairs: tuple[Tensor, Tensor],
    sizes: Sizes,
    counts: Counts,
) -> None:
    """Offer the pairs that are left by their float32 products."""
    rows = queries.rows[part]
    for start in range(0, len(pairs[0]), sizes.pairs):
        left, place = (side[start : start + sizes.pairs] for side in pairs)
        right = items.order[place]
        products = (rows[left] * items.rows[right]).sum(dim=1)
        queries.lists.offer(part, left, right + items.start, products)
        counts.rescored += len(left)


def _multiply_all(queries: QuerySide, part: slice, items: ItemSide, counts: Counts) -> None:
    """Offer all items of the block by their float32 products."""
    products = queries.rows[part] @ items.rows.T
    room = min(queries.lists.products.shape[1], products.shape[1])
    best, rows = products.topk(room, dim=1)
    queries.lists.offer_all(part, rows + items.start, best)
    counts.dense += products.numel()
