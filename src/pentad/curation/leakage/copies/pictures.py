"""Pictures of the same content, and what is the same for the frames of videos."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pentad.curation.leakage.copies.found import Copy
from pentad.curation.leakage.hamming import near_hashes
from pentad.curation.leakage.prints.collect import Prints

MOST_BITS = 10
"""Bits of 64 in which the hashes of a copy may differ."""
LEAST_LIKENESS = 0.92
"""Correlation that the thumbnails of a copy must have."""

_BLOCK = 1 << 14

Rows = NDArray[np.int64]


class Near(NamedTuple):
    """Pairs of rows of prints.

    Attributes:
        left: Rows of one set, int64 (pairs,).
        right: Rows of the other.
        bits: In which the hashes differ.
        likeness: Correlation of the thumbnails.
    """

    left: Rows
    right: Rows
    bits: Rows
    likeness: NDArray[np.float64]


def picture_copies(train: Prints, evaluation: Prints) -> list[Copy]:
    """Return the pairs of pictures of the same content; distances are bits of 64."""
    near = near_pictures(evaluation.rows, train.rows)
    good = near.likeness >= LEAST_LIKENESS
    return [
        Copy(left, right, likeness, float(bits), f"{bits} of 64 bits differ")
        for left, right, bits, likeness in zip(*(e[good].tolist() for e in near), strict=True)
    ]


def near_pictures(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> Near:
    """Return all pairs of printed pictures with hashes that are near, thumbnails compared."""
    rows, others, bits = near_hashes(hashes(left), hashes(right), MOST_BITS)
    return Near(rows, others, bits, likeness(left, right, rows, others))


def hashes(prints: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the hash of every row, uint64 (rows,)."""
    return np.ascontiguousarray(prints[:, 1:9]).view(">u8").reshape(-1).astype(np.uint64)


def likeness(
    left: NDArray[np.uint8], right: NDArray[np.uint8], rows: Rows, others: Rows
) -> NDArray[np.float64]:
    """Return the correlation of the thumbnails of pairs of rows, float64 (pairs,)."""
    out = np.empty(len(rows))
    for start in range(0, len(rows), _BLOCK):
        part = slice(start, start + _BLOCK)
        one, other = _centered(left[rows[part], 9:]), _centered(right[others[part], 9:])
        out[part] = np.einsum("ij,ij->i", one, other)
    return out


def _centered(thumbs: NDArray[np.uint8]) -> NDArray[np.float64]:
    values = thumbs.astype(np.float64)
    values -= values.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.einsum("ij,ij->i", values, values))
    return np.asarray(values / np.maximum(lengths, 1e-9)[:, None])
