"""Which queries are shown: the best and the worst, chosen without chance or taste."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def best_and_worst(
    values: NDArray[np.float64],
    margins: NDArray[np.float64],
    names: Sequence[str],
    units: NDArray[np.int64],
    count: int,
    *,
    higher: bool = True,
) -> tuple[list[int], list[int]]:
    """Return the numbers of the best queries, best first, and of the worst, worst first.

    Queries are ordered by their value, then by their margin, then by their name; a margin that is
    not known lies between all others. Of each unit, such as the five captions of one sound, only
    the first one is taken as long as there are others. No query is among both.

    Args:
        values: (queries,) of the main metric; those that are NaN are not chosen.
        margins: (queries,), how far the best relevant item is ahead of the best other one.
        names: Of the queries.
        units: (queries,), equal where queries belong together.
        count: How many of each kind at most.
        higher: Whether more is better.
    """
    good = np.where(np.isnan(values), -np.inf, values if higher else -values)
    ahead = np.where(np.isnan(margins), 0.0, margins)
    usable = np.flatnonzero(~np.isnan(values))
    place = {n: p for p, n in enumerate(sorted(range(len(names)), key=names.__getitem__))}
    by_name = np.array([place[i] for i in usable.tolist()], np.int64)
    worst_first = usable[np.lexsort((by_name, ahead[usable], good[usable]))]
    best_first = usable[np.lexsort((by_name, -ahead[usable], -good[usable]))]
    worst = _one_a_unit(worst_first.tolist(), units, min(count, (len(usable) + 1) // 2))
    taken = set(worst)
    rest = [number for number in best_first.tolist() if number not in taken]
    return _one_a_unit(rest, units, count), worst


def _one_a_unit(order: list[int], units: NDArray[np.int64], count: int) -> list[int]:
    """Return the first of each unit, then others, until there are enough; in their order."""
    seen: set[int] = set()
    first: list[int] = []
    others: list[int] = []
    for number in order:
        unit = int(units[number])
        (others if unit in seen else first).append(number)
        seen.add(unit)
    place = {number: rank for rank, number in enumerate(order)}
    return sorted([*first, *others][:count], key=place.__getitem__)
