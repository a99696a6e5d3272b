"""The first half of an auction: queries bid for items and raise their prices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pentad.groups.capacity.market import Market, value_of
from pentad.groups.capacity.problem import OPEN, TAKEN
from pentad.neighbors.int8.jit import compiled


class Heaps(NamedTuple):
    """The bids that each item holds, the least first.

    Attributes:
        starts: int64 (items + 1,), where the heap of each item lies.
        bids: float64 (slots,).
        edges: (slots,), the edges of the bids.
    """

    starts: Any
    bids: Any
    edges: Any


@compiled
def raise_prices(market: Market, heaps: Heaps, epsilon: float, looks: int) -> int:
    """Let queries bid for what is worth most to them until none wants more.

    At the end a query holds, up to epsilon, what is worth most to it. It needs a market in which
    nobody holds anything.

    Args:
        market: Updated.
        heaps: Written.
        epsilon: By how much a bid goes beyond the value at which the query would as soon have
            its next best.
        looks: How many edges may be looked at.

    Returns:
        How many looks are left; negative where it ended for want of them.
    """
    queries, k = len(market.held), market.k
    queue, waiting = np.arange(queries), np.ones(queries, dtype=np.bool_)
    head, count = 0, queries
    values, picks = np.empty(k + 1, dtype=np.float64), np.empty(k + 1, dtype=np.int64)
    while count > 0:
        q = queue[head]
        head, count = (head + 1) % queries, count - 1
        waiting[q] = False
        looks -= market.columns
        if looks < 0:
            return looks
        lacking = k - market.held[q]
        found = _worth_most(market, q, lacking, values, picks)
        next_best = values[lacking] if found > lacking else 0.0
        for place in range(min(found, lacking)):
            e = picks[place]
            price = market.prices[market.items[e]]
            lost = _win(market, heaps, e, price + values[place] - next_best + epsilon)
            if lost < 0:
                continue
            loser = lost // market.columns
            if not waiting[loser]:
                waiting[loser] = True
                queue[(head + count) % queries] = loser
                count += 1
    return looks


@compiled
def _worth_most(market: Market, q: int, wanted: int, values: Any, picks: Any) -> int:
    """Write the open edges that are worth something, best first, one more than wanted."""
    found = 0
    for e in range(q * market.columns, (q + 1) * market.columns):
        if market.states[e] != OPEN:
            continue
        value = value_of(market, e)
        if value <= 0 or (found > wanted and value <= values[wanted]):
            continue
        place = min(found, wanted)
        while place > 0 and values[place - 1] < value:
            values[place], picks[place] = values[place - 1], picks[place - 1]
            place -= 1
        values[place], picks[place] = value, e
        found = min(found + 1, wanted + 1)
    return found


@compiled
def _win(market: Market, heaps: Heaps, e: int, bid: float) -> int:
    """Give an item to the query that bids for it; return the edge that leaves for it, or -1."""
    item = market.items[e]
    used, room, start = market.uses[item], market.room[item], heaps.starts[item]
    market.states[e] = TAKEN
    market.held[e // market.columns] += 1
    lost = np.int64(-1)
    if used < room:
        _add(heaps, start, used, bid, e)
        market.uses[item] += 1
    else:
        lost = np.int64(heaps.edges[start])
        _replace_least(heaps, start, used, bid, e)
        market.states[lost] = OPEN
        market.held[lost // market.columns] -= 1
    if market.uses[item] == room:
        market.prices[item] = max(market.prices[item], heaps.bids[start])
    return lost  # type: ignore[return-value]


@compiled
def _add(heaps: Heaps, start: int, used: int, bid: float, e: int) -> None:
    bids, edges = heaps.bids[start:], heaps.edges[start:]
    place = used
    while place > 0 and bids[(place - 1) // 2] > bid:
        above = (place - 1) // 2
        bids[place], edges[place] = bids[above], edges[above]
        place = above
    bids[place], edges[place] = bid, e


@compiled
def _replace_least(heaps: Heaps, start: int, used: int, bid: float, e: int) -> None:
    bids, edges = heaps.bids[start:], heaps.edges[start:]
    place = 0
    while 2 * place + 1 < used:
        below = 2 * place + 1
        if below + 1 < used and bids[below + 1] < bids[below]:
            below += 1
        if bids[below] >= bid:
            break
        bids[place], edges[place] = bids[below], edges[below]
        place = below
    bids[place], edges[place] = bid, e
