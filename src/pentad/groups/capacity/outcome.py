"""Who got what, and why those who got less did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.groups.capacity.problem import BELOW, EMPTY, REPEATED, TAKEN, Problem
from pentad.neighbors.int8.jit import compiled


class Short(StrEnum):
    """Why a query has fewer items than it wanted: the first of these that alone suffices."""

    TOO_FEW = "too few candidates"
    BELOW = "below threshold"
    FULL = "all candidates full"


class Drop(StrEnum):
    """Why an edge was not taken."""

    BEYOND_K = "beyond k"
    FULL = "item full"
    BELOW = "below threshold"
    REPEATED = "item repeated"


@dataclass(frozen=True, eq=False)
class Assignment:
    """Which candidates each query got.

    Attributes:
        chosen: int16 (queries, k), columns of the candidate list, ascending; -1 where short. So
            ``chosen + 1`` is the retrieval rank, and the place in the row the rank in the group.
        total: The sum of the scores of all that was taken.
        taken: How many edges were taken.
        short_queries: How many queries are short, by reason.
        short_places: How many places they lack, by reason; one query may lack some for each. With
            ``taken`` these are queries times k.
        dropped: How many candidates were not taken, by reason. With ``taken`` these are all that
            were given, empty places excepted.
        how: Which ``method`` it was and what it says of itself, as plain values.
    """

    chosen: NDArray[np.int16]
    total: float
    taken: int
    short_queries: Mapping[Short, int]
    short_places: Mapping[Short, int]
    dropped: Mapping[Drop, int]
    how: Mapping[str, Any]


def conclude(problem: Problem, states: NDArray[np.uint8], how: Mapping[str, Any]) -> Assignment:
    """Close the ranks up and count.

    Args:
        problem: What was to be assigned.
        states: uint8 (queries, columns), what became of each edge.
        how: What the method says of itself.
    """
    chosen = np.full((len(states), problem.k), -1, dtype=np.int16)
    short, lacking, drops = (np.zeros(n, dtype=np.int64) for n in (3, 3, 4))
    total, taken = _close_up(states, problem.scores, chosen, short, lacking, drops)
    return Assignment(
        chosen,
        float(total),
        int(taken),
        dict(zip(Short, short.tolist(), strict=True)),
        dict(zip(Short, lacking.tolist(), strict=True)),
        dict(zip(Drop, drops.tolist(), strict=True)),
        dict(how),
    )


@compiled
def _close_up(
    states: Any, scores: Any, chosen: Any, short: Any, lacking: Any, drops: Any
) -> tuple[float, int]:
    """Write the outcome; return the total score and how many edges were taken."""
    k, total, taken = chosen.shape[1], 0.0, 0
    for q in range(states.shape[0]):
        there, good, got = 0, 0, 0
        for j in range(states.shape[1]):
            state = states[q, j]
            if state == EMPTY:
                continue
            if state == REPEATED:
                drops[3] += 1
                continue
            there += 1
            if state == BELOW:
                drops[2] += 1
                continue
            good += 1
            if state == TAKEN:
                chosen[q, got] = j
                total += scores[q, j]
                got += 1
            else:
                drops[0 if got >= k else 1] += 1
        taken += got
        there, good = min(there, k), min(good, k)
        lacking[0] += k - there
        lacking[1] += there - good
        lacking[2] += good - got
        if got < k:
            short[0 if there < k else (1 if good < k else 2)] += 1
    return total, taken
