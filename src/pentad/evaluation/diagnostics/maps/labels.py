"""Where the names of classes stand on a map: at the class, and not over one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.float64]

_TURNS = 16
_STEPS = 14


class Box(NamedTuple):
    """A rectangle, in any unit.

    Attributes:
        left: Its left side.
        bottom: Its lower side.
        right: Its right side.
        top: Its upper side.
    """

    left: float
    bottom: float
    right: float
    top: float

    @property
    def center(self) -> tuple[float, float]:
        """The point in its middle."""
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def meets(self, other: Box) -> bool:
        """Return whether two rectangles have a point in common."""
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top


def medoid(places: Places) -> NDArray[np.float64]:
    """Return the point (2,) that is nearest, all in all, to the others: the densest of the class.

    Points that are near count more than those far away, so that a class in two clusters is named
    at one of them and not at a stray point between.

    Args:
        places: (points, 2), at least one; of more than 400 every n-th is looked at.
    """
    some = places[:: max(1, len(places) // 400)]
    apart = np.sqrt(((some[:, None] - some[None]) ** 2).sum(axis=2))
    width = np.median(apart) or 1.0
    found: NDArray[np.float64] = some[int(np.argmax(np.exp(-apart / width).sum(axis=1)))]
    return found


def place_labels(
    anchors: Places, sizes: Sequence[tuple[float, float]], frame: Box, points: Places
) -> list[tuple[float, float]]:
    """Return the center of each label: near its anchor, over few points and over no earlier label.

    Labels are tried at and around the anchor in growing rings, moved into the frame. Of the free
    places the one is taken that costs least: its distance in label heights, and half as much for
    each point that it covers. Where no place is free the first is taken, so that there is always
    one.

    Args:
        anchors: (labels, 2), in one unit, such as pixels.
        sizes: Width and height of each label in that unit.
        frame: What labels must not leave.
        points: (points, 2), what had better stay visible.
    """
    taken: list[Box] = []
    centers = []
    for (x, y), (width, height) in zip(anchors.tolist(), sizes, strict=True):
        tries = [_inside(_box(cx, cy, width, height), frame) for cx, cy in _around(x, y, height)]
        free = [box for box in tries if not any(box.meets(other) for other in taken)]
        costs = [_cost(box, (x, y), height, points) for box in free]
        box = free[int(np.argmin(costs))] if free else tries[0]
        taken.append(box)
        centers.append(box.center)
    return centers


def _cost(box: Box, anchor: tuple[float, float], height: float, points: Places) -> float:
    x, y = box.center
    across = (points[:, 0] > box.left) & (points[:, 0] < box.right)
    covered = int((across & (points[:, 1] > box.bottom) & (points[:, 1] < box.top)).sum())
    return float(np.hypot(x - anchor[0], y - anchor[1])) / height + covered / 2


def _around(x: float, y: float, step: float) -> list[tuple[float, float]]:
    turns = np.arange(_TURNS) * 2 * np.pi / _TURNS
    rings = [
        (x + step * ring * 1.6 * float(np.cos(a)), y + step * ring * float(np.sin(a)))
        for ring in range(1, _STEPS)
        for a in turns
    ]
    return [(x, y), *rings]


def _box(x: float, y: float, width: float, height: float) -> Box:
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _inside(box: Box, frame: Box) -> Box:
    """Return the box moved into the frame, as far as it fits."""
    dx = max(frame.left - box.left, 0) or min(frame.right - box.right, 0)
    dy = max(frame.bottom - box.bottom, 0) or min(frame.top - box.top, 0)
    return Box(box.left + dx, box.bottom + dy, box.right + dx, box.top + dy)
