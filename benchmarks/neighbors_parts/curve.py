"""Points of recall and speed: which are worth looking at, and which are best for a recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_SHOWN = (0.75, 0.8, 0.85, 0.9, 0.93, 0.965, 0.99, 0.995)

Point = dict[str, Any]
"""``setting``, ``recall``, ``rate`` (queries a second), ``rate_cpu`` (queries a CPU second)."""


def frontier(points: Sequence[Point], rate: str = "rate") -> list[Point]:
    """Return the points that no other beats in both recall and speed, by recall."""
    best, found = 0.0, []
    for point in sorted(points, key=lambda p: (-p["recall"], -p[rate])):
        if point[rate] > best:
            found.append(point)
            best = point[rate]
    return found[::-1]


def fastest(points: Sequence[Point], recall: float, rate: str = "rate") -> Point | None:
    """Return the fastest point with at least this recall, or None."""
    good = [point for point in points if point["recall"] >= recall]
    return max(good, key=lambda p: p[rate], default=None)


def worth_measuring(points: Sequence[Point], targets: Sequence[float]) -> list[Point]:
    """Return rough points to measure well: several around each target, and what shows the curve.

    Args:
        points: Measured on few queries, so that their recall is a little off.
        targets: Recalls for which the fastest point is wanted.
    """
    around = [target + by for target in targets for by in (-0.006, -0.003, 0.0, 0.003, 0.006)]
    found = [fastest(points, recall) for recall in (*_SHOWN, *around)]
    chosen = [p for i, p in enumerate(found) if p is not None and p not in found[:i]]
    return sorted(chosen, key=lambda p: p["recall"])


def between(first: Point, second: Point, target: float) -> dict[str, Any] | None:
    """Return a setting between two that lie on either side of a recall, or None.

    There is one where they differ in one whole number that leaves room.
    """
    if not first["recall"] < target <= second["recall"]:
        return None
    left, right = first["setting"], second["setting"]
    different = [name for name in left if left[name] != right.get(name)]
    if len(different) != 1 or not isinstance(left[different[0]], int):
        return None
    middle = (left[different[0]] + right[different[0]]) // 2
    return left | {different[0]: middle} if middle != left[different[0]] else None
