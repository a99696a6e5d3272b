"""Form, place, size and number of what stands out in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.encoders.features import Floats, centered, hellinger, soft_bins, soft_histogram, unit

_SMALLEST_PART = 0.0012
_ANGLES = 48
_CROP = 48


@dataclass(frozen=True, eq=False)
class Parts:
    """The connected parts of a mask.

    Attributes:
        largest: (height, width) bool, the largest part.
        areas: Shares of the picture, largest first.
    """

    largest: NDArray[np.bool_]
    areas: Floats


def parts_of(mask: Floats) -> Parts:
    """Return the connected parts of ``mask`` above one half, specks left out."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask > 0.5)
    counts = np.bincount(labels.ravel())[1:]
    kept = counts[counts >= _SMALLEST_PART * mask.size]
    largest = labels == int(counts.argmax()) + 1 if len(kept) else np.zeros(mask.shape, dtype=bool)
    return Parts(largest, np.sort(kept)[::-1] / mask.size)


def count_and_size(parts: Parts) -> Floats:
    """Return soft bins of the number of parts, of all their area and of the largest one's; (36)."""
    count = soft_bins(float(len(parts.areas)), 0, 9, 10)
    spread = float(parts.areas.std() / parts.areas.mean()) if len(parts.areas) else 0.0
    total = soft_bins(float(np.sqrt(parts.areas.sum())), 0, 1, 10)
    largest = soft_bins(float(np.sqrt(parts.areas[0])) if len(parts.areas) else 0.0, 0, 1, 10)
    return unit(np.concatenate([count, total, largest, soft_bins(spread, 0, 1.5, 6)]))


def place(mask: Floats) -> Floats:
    """Return soft bins of the centre and extent of a mask, both ways; (32)."""
    rows, columns = _positions(mask.shape)
    y, x, _, height, width = _centre(mask, rows, columns)
    bins = [soft_bins(v, 0, 1, 8) for v in (x, y)] + [
        soft_bins(v, 0, 0.4, 8) for v in (width, height)
    ]
    return unit(np.concatenate(bins))


def form(part: NDArray[np.bool_]) -> Floats:
    """Return numbers of an outline that turning, moving and resizing leave alone; (81)."""
    if not part.any():
        return np.zeros(_FORM_BINS)
    profile = _radial_profile(part)
    waves = np.abs(np.fft.rfft(profile / profile.mean()))[1:10] / _ANGLES
    bins = [soft_bins(float(wave) ** 0.5, 0, 0.5, 6) for wave in waves[1:6]]
    bins += [soft_bins(value, 0, 1, 8) for value in _ratios(part, profile)]
    bins.append(soft_bins(_holes(part), 0, 3, 4))
    return unit(np.concatenate([*bins, hellinger(waves)]))


_FORM_BINS = 5 * 6 + 5 * 8 + 4 + 9


def tilt(part: NDArray[np.bool_]) -> Floats:
    """Return the direction of the long axis, as a circular histogram scaled by elongation; (8)."""
    if not part.any():
        return np.zeros(8)
    angle, elongation = long_axis(part.astype(np.float64))
    bins = soft_histogram(np.array([angle]), -np.pi / 2, np.pi / 2, 8, circular=True)
    return elongation * hellinger(bins)


def long_axis(mask: Floats) -> tuple[float, float]:
    """Return the angle of the long axis in -pi/2..pi/2 and the elongation in 0..1."""
    rows, columns = _positions(mask.shape)
    y, x, mass, _, _ = _centre(mask, rows, columns)
    if mass <= 0:
        return 0.0, 0.0
    weights = mask / mass
    yy = float(np.sum(weights * (rows - y) ** 2))
    xx = float(np.sum(weights * (columns - x) ** 2))
    xy = float(np.sum(weights * (rows - y) * (columns - x)))
    difference = float(np.hypot(xx - yy, 2 * xy))
    return 0.5 * float(np.arctan2(2 * xy, xx - yy)), difference / max(xx + yy, 1e-12)


