"""The second half of an auction: items that cost something and are not full lower their prices."""

from __future__ import annotations

from typing import Any

import numpy as np

from pentad.groups.capacity.market import Market, value_of
from pentad.groups.capacity.problem import OPEN, TAKEN
from pentad.neighbors.int8.jit import compiled


@compiled
def lower_prices(market: Market, begins: Any, members: Any, epsilon: float, looks: int) -> int:
    """Let items that cost something and are not full go down until they are, or cost nothing.

    Queries still hold, up to epsilon, what is worth most to them: each has an ask, below which an
    edge is worth nothing to it.

    Args:
        market: Updated.
        begins: int64 (items + 1,), where the edges of each item begin in ``members``.
        members: (edges,), the edges by item.
        epsilon: By how much an ask exceeds what a query would give up first.
        looks: How many edges may be looked at.

    Returns:
        How many looks are left; negative where it ended for want of them.
    """
    asks = _first_asks(market, epsilon)
    size = len(market.room)
    queue, waiting = np.empty(size, dtype=np.int64), np.zeros(size, dtype=np.bool_)
    head, count = 0, 0
    for item in range(size):
        if market.prices[item] > 0 and market.uses[item] < market.room[item]:
            queue[count], waiting[item] = item, True
            count += 1
    while count > 0:
        item = queue[head]
        head, count = (head + 1) % size, count - 1
        waiting[item] = False
        looks -= begins[item + 1] - begins[item]
        if looks < 0:
            return looks
        lacking = market.room[item] - market.uses[item]
        takers, following = _takers(market, asks, members[begins[item] : begins[item + 1]], lacking)
        market.prices[item] = min(market.prices[item], following)
        for e in takers:
            looks -= 2 * market.columns
            lost = _accept(market, asks, e, epsilon)
            if lost >= 0 and market.prices[lost] > 0 and not waiting[lost]:
                waiting[lost] = True
                queue[(head + count) % size] = lost
                count += 1
        open_still = market.prices[item] > 0 and market.uses[item] < market.room[item]
        if open_still and not waiting[item]:
            waiting[item] = True
            queue[(head + count) % size] = item
            count += 1
    return looks


@compiled
def _first_asks(market: Market, epsilon: float) -> Any:
    """Return what each query asks: nothing where it is short, else just above its least item."""
    asks = np.zeros(len(market.held), dtype=np.float64)
    for q in range(len(asks)):
        if market.held[q] == market.k:
            asks[q] = max(0.0, _least_held(market, q)[0] + epsilon)
    return asks


@compiled
def _takers(market: Market, asks: Any, mine: Any, lacking: int) -> Any:
    """Return the open edges of an item that gain most over the ask, and what the next gains."""
    found, gains, n = np.empty(len(mine), dtype=np.int64), np.empty(len(mine), dtype=np.float64), 0
    for e in mine:
        gain = np.float64(market.scores[e]) - market.base - asks[e // market.columns]
        if market.states[e] == OPEN and gain > 0:
            found[n], gains[n] = e, gain
            n += 1
    if n <= lacking:
        return found[:n], 0.0
    order = np.argsort(-gains[:n], kind="mergesort")
    return found[:n][order[:lacking]], gains[order[lacking]]


@compiled
def _least_held(market: Market, q: int) -> tuple[float, int]:
    """Return the value of what a query would give up first, and its edge."""
    least, edge = np.inf, -1
    for e in range(q * market.columns, (q + 1) * market.columns):
        if market.states[e] == TAKEN:
            value = value_of(market, e)
            if value <= least:
                least, edge = value, e
    return least, edge


@compiled
def _accept(market: Market, asks: Any, e: int, epsilon: float) -> int:
    """Let a query take an edge, for its least one if it is full; return the item that lost, or -1.

    A query that would rather keep what it has says from now on what that is worth.
    """
    q, lost = e // market.columns, -1
    if market.held[q] == market.k:
        least, edge = _least_held(market, q)
        if value_of(market, e) + epsilon < least:
            asks[q] = least + epsilon
            return -1
        lost = market.items[edge]
        market.states[edge] = OPEN
        market.uses[lost] -= 1
        market.held[q] -= 1
    market.states[e] = TAKEN
    market.uses[market.items[e]] += 1
    market.held[q] += 1
    if market.held[q] == market.k:
        asks[q] = max(asks[q], _least_held(market, q)[0] + epsilon)
    return lost
