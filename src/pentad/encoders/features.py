"""Small pieces that the built-in descriptors are put together from.

Every block of a descriptor is a unit vector, so no block can drown another, and a linear head can
read each one off. Numbers such as a size or a count are spread over soft bins for the same reason:
any smooth function of the number is then linear in the bins.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def unit(values: Floats) -> Floats:
    """Return ``values``, flattened, at length 1; all zeros stay zeros."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    norm = float(np.sqrt(np.sum(flat * flat)))
    return flat / norm if norm > 0 else flat


def hellinger(histogram: Floats) -> Floats:
    """Return the square root of a histogram at length 1: large bins no longer dominate."""
    return unit(np.sqrt(np.maximum(histogram, 0.0)))


def centered(values: Floats) -> Floats:
    """Return ``values`` less their mean, at length 1: the shape of a curve without its level."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    return unit(flat - flat.mean())


def soft_bins(value: float, low: float, high: float, bins: int) -> Floats:
    """Spread one number over ``bins`` overlapping bins between ``low`` and ``high``; length 1."""
    place = np.clip((value - low) / (high - low), 0.0, 1.0) * (bins - 1)
    left = min(int(place), bins - 2)
    out = np.zeros(bins)
    out[left], out[left + 1] = np.sqrt(1.0 - (place - left)), np.sqrt(place - left)
    return out


def soft_histogram(
    values: Floats,
    low: float,
    high: float,
    bins: int,
    *,
    weights: Floats | None = None,
    circular: bool = False,
) -> Floats:
    """Return a histogram whose entries are shared between the two nearest of ``bins`` bins.

    With ``circular``, ``high`` is the same place as ``low``.
    """
    flat = np.asarray(values, dtype=np.float64).ravel()
    mass = np.ones_like(flat) if weights is None else np.asarray(weights, dtype=np.float64).ravel()
    span = bins if circular else bins - 1
    place = (flat - low) / (high - low) * span
    place = place if circular else np.clip(place, 0.0, bins - 1)
    left = np.floor(place)
    part = place - left
    first = left.astype(np.int64) % bins
    second = (first + 1) % bins if circular else np.minimum(first + 1, bins - 1)
    counts = np.bincount(first, mass * (1 - part), bins) + np.bincount(second, mass * part, bins)
    return counts.astype(np.float64)


def joint_histogram(
    values: Floats,
    lows: Sequence[float],
    highs: Sequence[float],
    bins: Sequence[int],
    weights: Floats | None = None,
) -> Floats:
    """Return the flat joint histogram of the columns of ``values``; outliers go to the end bins."""
    index = np.zeros(len(values), dtype=np.int64)
    for column, (low, high, count) in enumerate(zip(lows, highs, bins, strict=True)):
        place = (values[:, column] - low) / (high - low) * count
        index = index * count + np.clip(place, 0, count - 1).astype(np.int64)
    return np.bincount(index, weights, int(np.prod(bins))).astype(np.float64)


def segment_means(series: Floats, segments: int) -> Floats:
    """Return the means of ``segments`` equal parts of a series; short series repeat values."""
    edges = np.linspace(0, len(series), segments + 1)
    total = np.concatenate([[0.0], np.cumsum(series, dtype=np.float64)])
    at_edges = np.interp(edges, np.arange(len(total)), total)
    return np.asarray(np.diff(at_edges) / np.diff(edges), dtype=np.float64)


class Blocks:
    """Collects weighted blocks and joins them to one float32 vector of length 1."""

    def __init__(self) -> None:
        self._parts: list[Floats] = []

    def add(self, weight: float, block: Floats) -> None:
        """Append one block, usually of length 1, times ``weight``."""
        self._parts.append(weight * np.asarray(block, dtype=np.float64).ravel())

    def joined(self) -> Floats:
        """Return all blocks in one vector of length 1, still in float64."""
        return unit(np.concatenate(self._parts))

    def vector(self) -> NDArray[np.float32]:
        """Return all blocks in one float32 vector of length 1."""
        return self.joined().astype(np.float32)
