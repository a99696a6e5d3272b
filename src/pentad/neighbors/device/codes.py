"""Rows as bytes on a device, with the length of what was lost told for each.

The bound is that of `pentad.neighbors.int8.search`. Here all but the sums is float64, so that
rounding needs no more care than a few last bits; and every query has a scale of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

LIMIT = 127
_CUT = 4.0
_ALIGNED = 16
_CHUNK = 1 << 24
_FEWEST = 64
_COARSE = 2.0**-20
_UP = 1 + 2.0**-40
_LAST_BITS = 2.0**-50


@dataclass(frozen=True, eq=False)
class Codes:
    """Rows as bytes, relative to a mean, each divided by its scale and cut off at 127.

    Attributes:
        codes: int8 (rows, dim), both padded with zeros.
        scales: float64 (n,), what a byte is multiplied with.
        held: (n,), no less than the length of what the bytes stand for.
        losses: (n,), no less than the length of what they miss.
    """

    codes: Tensor
    scales: Tensor
    held: Tensor
    losses: Tensor


def measure(rows: Tensor, mean: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Return lengths of centered rows, at least, and their products with the mean of the others.

    Args:
        rows: float32 (n, at least dim).
        mean: float64 (dim,), what rows are relative to.
        other: float64 (dim,).
    """
    import torch

    parts = [(c.norm(dim=1), c @ other) for c in _centered(rows, mean)]
    lengths, along = (torch.cat(column) for column in zip(*parts, strict=True))
    return lengths * _UP, along


def scales_of(lengths: Tensor, dim: int, size: float) -> Tensor:
    """Return scales: 127 is four times the root mean square of a row of such a length.

    Args:
        lengths: float64, of centered rows.
        dim: How many values they have.
        size: The length of rows before they were centered; far shorter ones get no finer scale.
    """
    unit = _CUT / (LIMIT * dim**0.5)
    least = _COARSE * unit * size if size > 0 else 1.0
    scales: Tensor = (lengths * unit).clamp(min=least)
    return scales


def encode(rows: Tensor, mean: Tensor, scales: Tensor, padded: int) -> Codes:
    """Encode rows (n, at least dim) into ``padded`` rows of bytes."""
    import torch

    dim = len(mean)
    codes = torch.zeros((padded, padded_dim(dim)), dtype=torch.int8, device=rows.device)
    held, losses, start = [], [], 0
    for centered in _centered(rows, mean):
        stop = start + len(centered)
        scale = scales[start:stop, None]
        whole = (centered / scale).round_().clamp_(-LIMIT, LIMIT)
        codes[start:stop, :dim] = whole.to(torch.int8)
        stands = whole.mul_(scale)
        held.append(stands.norm(dim=1) * _UP)
        lost = centered.sub_(stands).norm(dim=1)
        losses.append(lost * _UP + _LAST_BITS * (lost + 2 * held[-1]))
        start = stop
    return Codes(codes, scales, torch.cat(held), torch.cat(losses))


def padded_dim(dim: int) -> int:
    """Return how many bytes a row has."""
    return -(-dim // _ALIGNED) * _ALIGNED


def _centered(rows: Tensor, mean: Tensor) -> Iterator[Tensor]:
    dim = len(mean)
    step = max(_FEWEST, min(_CHUNK, rows.numel() // 16) // dim)
    for start in range(0, len(rows), step):
        yield rows[start : start + step, :dim].double() - mean
