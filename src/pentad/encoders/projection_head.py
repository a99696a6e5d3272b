"""A projection head as it is applied: two layers from frozen vectors into the model's space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_NAMES = ("inner", "inner_bias", "outer", "outer_bias")
BLOCK = 4096
"""Rows at a time, so that vectors of millions of items need no second copy of themselves."""


@dataclass(frozen=True, eq=False)
class ProjectionHead:
    """``relu(v A + a) B + b``.

    Attributes:
        inner: A, float32 (width, hidden).
        inner_bias: a, float32 (hidden,).
        outer: B, float32 (hidden, dim).
        outer_bias: b, float32 (dim,).
    """

    inner: Floats
    inner_bias: Floats
    outer: Floats
    outer_bias: Floats

    @property
    def width(self) -> int:
        """Length of a frozen vector."""
        return int(self.inner.shape[0])

    @property
    def hidden(self) -> int:
        """Width of the hidden layer."""
        return int(self.inner.shape[1])

    @property
    def dim(self) -> int:
        """Length of a projected vector."""
        return int(self.outer.shape[1])

    @property
    def numbers(self) -> int:
        """How many numbers training found."""
        return sum(getattr(self, name).size for name in _NAMES)

    def apply(self, vectors: Floats) -> Floats:
        """Return float32 (n, dim), not yet of length 1."""
        hidden = np.asarray(vectors @ self.inner, dtype=np.float32)
        hidden += self.inner_bias
        np.maximum(hidden, 0.0, out=hidden)
        projected = np.asarray(hidden @ self.outer, dtype=np.float32)
        projected += self.outer_bias
        return projected

    def tensors(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {f"{prefix}.{name}": getattr(self, name) for name in _NAMES}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]], prefix: str) -> ProjectionHead:
        """Return the head that `tensors` took apart.

        Raises:
            ValueError: The shapes do not fit together.
        """
        arrays = [tensors[f"{prefix}.{name}"].astype(np.float32) for name in _NAMES]
        inner, inner_bias, outer, outer_bias = arrays
        wanted = (inner.shape[1:], outer.shape[1:], inner.shape[1])
        if (inner_bias.shape, outer_bias.shape, outer.shape[0]) != wanted:
            raise ValueError(f"shapes of {prefix} do not fit together")
        return cls(inner, inner_bias, outer, outer_bias)


def unit_float32(rows: NDArray[Any]) -> Floats:
    """Return float32 rows of length 1; a row of zeros stays one."""
    values = np.asarray(rows, dtype=np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", values, values, dtype=np.float64))
    lengths[lengths == 0] = 1.0
    result: Floats = values / lengths.astype(np.float32)[:, None]
    return result
