"""Texture: local patterns, detail at several scales, and the directions of repetition."""

from __future__ import annotations

import numpy as np

from pentad.encoders.features import Floats, hellinger, soft_bins, unit

_NEIGHBORS = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
_CONTRAST = 2.0
_RINGS, _SECTORS = 6, 6


def local_patterns(light: Floats) -> Floats:
    """Return rotation-invariant local binary patterns at two distances, 2 x 10 bins; length 1."""
    return hellinger(np.concatenate([_patterns(light, 1), _patterns(light, 2)]))


def _patterns(light: Floats, distance: int) -> Floats:
    """How many neighbours are lighter, where those form one arc; bin 9 is all the rest."""
    inner = slice(distance, -distance)
    center = light[inner, inner]
    lighter = np.stack(
        [
            np.roll(light, (-dy * distance, -dx * distance), (0, 1))[inner, inner]
            > center + _CONTRAST
            for dy, dx in _NEIGHBORS
        ]
    )
    changes = (lighter != np.roll(lighter, 1, axis=0)).sum(axis=0)
    code = np.where(changes <= 2, lighter.sum(axis=0), 9)
    return np.bincount(code.ravel(), minlength=10).astype(np.float64)


def fine_detail(light: Floats, mask: Floats) -> Floats:
    """Return soft bins of the detail lost at each of four halvings, inside the mask; (24)."""
    bins = []
    for _ in range(4):
        half = _halved(light)
        lost = np.abs(light - np.repeat(np.repeat(half, 2, 0), 2, 1))
        amount = float((lost * mask).sum() / max(mask.sum(), 1.0))
        bins.append(soft_bins(float(np.log1p(amount)), 0.0, 3.0, 6))
        light, mask = half, _halved(mask)
    return unit(np.concatenate(bins))


def _halved(values: Floats) -> Floats:
    size = values.shape[0] // 2
    return np.asarray(values.reshape(size, 2, size, 2).mean(axis=(1, 3)))


def spectrum(light: Floats) -> Floats:
    """Return the strength of repetition by fineness and direction, 6 x 6 bins; length 1."""
    size = light.shape[0]
    fade = np.hanning(size)
    strength = np.abs(np.fft.rfft2((light - light.mean()) * fade[:, None] * fade[None]))
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]
    radius = np.hypot(fy, fx) + np.zeros_like(strength)
    ring = np.floor(np.log2(np.maximum(radius, 1e-9) * size)).astype(np.int64)
    sector = (np.arctan2(fy, fx) / np.pi * _SECTORS).round().astype(np.int64) % _SECTORS
    inside = (ring >= 0) & (ring < _RINGS)
    index = ring * _SECTORS + sector
    energy = np.bincount(index[inside], strength[inside] ** 2, _RINGS * _SECTORS)
    return hellinger(np.sqrt(energy.astype(np.float64)))
