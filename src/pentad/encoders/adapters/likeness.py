"""Cosines as tensors, the way sentence-transformers and mteb want them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def cosines(left: Any, right: Any) -> torch.Tensor:
    """Return (n, m): every row of ``left`` with every row of ``right``."""
    return _unit(left) @ _unit(right).T


def paired_cosines(left: Any, right: Any) -> torch.Tensor:
    """Return (n,): every row of ``left`` with the same row of ``right``."""
    return (_unit(left) * _unit(right)).sum(dim=-1)


def _unit(rows: Any) -> torch.Tensor:
    import torch

    tensor = torch.as_tensor(rows, dtype=torch.float32)
    wide = tensor[None] if tensor.ndim == 1 else tensor
    return torch.nn.functional.normalize(wide, dim=-1)