def window(part: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """Return top, left, bottom, right of the square around a part, or None if it is empty."""
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    if not len(rows):
        return None
    side = int(max(np.ptp(rows), np.ptp(columns))) + 1
    half = max(2, round(side * 0.56))
    y, x = int(rows[0] + rows[-1]) // 2, int(columns[0] + columns[-1]) // 2
    return y - half, x - half, y + half, x + half


def cut(values: Floats, box: tuple[int, int, int, int]) -> Floats:
    """Return the window ``box`` of ``values`` at 48 x 48; outside the picture the edge goes on."""
    from PIL import Image as Pillow

    top, left, bottom, right = box
    rows = np.clip(np.arange(top, bottom), 0, values.shape[0] - 1)
    columns = np.clip(np.arange(left, right), 0, values.shape[1] - 1)
    patch = Pillow.fromarray(values[np.ix_(rows, columns)].astype(np.float32))
    return np.asarray(patch.resize((_CROP, _CROP), Pillow.Resampling.BILINEAR), dtype=np.float64)


def _positions(shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    height, width = shape
    return ((np.arange(height) + 0.5) / height)[:, None], ((np.arange(width) + 0.5) / width)[None]


def _centre(
    mask: Floats, rows: Floats, columns: Floats
) -> tuple[float, float, float, float, float]:
    """Centre (y, x), mass, and standard deviations (y, x), in shares of the picture."""
    mass = float(mask.sum())
    if mass <= 0:
        return 0.5, 0.5, 0.0, 0.0, 0.0
    y, x = float((mask * rows).sum() / mass), float((mask * columns).sum() / mass)
    height = float(np.sqrt((mask * (rows - y) ** 2).sum() / mass))
    width = float(np.sqrt((mask * (columns - x) ** 2).sum() / mass))
    return y, x, mass, height, width


def _radial_profile(part: NDArray[np.bool_]) -> Floats:
    """How far the outline reaches from the centre, for 48 directions; gaps are bridged."""
    rows, columns = np.nonzero(part)
    dy, dx = rows - rows.mean(), columns - columns.mean()
    sector = ((np.arctan2(dy, dx) / (2 * np.pi) + 0.5) * _ANGLES).astype(np.int64) % _ANGLES
    reach = np.zeros(_ANGLES)
    np.maximum.at(reach, sector, np.hypot(dy, dx) + 0.5)
    seen = np.flatnonzero(reach)
    return np.asarray(np.interp(np.arange(_ANGLES), seen, reach[seen], period=_ANGLES))


def _ratios(part: NDArray[np.bool_], profile: Floats) -> tuple[float, ...]:
    area = float(part.sum())
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    box = float((np.ptp(rows) + 1) * (np.ptp(columns) + 1))
    return (
        area / box,
        area / (np.pi * float(profile.max()) ** 2),
        float(profile.min() / profile.max()),
        min(1.0, 4 * np.pi * area / _perimeter(part) ** 2),
        long_axis(part.astype(np.float64))[1],
    )


def _perimeter(part: NDArray[np.bool_]) -> float:
    """Length of the outline: the total variation of the slightly blurred part."""
    from scipy import ndimage

    soft: Any = ndimage.gaussian_filter(np.pad(part, 3).astype(np.float64), 1.0)
    dy, dx = np.gradient(soft)
    return max(1.0, float(np.hypot(dy, dx).sum()))


def _holes(part: NDArray[np.bool_]) -> float:
    from scipy import ndimage

    labels, count = ndimage.label(~np.pad(part, 1))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[2:]
    return float((sizes >= _SMALLEST_PART * part.size).sum())


def silhouette(crop: Floats) -> Floats:
    """Return an 8 x 8 reduction of a cropped mask; length 1."""
    step = crop.shape[0] // 8
    return centered(crop.reshape(8, step, 8, step).mean(axis=(1, 3)))
