"""The print of a picture: a 64-bit hash of its coarse structure, and a thumbnail to confirm with.

The hash is the perceptual hash that is commonly called pHash: the picture in grey, 32 by 32,
transformed by a two-dimensional DCT-II; one bit for each of the 64 lowest frequencies but the mean,
1 where the coefficient is above their median. Scaling, mild cropping, recompression and changes of
brightness and contrast move few bits. Two pictures of which the hashes are close are the same one
only if their thumbnails correlate, too: simple drawings on white share hashes by chance.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

SIDE = 96
"""Pixels that the longer side should keep, twice, while a picture is decoded."""
THUMB = 12
BYTES = 8 + 3 * THUMB * THUMB
"""Length of a print: the hash, then the thumbnail row by row, RGB."""

_GRID, _LOW = 32, 11
_FLAT = 2.5  # standard deviation of grey values, of 255
_LUMA = np.array([0.299, 0.587, 0.114])

Bytes = NDArray[np.uint8]


def picture_print(pixels: Bytes) -> Bytes | None:
    """Return the print of a picture, uint8 (BYTES,).

    Args:
        pixels: uint8 (height, width, 3), RGB.

    Returns:
        None for a picture of one colour, which has no structure to compare.
    """
    small = _resized(pixels, _GRID)
    gray = small @ _LUMA
    if gray.std() < _FLAT:
        return None
    thumb = _resized(pixels, THUMB)
    bits = np.packbits(_structure(gray))
    return np.concatenate([bits, np.clip(np.rint(thumb), 0, 255).astype(np.uint8).reshape(-1)])


def _structure(gray: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the 64 bits of a grey picture (GRID, GRID), lowest frequencies first."""
    waves = _cosines()
    rows, columns = _lowest()
    low = (waves @ gray @ waves.T)[rows, columns]
    bits: NDArray[np.bool_] = low > np.median(low)
    return bits


@cache
def _cosines() -> NDArray[np.float64]:
    """The first rows of an orthonormal DCT-II, (LOW, GRID)."""
    angles = np.pi * np.outer(np.arange(_LOW), np.arange(_GRID) + 0.5) / _GRID
    waves = np.cos(angles) * np.sqrt(2 / _GRID)
    waves[0] /= np.sqrt(2)
    return np.asarray(waves)


@cache
def _lowest() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return row and column of the 64 lowest frequencies but the mean, by their sum."""
    rows, columns = (each.reshape(-1) for each in np.indices((_LOW, _LOW)))
    order = np.lexsort((rows, rows + columns))[1:65]
    return rows[order], columns[order]


def _resized(pixels: Bytes, side: int) -> NDArray[np.float64]:
    """Return the picture as a square of floats, every value the mean of what it covers."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(np.ascontiguousarray(pixels))
    small = picture.resize((side, side), Pillow.Resampling.BOX)
    return np.asarray(small, dtype=np.float64)
