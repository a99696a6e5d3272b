"""The best items of each query so far, on a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_WIDTH = 32


class Lists:
    """Lists of the greatest float32 products, falling, and of the rows that they belong to.

    Attributes:
        products: float32 (q, room); minus infinity where there is none.
        rows: int64 (q, room); -1 where there is none.
    """

    def __init__(self, queries: int, room: int, device: torch.device) -> None:
        import torch

        self.products = _empty(queries, room, device)
        self.rows = torch.full((queries, room), -1, dtype=torch.int64, device=device)

    def offer(self, part: slice, left: Tensor, rows: Tensor, products: Tensor) -> None:
        """Offer pairs to the queries of ``part``.

        Args:
            part: Which queries.
            left: int64 (pairs,), their places in the part; rising.
            rows: int64 (pairs,).
            products: float32 (pairs,).
        """
        import torch

        count, floor = part.stop - part.start, self.products[part, -1]
        better = products > floor[left]
        left, rows, products = left[better], rows[better], products[better]
        if len(left) == 0:
            return
        counts = torch.bincount(left, minlength=count)
        firsts = counts.cumsum(0) - counts
        places = torch.arange(len(left), device=left.device) - firsts[left]
        for start in range(0, int(counts.max()), _WIDTH):
            chosen = (places >= start) & (places < start + _WIDTH)
            where = left[chosen], places[chosen] - start
            found = _empty(count, _WIDTH, left.device)
            names = torch.full((count, _WIDTH), -1, dtype=torch.int64, device=left.device)
            found[where], names[where] = products[chosen], rows[chosen]
            self.offer_all(part, names, found)

    def offer_all(self, part: slice, rows: Tensor, products: Tensor) -> None:
        """Offer as many rows to each query of ``part``, both (queries, some)."""
        import torch

        both = torch.cat([self.products[part], products], dim=1)
        names = torch.cat([self.rows[part], rows], dim=1)
        best, places = both.topk(self.products.shape[1], dim=1)
        self.products[part], self.rows[part] = best, names.gather(1, places)


def _empty(queries: int, room: int, device: torch.device) -> Tensor:
    import torch

    return torch.full((queries, room), -torch.inf, dtype=torch.float32, device=device)
