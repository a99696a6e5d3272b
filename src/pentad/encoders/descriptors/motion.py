"""What changes between the frames of a video: where things go, how they grow, turn and flicker."""

from __future__ import annotations

import numpy as np

from pentad.encoders.descriptors.outline import long_axis
from pentad.encoders.descriptors.picture import SIDE, Picture
from pentad.encoders.features import (
    Blocks,
    Floats,
    centered,
    hellinger,
    segment_means,
    soft_bins,
    soft_histogram,
    unit,
)

_CONTOUR = 8
_DIRECTIONS = 12
_GRID = 4
_SHIFT_LIMIT = SIDE // 4


def motion_vector(pictures: list[Picture]) -> Floats:
    """Return the unit vector of the changes over ``pictures``, which are in time order."""
    track = np.stack([_state(picture) for picture in pictures])
    blocks = Blocks()
    blocks.add(1.0, _path(track[:, 0], track[:, 1]))
    blocks.add(1.0, _net(track[:, 0], track[:, 1]))
    blocks.add(0.8, _course(track[:, 2], 0.15))
    blocks.add(0.8, _turning(track[:, 3], track[:, 4]))
    blocks.add(0.6, _course(track[:, 5] / 100.0, 0.15))
    blocks.add(0.6, _colour_course(track[:, 6:8]))
    blocks.add(0.8, _where_it_moves(pictures))
    blocks.add(0.8, _drift(pictures))
    return blocks.joined()


def _state(picture: Picture) -> Floats:
    """Centre x and y, square root of the area, tilt, elongation, mean light and colour."""
    mass = float(picture.mask.sum())
    share = (np.arange(SIDE) + 0.5) / SIDE
    x = float(picture.mask.sum(axis=0) @ share) / mass if mass else 0.5
    y = float(picture.mask.sum(axis=1) @ share) / mass if mass else 0.5
    angle, elongation = long_axis(picture.mask)
    weights = picture.mask / mass if mass else np.full_like(picture.mask, 1.0 / picture.mask.size)
    colour = np.tensordot(weights, picture.lab, axes=([0, 1], [0, 1]))
    area = float(np.sqrt(picture.mask.mean()))
    return np.array([x, y, area, angle, elongation, *colour])


def _path(x: Floats, y: Floats) -> Floats:
    """Directions of the steps, weighted by length, step length, and straightness; (31)."""
    dx, dy = np.diff(x, prepend=x[0]), np.diff(y, prepend=y[0])
    length = np.hypot(dx, dy)
    turned = soft_histogram(
        np.arctan2(dy, dx), -np.pi, np.pi, _DIRECTIONS, weights=length, circular=True
    )
    total = float(length.sum())
    straight = float(np.hypot(x[-1] - x[0], y[-1] - y[0])) / total if total > 1e-6 else 0.0
    moving = min(1.0, total / 0.05)
    bins = [soft_bins(total**0.5, 0, 1.5, 10), soft_bins(straight, 0, 1, 6)]
    turns = np.array([moving * float(np.clip(v, -1, 1)) for v in _turn_senses(dx, dy)])
    return unit(np.concatenate([moving * hellinger(turned), *bins, turns]))


def _turn_senses(dx: Floats, dy: Floats) -> tuple[float, float, float]:
    """Mean left-or-right turn of the path, and how often each coordinate comes back."""
    cross = dx[:-1] * dy[1:] - dy[:-1] * dx[1:]
    size = float(np.sum(np.hypot(dx[:-1], dy[:-1]) * np.hypot(dx[1:], dy[1:])))
    senses = [float(cross.sum()) / size if size > 1e-9 else 0.0]
    for step in (dx, dy):
        moved = np.abs(step) > 0.002
        flips = np.diff(np.sign(step[moved]))
        senses.append(float((flips != 0).sum()) / 4.0)
    return senses[0], senses[1], senses[2]


def _net(x: Floats, y: Floats) -> Floats:
    """Soft bins of the way gone in both directions and of where it starts and ends; (60)."""
    bins = [soft_bins(float(v[-1] - v[0]), -0.6, 0.6, 14) for v in (x, y)]
    bins += [soft_bins(float(v), 0, 1, 8) for v in (x[0], y[0], x[-1], y[-1])]
    return unit(np.concatenate(bins))


