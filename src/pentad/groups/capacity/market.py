"""What an auction keeps: who holds what at which prices, and what that is worth at most."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pentad.groups.capacity.problem import OPEN, TAKEN
from pentad.neighbors.int8.jit import compiled


class Market(NamedTuple):
    """Arrays that the compiled parts of an auction share; edges by flat position.

    Attributes:
        items: int32 (edges,), the item of each.
        scores: float32 (edges,).
        base: What an empty place is worth; an edge is worth its score less this.
        columns: How many edges a query has.
        k: How many items a query wants.
        room: int32 (items,), how often each may be used.
        states: uint8 (edges,).
        prices: float64 (items,).
        held: int32 (queries,), how many items each has.
        uses: int32 (items,), how many queries have each.
    """

    items: Any
    scores: Any
    base: float
    columns: int
    k: int
    room: Any
    states: Any
    prices: Any
    held: Any
    uses: Any


@compiled
def value_of(market: Market, e: int) -> float:
    """Return what an edge is worth at the price of its item."""
    return np.float64(market.scores[e]) - market.base - market.prices[market.items[e]]  # type: ignore[no-any-return]


@compiled
def ceiling(market: Market) -> float:
    """Return a value that no assignment exceeds, whatever the prices: the dual of the problem.

    What full items bring in at these prices, and for each query what its best k are worth above
    them.
    """
    total, k, columns = 0.0, market.k, market.columns
    for item in range(len(market.room)):
        total += market.room[item] * market.prices[item]
    best = np.empty(k, dtype=np.float64)
    for q in range(len(market.held)):
        best[:] = 0.0
        for e in range(q * columns, (q + 1) * columns):
            if market.states[e] != OPEN and market.states[e] != TAKEN:
                continue
            value = value_of(market, e)
            place = k - 1
            if value <= best[place]:
                continue
            while place > 0 and best[place - 1] < value:
                best[place] = best[place - 1]
                place -= 1
            best[place] = value
        total += best.sum()
    return total


@compiled
def clear(market: Market) -> None:
    """Take everything back."""
    market.held[:] = 0
    market.uses[:] = 0
    for e in range(len(market.states)):
        if market.states[e] == TAKEN:
            market.states[e] = OPEN


@compiled
def fill(market: Market) -> None:
    """Give queries that are short, in order, their closest candidates that are not full."""
    columns = market.columns
    for q in range(len(market.held)):
        for e in range(q * columns, (q + 1) * columns):
            if market.held[q] == market.k:
                break
            item = market.items[e]
            if market.states[e] == OPEN and market.uses[item] < market.room[item]:
                market.states[e] = TAKEN
                market.held[q] += 1
                market.uses[item] += 1


@compiled
def worth(scores: Any, base: float, states: Any) -> tuple[float, int]:
    """Return what the edges taken are worth above their base, and how many they are."""
    total, taken = 0.0, 0
    for e in range(len(states)):
        if states[e] == TAKEN:
            total += np.float64(scores[e]) - base
            taken += 1
    return total, taken


@compiled
def base_and_span(scores: Any, states: Any) -> tuple[float, float]:
    """Return the least score of an open edge, 0 at most, and how far the greatest lies above."""
    least, greatest = 0.0, -np.inf
    for e in range(len(states)):
        if states[e] == OPEN:
            least = min(least, np.float64(scores[e]))
            greatest = max(greatest, np.float64(scores[e]))
    return least, max(greatest - least, 0.0)


@compiled
def count_by_item(items: Any, states: Any, begins: Any) -> None:
    """Write into ``begins``, (items + 1,), where the open edges of each item begin."""
    begins[:] = 0
    for e in range(len(items)):
        if states[e] == OPEN:
            begins[items[e] + 1] += 1
    for item in range(1, len(begins)):
        begins[item] += begins[item - 1]


@compiled
def list_by_item(items: Any, states: Any, begins: Any, members: Any) -> None:
    """Write into ``members`` the open edges by item, then position."""
    places = begins.copy()
    for e in range(len(items)):
        if states[e] == OPEN:
            members[places[items[e]]] = e
            places[items[e]] += 1
