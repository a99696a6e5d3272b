"""Where labels go beside points, so that none covers another, a point or a whisker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError

_DISTANCES = (7.0, 12.0, 20.0, 32.0, 48.0, 68.0, 92.0, 120.0)
# Right, left, above and below first, then between them: the earlier ones cost less.
_ANGLES = (0, 180, 90, 270, 30, 330, 150, 210, 60, 300, 120, 240, 15, 345, 165, 195)
_ROUNDS = 6
_PADDING = 2.0


class Box(NamedTuple):
    """A rectangle in pixels, y upwards."""

    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True)
class Placed:
    """A label in its place.

    Attributes:
        box: Where it is.
        distance: From the point, in pixels; a far one needs a line to its point.
    """

    box: Box
    distance: float


def place_labels(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    obstacles: Sequence[Sequence[Box]],
    frame: Box,
) -> list[Placed]:
    """Return a place for each label, as near to its point as can be without covering anything.

    Places on circles around the point are tried, nearest first; then each label is moved again
    while the others stay, until nothing gets better. A place costs more where the line from the
    point to it would cross something, or where another point is nearer than its own.

    Args:
        points: What the labels belong to, in pixels.
        sizes: Width and height of each label.
        obstacles: By point, what labels must not cover: first the point itself, then its whisker.
        frame: Where labels may be.

    Raises:
        InputError: There is not one size a point.
    """
    if not len(points) == len(sizes) == len(obstacles):
        seen = (len(sizes), len(obstacles))
        raise InputError("one size and one list of obstacles a point", seen=seen)
    candidates = [_candidates(point, size) for point, size in zip(points, sizes, strict=True)]
    fixed = [
        _fixed_cost(each, number, points, obstacles, frame)
        for number, each in enumerate(candidates)
    ]
    crowded = np.array([np.count_nonzero(cost > _COVERED) for cost in fixed])
    chosen = [-1] * len(points)
    for _ in range(_ROUNDS):
        before = list(chosen)
        for label in np.argsort(-crowded, kind="stable").tolist():
            others = [candidates[i].boxes[c] for i, c in enumerate(chosen) if c >= 0 and i != label]
            cost = fixed[label] + _COVERED * _overlap(candidates[label].boxes, others)
            chosen[label] = int(cost.argmin())
        if chosen == before:
            break
    return [
        Placed(Box(*(float(v) for v in each.boxes[c])), float(each.distances[c]))
        for each, c in zip(candidates, chosen, strict=True)
    ]


# Covering a single pixel is worse than the farthest place; a line that crosses something, or a
# nearer point, is worth a detour.
_COVERED = 1000.0
_CROSSED = 8.0
_MISTAKEN = 60.0
_SAMPLES = 16


class _Candidates(NamedTuple):
    boxes: NDArray[np.float64]
    distances: NDArray[np.float64]
    order: NDArray[np.float64]


def _candidates(point: tuple[float, float], size: tuple[float, float]) -> _Candidates:
    """Return boxes (places, 4): left, bottom, right, top."""
    boxes, distances, order = [], [], []
    for distance in _DISTANCES:
        for number, angle in enumerate(_ANGLES):
            across, up = np.cos(np.radians(angle)), np.sin(np.radians(angle))
            middle = point[0] + distance * across, point[1] + distance * up
            left = middle[0] - size[0] * (1 - across) / 2
            bottom = middle[1] - size[1] * (1 - up) / 2
            boxes.append((left, bottom, left + size[0], bottom + size[1]))
            distances.append(distance)
            order.append(0.3 * number)
    return _Candidates(np.array(boxes), np.array(distances), np.array(order))


def _fixed_cost(
    each: _Candidates,
    number: int,
    points: Sequence[tuple[float, float]],
    obstacles: Sequence[Sequence[Box]],
    frame: Box,
) -> NDArray[np.float64]:
    """Return what each place costs whatever the other labels do."""
    left, bottom, right, top = each.boxes.T
    outside = np.maximum(frame.left - left, 0) + np.maximum(right - frame.right, 0)
    outside += np.maximum(frame.bottom - bottom, 0) + np.maximum(top - frame.top, 0)
    covered = _overlap(each.boxes, [np.array(box) for boxes in obstacles for box in boxes])
    # A line may leave its own point, but not run along the whisker.
    crossable = [b for i, boxes in enumerate(obstacles) for b in boxes[1 if i == number else 0 :]]
    away = _gaps(each.boxes, np.array(points))
    own = away[:, number].copy()
    away[:, number] = np.inf
    cost = each.distances + each.order + _COVERED * (covered + outside)
    cost += _CROSSED * _crossings(points[number], each.boxes, crossable)
    cost += _MISTAKEN * (away.min(axis=1) < own)
    return np.asarray(cost)


def _gaps(boxes: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (boxes, points): how far each point is from each box."""
    across = np.maximum(boxes[:, None, 0] - points[:, 0], points[:, 0] - boxes[:, None, 2])
    up = np.maximum(boxes[:, None, 1] - points[:, 1], points[:, 1] - boxes[:, None, 3])
    return np.hypot(np.maximum(across, 0), np.maximum(up, 0))


def _crossings(
    point: tuple[float, float], boxes: NDArray[np.float64], obstacles: Sequence[Box]
) -> NDArray[np.float64]:
    """Return (boxes,): how much of the line from the point to each box lies on an obstacle."""
    ends = np.clip(np.array(point), boxes[:, :2], boxes[:, 2:])
    steps = np.linspace(0, 1, _SAMPLES)[:, None, None]
    line = np.array(point) + steps * (ends - np.array(point))
    away = np.hypot(*np.moveaxis(line - np.array(point), -1, 0)) > _DISTANCES[0]
    total = np.zeros(len(boxes))
    for left, bottom, right, top in obstacles:
        inside = (line[..., 0] >= left - 1) & (line[..., 0] <= right + 1)
        inside &= (line[..., 1] >= bottom - 1) & (line[..., 1] <= top + 1)
        total += np.count_nonzero(inside & away, axis=0)
    return total


def _overlap(
    boxes: NDArray[np.float64], others: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return (boxes,): the area that each shares with any of the others, a margin counted."""
    total = np.zeros(len(boxes))
    for other in others:
        wide = np.minimum(boxes[:, 2], other[2]) - np.maximum(boxes[:, 0], other[0]) + _PADDING
        high = np.minimum(boxes[:, 3], other[3]) - np.maximum(boxes[:, 1], other[1]) + _PADDING
        total += np.maximum(wide, 0) * np.maximum(high, 0)
    return total