def _course(values: Floats, scale: float) -> Floats:
    """The course of one number over time, its trend, range and returns; (8 + 10 + 8 + 6)."""
    trend = soft_bins(float(values[-1] - values[0]), -2 * scale, 2 * scale, 10)
    spread = soft_bins(float(np.ptp(values)) ** 0.5, 0, (3 * scale) ** 0.5, 8)
    contour = np.clip(segment_means(values - values.mean(), _CONTOUR) / scale, -1, 1)
    steps = np.diff(values)
    steps = steps[np.abs(steps) > 0.05 * scale]
    flips = soft_bins(float((np.diff(np.sign(steps)) != 0).sum()), 0, 8, 6)
    return unit(np.concatenate([contour / np.sqrt(_CONTOUR), trend, spread, flips]))


def _turning(angle: Floats, elongation: Floats) -> Floats:
    """Soft bins of the turn of the long axis, with its sign, where there is one; (20)."""
    step = (np.diff(angle, prepend=angle[0]) + np.pi / 2) % np.pi - np.pi / 2
    sure = float(np.clip(elongation.mean() * 4, 0, 1))
    total = soft_bins(float(step.sum()) * sure, -2 * np.pi, 2 * np.pi, 12)
    return unit(np.concatenate([total, soft_bins(float(np.abs(step).sum()) * sure, 0, 6, 8)]))


def _colour_course(colour: Floats) -> Floats:
    """How far the mean colour wanders, and its course; (16 + 8)."""
    away = np.clip((colour - colour.mean(axis=0)) / 30.0, -1, 1)
    contour = np.concatenate([segment_means(away[:, axis], _CONTOUR) for axis in (0, 1)])
    wandered = float(np.hypot(*np.diff(colour, axis=0).T).sum()) if len(colour) > 1 else 0.0
    return unit(np.concatenate([contour / 4, soft_bins(wandered**0.5, 0, 20, 8)]))


def _where_it_moves(pictures: list[Picture]) -> Floats:
    """Share of change in each field of a grid, and the course of its amount; (16 + 8 + 10)."""
    light = np.stack([picture.lab[..., 0] for picture in pictures])
    change = np.abs(np.diff(light, axis=0, prepend=light[:1]))
    step = SIDE // _GRID
    fields = change.mean(axis=0).reshape(_GRID, step, _GRID, step).mean(axis=(1, 3))
    amount = change.mean(axis=(1, 2))
    bins = soft_bins(float(np.log1p(amount.mean())), 0, 3, 10)
    contour = centered(segment_means(amount, _CONTOUR)) * min(1.0, float(amount.mean()))
    return unit(np.concatenate([hellinger(fields), contour, bins]))


def _drift(pictures: list[Picture]) -> Floats:
    """Shift of the whole picture between frames by phase correlation: directions and sums; (38)."""
    light = np.stack([picture.lab[..., 0] for picture in pictures])
    fade = np.hanning(SIDE)
    waves = np.fft.rfft2((light - light.mean(axis=(1, 2), keepdims=True)) * fade[:, None] * fade)
    cross = waves[1:] * np.conj(waves[:-1])
    peaks = np.fft.irfft2(cross / (np.abs(cross) + 1e-6), s=(SIDE, SIDE))
    spot = (
        peaks.reshape(len(peaks), -1).argmax(axis=1) if len(peaks) else np.zeros(0, dtype=np.int64)
    )
    dy, dx = ((v + SIDE // 2) % SIDE - SIDE // 2 for v in (spot // SIDE, spot % SIDE))
    near = (np.abs(dx) < _SHIFT_LIMIT) & (np.abs(dy) < _SHIFT_LIMIT)
    dx, dy = np.where(near, dx, 0).astype(np.float64), np.where(near, dy, 0).astype(np.float64)
    length = np.hypot(dx, dy)
    turned = soft_histogram(
        np.arctan2(dy, dx), -np.pi, np.pi, _DIRECTIONS, weights=length, circular=True
    )
    bins = [soft_bins(float(v.sum()) / SIDE, -1, 1, 9) for v in (dx, dy)]
    bins.append(soft_bins(float(length.mean()) ** 0.5 if len(length) else 0.0, 0, 4, 8))
    return unit(np.concatenate([min(1.0, float(length.sum())) * hellinger(turned), *bins]))
