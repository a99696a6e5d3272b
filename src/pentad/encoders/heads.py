"""Projection heads as they are applied: what training found, added to where the bridge points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.encoders.bridge_map import Array, unit


@dataclass(frozen=True, eq=False)
class Head:
    """``gate * (relu(v A + a) B)``: a correction to the bridge's vector v of one modality.

    Attributes:
        inner: A, (dim, hidden).
        inner_bias: a, (hidden,).
        outer: B, (hidden, dim).
        gate: How much of the correction is added; 0 leaves the bridge as it is.
    """

    inner: Array
    inner_bias: Array
    outer: Array
    gate: float

    def correct(self, vectors: NDArray[Any]) -> NDArray[np.float32]:
        """Return float32 (n, dim) unit rows: the bridge's vectors, corrected."""
        if self.gate == 0.0:
            return np.asarray(vectors, dtype=np.float32)
        base = np.asarray(vectors, dtype=np.float64)
        hidden = np.maximum(base @ self.inner + self.inner_bias, 0.0)
        return unit(base + self.gate * (hidden @ self.outer)).astype(np.float32)

    def tensors(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {
            f"{prefix}.inner": self.inner,
            f"{prefix}.inner_bias": self.inner_bias,
            f"{prefix}.outer": self.outer,
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]], prefix: str, gate: float) -> Head:
        """Return the head that `tensors` took apart."""
        names = ("inner", "inner_bias", "outer")
        inner, bias, outer = (tensors[f"{prefix}.{name}"].astype(np.float64) for name in names)
        return cls(inner, bias, outer, gate)
