"""Rows of length 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def normalized_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, dim) rows at length 1; a zero row stays zero, and what is not finite stays so."""
    wide = rows.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        norms = np.sqrt(np.einsum("ij,ij->i", wide, wide))
        norms[norms == 0] = 1.0
        result: NDArray[np.float32] = (wide / norms[:, None]).astype(np.float32)
    return result
