"""Scores of each class, with intervals that hold for few items too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from pentad.evaluation.page.bars import Bar

_Z = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""


@dataclass(frozen=True)
class ClassScore:
    """One class.

    Attributes:
        id: Of the class.
        label: Its name for people.
        n: How many scored items belong to it.
        units: How many of them are independent.
        value: Mean over its items; NaN where it has none.
        low: Lower end of the 95 % interval.
        high: Upper end of the 95 % interval.
        asked: What the class scores as a query for its items; None where it was not asked.
    """

    id: str
    label: str
    n: int
    units: int
    value: float
    low: float
    high: float
    asked: float | None = None


@dataclass(frozen=True)
class ClassScores:
    """Every class that has items, best first.

    Attributes:
        metric: What is averaged over the items of a class.
        chance: What a random order would score.
        rows: Best first; equal ones by name.
        empty: How many classes have no scored item.
        asked_metric: What `ClassScore.asked` is; empty where there is none.
        several: Whether some item has several classes; it counts in each of them.
    """

    metric: str
    chance: float
    rows: tuple[ClassScore, ...]
    empty: int = 0
    asked_metric: str = ""
    several: bool = False

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The rows, ready to be drawn."""
        return tuple(Bar(r.label, r.value, r.n, r.low, r.high) for r in self.rows)


def class_scores(
    metric: str,
    chance: float,
    values: NDArray[np.float64],
    units: NDArray[np.int64],
    truth: Sequence[Sequence[int]],
    classes: Sequence[tuple[str, str]],
    *,
    asked: Mapping[str, float] | None = None,
    asked_metric: str = "",
) -> ClassScores:
    """Return the mean of a metric over the items of each class.

    Args:
        metric: Name of the metric, one with values from 0 to 1.
        chance: What a random order scores.
        values: (items,) of the metric.
        units: (items,), equal where items are not independent. Where every class is one unit,
            because nobody named any, items count as independent.
        truth: By item, the numbers of its classes.
        classes: Id and name of each class.
        asked: Class id -> what it scores as a query.
        asked_metric: In which metric.
    """
    members: list[list[int]] = [[] for _ in classes]
    for item, own in enumerate(truth):
        for number in own:
            members[number].append(item)
    trials = _independent(units, members)
    rows = [
        _row(classes[number], values[items], trials[items], (asked or {}).get(classes[number][0]))
        for number, items in enumerate(members)
        if items
    ]
    rows.sort(key=lambda row: (-row.value, row.label, row.id))
    return ClassScores(
        metric,
        chance,
        tuple(rows),
        empty=sum(not items for items in members),
        asked_metric=asked_metric if asked else "",
        several=any(len(own) > 1 for own in truth),
    )


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share of ``n`` independent trials.

    It stays within 0 and 1 and is no point at 0 of 3, unlike resampling (Wilson, "Probable
    inference, the law of succession, and statistical inference", 1927).

    Examples:
        >>> low, high = wilson(1.0, 3)
        >>> round(low, 3), high
        (0.439, 1.0)
    """
    spread = _Z * _Z / n
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return (
        0.0 if share <= 0 else max(0.0, middle - half),
        1.0 if share >= 1 else min(1.0, middle + half),
    )


def _independent(units: NDArray[np.int64], members: Sequence[list[int]]) -> NDArray[np.int64]:
    """Return the units; where every class is one unit, each item is one."""
    if all(len(np.unique(units[items])) == 1 for items in members if items):
        return np.arange(len(units))
    return units


def _row(
    named: tuple[str, str],
    values: NDArray[np.float64],
    units: NDArray[np.int64],
    asked: float | None,
) -> ClassScore:
    value, independent = float(np.mean(values)), len(np.unique(units))
    low, high = wilson(min(max(value, 0.0), 1.0), independent)
    return ClassScore(*named, len(values), independent, value, low, high, asked)
