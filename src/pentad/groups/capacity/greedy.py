"""Best edge first: over all edges at once, in memory that is known beforehand.

An edge is addressed by its flat position in the candidate lists. Edges go by score descending,
ties by query, then rank, which is position ascending; an edge is taken when its query still wants
one and its item is not full. This is also the one assignment in which no query and item would both
rather have one another.

Beside the candidates (8 bytes an edge as u32 and float32) it takes 9 bytes an edge: two lists of
positions, of which one is gone when the walk begins, and the states. From 2**32 edges on it is 17.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.groups.capacity.assignment import Assignment
from pentad.groups.capacity.outcome import conclude
from pentad.groups.capacity.problem import OPEN, TAKEN, Problem
from pentad.neighbors.int8.jit import compiled

_HALF = 1 << 16
_WIDE = 1 << 32


def greedy(problem: Problem) -> Assignment:
    """Assign the best edge first, then the next that still fits, to the last.

    Args:
        problem: What is to be assigned; its states are left as they are.
    """
    states = problem.states.copy()
    take_greedily(problem, states)
    return conclude(problem, states, {"method": "greedy"})


def take_greedily(problem: Problem, states: NDArray[np.uint8]) -> None:
    """Mark in ``states`` (queries, columns) the edges taken; those marked before are not looked at.

    Args:
        problem: What is to be assigned.
        states: Taken are edges that are ``OPEN``.
    """
    order = edge_order(problem.scores.reshape(-1), states.reshape(-1))
    wanted = np.full(len(states), problem.k, dtype=np.int32)
    columns = max(states.shape[1], 1)
    items, room = problem.items.reshape(-1), problem.room.copy()
    _walk(order, items, columns, wanted, room, states.reshape(-1))


def edge_order(
    scores: NDArray[np.float32], states: NDArray[np.uint8], *, wide: int = _WIDE
) -> NDArray[Any]:
    """Return the positions of the open edges, by score descending, then position.

    A radix sort over the two halves of the score's bits: linear in the number of edges.

    Args:
        scores: (edges,).
        states: (edges,).
        wide: From how many edges on a position takes eight bytes instead of four.
    """
    kind = np.uint32 if len(scores) < wide else np.int64
    bits = scores.view(np.uint32)
    low, high = np.zeros(_HALF, dtype=np.int64), np.zeros(_HALF, dtype=np.int64)
    count = _histograms(bits, states, low, high)
    first = np.empty(count, dtype=kind)
    _by_low_half(bits, states, low, first)
    if np.count_nonzero(high) <= 1:
        return first
    order = np.empty(count, dtype=kind)
    _by_high_half(bits, high, first, order)
    return order


@compiled
def _key(bits: Any) -> Any:
    """Return a number that ascends as the score with these bits descends; zero has no sign."""
    if bits == np.uint32(0x80000000):
        return np.uint32(0x7FFFFFFF)
    return bits if bits & np.uint32(0x80000000) else bits ^ np.uint32(0x7FFFFFFF)


@compiled
def _histograms(bits: Any, states: Any, low: Any, high: Any) -> int:
    """Count the halves of the keys of open edges; return how many edges those are."""
    count = 0
    for e in range(len(bits)):
        if states[e] == OPEN:
            key = _key(bits[e])
            low[key & np.uint32(0xFFFF)] += 1
            high[key >> np.uint32(16)] += 1
            count += 1
    return count


@compiled
def _to_starts(counts: Any) -> None:
    total = 0
    for value in range(len(counts)):
        here = counts[value]
        counts[value] = total
        total += here


@compiled
def _by_low_half(bits: Any, states: Any, counts: Any, order: Any) -> None:
    _to_starts(counts)
    for e in range(len(bits)):
        if states[e] == OPEN:
            half = _key(bits[e]) & np.uint32(0xFFFF)
            order[counts[half]] = e
            counts[half] += 1


@compiled
def _by_high_half(bits: Any, counts: Any, first: Any, order: Any) -> None:
    _to_starts(counts)
    for place in range(len(first)):
        e = first[place]
        half = _key(bits[e]) >> np.uint32(16)
        order[counts[half]] = e
        counts[half] += 1


@compiled
def _walk(order: Any, items: Any, columns: int, wanted: Any, room: Any, states: Any) -> None:
    """Take each edge that still fits."""
    for place in range(len(order)):
        e = order[place]
        q = e // columns
        if wanted[q] == 0:
            continue
        item = items[e]
        if room[item] == 0:
            continue
        wanted[q] -= 1
        room[item] -= 1
        states[e] = TAKEN
