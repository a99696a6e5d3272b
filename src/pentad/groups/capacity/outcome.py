"""What became of every edge, closed up and counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.groups.capacity.assignment import Assignment, Drop, Short
from pentad.groups.capacity.problem import BELOW, EMPTY, REPEATED, TAKEN, Problem
from pentad.neighbors.int8.jit import compiled


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
