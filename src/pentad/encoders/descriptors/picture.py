"""One picture made ready for measuring: a square in Lab, and what stands out from its border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.encoders.descriptors.color import to_lab
from pentad.encoders.features import Floats

SIDE = 96
_RIM = 3
_DISTINCT_FROM, _DISTINCT_TO = 6.0, 24.0


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture fitted into a square.

    Attributes:
        lab: (SIDE, SIDE, 3), CIE Lab.
        mask: (SIDE, SIDE) in 0..1, how far each pixel stands out from the colour of the border.
        aspect: Natural logarithm of width over height of the original.
    """

    lab: Floats
    mask: Floats
    aspect: float


def as_picture(pixels: NDArray[np.uint8]) -> Picture:
    """Return ``pixels`` (height, width, 3) as a `Picture`."""
    height, width = pixels.shape[:2]
    lab = to_lab(_fit(pixels))
    return Picture(lab, _standing_out(lab), float(np.log(width / height)))


def _fit(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Shrink or grow to SIDE, and fill up with the border's median colour, which adds no edges."""
    from PIL import Image as Pillow

    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(Pillow.fromarray(pixels).resize(size, Pillow.Resampling.BILINEAR))
    out = np.empty((SIDE, SIDE, 3), dtype=np.uint8)
    out[:] = np.median(_rim(small), axis=0).round().astype(np.uint8)
    left, top = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
    out[top : top + size[1], left : left + size[0]] = small
    return out


def _standing_out(lab: Floats) -> Floats:
    background = np.median(_rim(lab), axis=0)
    distance = np.sqrt(np.sum((lab - background) ** 2, axis=-1))
    return np.asarray(
        np.clip((distance - _DISTINCT_FROM) / (_DISTINCT_TO - _DISTINCT_FROM), 0.0, 1.0)
    )


def _rim(pixels: NDArray[Any]) -> NDArray[Any]:
    """The pixels of a narrow frame, (pixels, channels)."""
    inside = np.ones(pixels.shape[:2], dtype=bool)
    inside[_RIM:-_RIM, _RIM:-_RIM] = False
    return pixels[inside]
