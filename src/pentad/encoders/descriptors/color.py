"""From sRGB bytes to CIE Lab, and histograms of colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.encoders.features import Floats, hellinger, joint_histogram, soft_histogram

_LEVELS = np.arange(256) / 255.0
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4)
_TO_XYZ_D65 = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
) / np.array([[0.95047], [1.0], [1.08883]])
_GREY_CHROMA = 8.0
HUE_BINS = 18
JOINT_BINS = (4, 5, 5)


def to_lab(rgb: NDArray[np.uint8]) -> Floats:
    """Return CIE Lab (D65) of sRGB bytes; the last axis holds the channels."""
    linear = _LINEAR[rgb]
    xyz = np.stack([sum(row[c] * linear[..., c] for c in range(3)) for row in _TO_XYZ_D65], axis=-1)
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), xyz * (24389 / 27 / 116) + 16 / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def hue_histogram(lab: Floats, weights: Floats) -> Floats:
    """Return 18 hue bins, weighted by chroma, and one bin for all that is grey; length 1."""
    a, b = lab[..., 1].ravel(), lab[..., 2].ravel()
    chroma = np.hypot(a, b)
    colourful = np.clip(chroma / _GREY_CHROMA - 0.5, 0.0, 1.0) * weights.ravel()
    hues = soft_histogram(
        np.arctan2(b, a), -np.pi, np.pi, HUE_BINS, weights=colourful, circular=True
    )
    grey = float(weights.sum() - colourful.sum())
    return hellinger(np.append(hues, grey))


def lab_histogram(lab: Floats, weights: Floats) -> Floats:
    """Return the joint histogram of lightness and the two colour axes, 100 bins; length 1."""
    flat = lab.reshape(-1, 3)
    counts = joint_histogram(flat, (0, -70, -70), (100, 70, 70), JOINT_BINS, weights.ravel())
    return hellinger(counts)
