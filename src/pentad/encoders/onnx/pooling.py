"""From what a graph puts out to one row per run, and from scores to probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def pooled_rows(
    output: NDArray[Any], pooling: str, mask: NDArray[np.int64] | None = None
) -> Floats | None:
    """Return (n, dim) in float64, or None where the output's shape and ``pooling`` do not fit.

    Args:
        output: (n, dim), (n, tokens, dim) or (n, dim, height, width).
        pooling: ``mean``, ``max``, ``cls``, ``last`` or ``none``.
        mask: (n, tokens), 1 where a token counts; all count if None.
    """
    values = np.asarray(output, dtype=np.float64)
    if pooling == "none":
        flat = values.reshape(len(values), -1)
        return (
            flat if values.ndim == 2 or flat.shape[1] == max(values.shape[1:], default=0) else None
        )
    if values.ndim == 4 and pooling in ("mean", "max"):
        return np.asarray(getattr(values, pooling)(axis=(2, 3)))
    if values.ndim != 3:
        return None
    counts = np.ones(values.shape[:2], dtype=np.int64) if mask is None else mask
    rows = [
        _over_tokens(row, keep.astype(bool), pooling)
        for row, keep in zip(values, counts, strict=True)
    ]
    return np.stack(rows)


def _over_tokens(tokens: Floats, keep: NDArray[np.bool_], pooling: str) -> Floats:
    """One row at a time, so that the order of additions cannot depend on the batch."""
    kept = tokens[keep] if keep.any() else tokens
    if pooling == "cls":
        return np.asarray(tokens[0])
    if pooling == "last":
        return np.asarray(kept[-1])
    return np.asarray(kept.max(axis=0) if pooling == "max" else kept.mean(axis=0))


def activated(scores: Floats, activation: str) -> Floats:
    """Return class scores after ``softmax``, ``sigmoid`` or ``none``; nothing overflows."""
    if activation == "softmax":
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
    if activation == "sigmoid":
        small = np.exp(-np.abs(scores))
        return np.asarray(np.where(scores >= 0, 1.0, small) / (1.0 + small))
    return scores


def over_rows(rows: Floats, pooling: str) -> Floats:
    """Return the mean or the maximum over rows, (dim)."""
    return np.asarray(rows.max(axis=0) if pooling == "max" else rows.mean(axis=0))


def normalized(vector: Floats, how: str) -> NDArray[np.float32]:
    """Return ``vector`` in float32, at length 1 if ``how`` is ``l2``; a zero vector stays zero."""
    with np.errstate(invalid="ignore", over="ignore"):
        norm = float(np.sqrt(np.sum(vector * vector))) if how == "l2" else 1.0
        scaled = vector / norm if norm > 0 else vector
        return scaled.astype(np.float32)
