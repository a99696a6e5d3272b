"""The items of a search: stored vectors, and rows to multiply made of them on a device."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.device.feed import feed
from pentad.neighbors.device.pairs import Indices, squares_of
from pentad.neighbors.device.sides import outline, prepared
from pentad.neighbors.exact import error_bound
from pentad.neighbors.int8.probe import MOST_VALUES
from pentad.neighbors.metrics import Floats, Metric, Rows
from pentad.neighbors.stored import is_sane

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_SAMPLE_SHARE = 16
_AT_ONCE = 1 << 24
_MORE_ROUNDINGS = 4
"""`prepared` may round each value once more than a metric does; once for either side, and twice
for what an item's product and that of the k-th are apart."""


class Corpus:
    """Stored vectors and how they are scored.

    Attributes:
        vectors: float16 or float32 (n, dim), as stored; may be memory-mapped.
        metric: How pairs are scored.
        squares: float64 (n,), squared lengths.
        width: How many values a row to multiply has.
    """

    def __init__(self, vectors: NDArray[Any], metric: Metric) -> None:
        self.vectors, self.metric = vectors, metric
        self.squares = squares_of(vectors, "items")
        self.width = vectors.shape[1] + outline(metric.corpus_rows, np.ones(1)).shape[1] - 1
        self._largest = float(self.squares.max(initial=0.0))

    @cached_property
    def suits(self) -> bool:
        """Whether the items are such that bytes and float32 tell something about them."""
        squares = self.squares[self.squares > 0]
        return len(squares) > 0 and bool(is_sane(squares).all()) and self.width <= MOST_VALUES

    def bounds(self, squares: Floats) -> Floats:
        """Return how wrong the float32 products of queries of such squared lengths may be."""
        scale = self.metric.scale(squares, self._largest)
        return error_bound(scale, self.width + _MORE_ROUNDINGS)

    def query_rows(
        self, queries: NDArray[Any], chosen: Indices, squares: Floats, device: torch.device
    ) -> Tensor:
        """Return chosen queries, of such squared lengths, as float32 rows on a device."""
        return self._rows(queries, chosen, outline(self.metric.query_rows, squares), device)

    def blocks(self, step: int, device: torch.device) -> Iterator[tuple[int, Tensor]]:
        """Yield the first number and the float32 rows of each block of items, on a device."""
        for start, stored in feed(self.vectors, step, device):
            squares = self.squares[start : start + len(stored)]
            yield start, prepared(stored, outline(self.metric.corpus_rows, squares))

    def sample(self, least: int, most: int, device: torch.device) -> Tensor:
        """Return float32 rows of at least ``least`` items from all over the corpus."""
        n = len(self.vectors)
        count = min(n, max(least, min(most, n // _SAMPLE_SHARE)))
        places = np.linspace(0, n - 1, count).astype(np.int64)
        lines = outline(self.metric.corpus_rows, self.squares[places])
        return self._rows(self.vectors, places, lines, device)

    def _rows(
        self, vectors: NDArray[Any], chosen: Indices, lines: Rows, device: torch.device
    ) -> Tensor:
        """Return chosen stored vectors, read a few at a time, as float32 rows on a device."""
        import torch

        rows = torch.empty((len(chosen), self.width), dtype=torch.float32, device=device)
        step = max(1, _AT_ONCE // self.width)
        for start in range(0, len(chosen), step):
            part = slice(start, start + step)
            stored = torch.from_numpy(np.array(vectors[chosen[part]], order="C"))
            rows[part] = prepared(stored.to(device), lines[part])
        return rows
