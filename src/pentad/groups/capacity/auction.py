"""The auction of Bertsekas with items that may be used several times: near the best total score.

Queries bid for items, epsilon above what would make them as soon have their next best, in phases
with an ever smaller epsilon that keep the prices. A phase ends with items that cost something and
are not full going down. Then the total is within epsilon of the best for each place filled; and
whatever happened, the prices prove a ceiling, so that how near it came is always known.

Beside the candidates it takes at most 19 bytes an edge (states three times, edges by item 4, bids
12) and some 40 bytes a query and an item. Of bids each item needs as many as it may be used, or as
it is a candidate, whichever is less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.groups.capacity.assignment import Assignment
from pentad.groups.capacity.bidding import Heaps, raise_prices
from pentad.groups.capacity.greedy import take_greedily
from pentad.groups.capacity.market import (
    Market,
    base_and_span,
    ceiling,
    clear,
    count_by_item,
    fill,
    list_by_item,
    worth,
)
from pentad.groups.capacity.outcome import conclude
from pentad.groups.capacity.problem import Problem
from pentad.groups.capacity.reverse import lower_prices

_WIDE = 1 << 32


def auction(
    problem: Problem, *, epsilon: float = 1e-3, scaling: float = 5.0, effort: float = 500.0
) -> Assignment:
    """Assign so that the total score is near the greatest possible, and never below greedy.

    Where scores are negative the total is that of scores less the least one, so that a filled place
    is never worth less than an empty one. ``how`` says ``epsilon`` (absolute), ``empty_place``
    (what was subtracted), ``bound`` (by how much the best total can exceed this one; at most
    epsilon for each place filled where it ``converged``), ``phases`` and ``looks`` (edges looked
    at).

    Args:
        problem: What is to be assigned; its states are left as they are.
        epsilon: How near to come for each place filled, as a share of what the best edge is worth.
        scaling: By how much a phase's epsilon is smaller than that of the one before.
        effort: How often an edge may be looked at on average; then it stops with what it has.

    Raises:
        InputError: A parameter that cannot be.
    """
    if not 0 < epsilon < 1 or not scaling > 1 or not effort > 0:
        expected = "epsilon between 0 and 1, scaling above 1, effort above 0"
        seen = f"{epsilon}, {scaling}, {effort}"
        raise InputError("an auction cannot run like this", expected=expected, seen=seen)
    states = problem.states.copy()
    take_greedily(problem, states)
    house = _House.of(problem)
    best = _Best(states, *worth(house.market.scores, house.market.base, states.reshape(-1)))
    last = max(epsilon * house.span, np.finfo(np.float64).tiny)
    looks = left = int(effort * problem.items.size)
    step, phases = house.span / scaling, 0
    while left >= 0:
        step, phases = max(step / scaling, last), phases + 1
        left = house.phase(step, left)
        best.offer(house.market)
        if step <= last or best.ceiling - best.worth <= last * best.taken:
            break
    how = {
        "method": "auction",
        "epsilon": float(last),
        "empty_place": float(house.market.base),
        "bound": float(max(0.0, best.ceiling - best.worth)),
        "phases": phases,
        "looks": looks - left,
        "converged": left >= 0,
    }
    return conclude(problem, best.states, how)


@dataclass(eq=False)
class _Best:
    """The best assignment of all phases, and the lowest ceiling."""

    states: NDArray[np.uint8]
    worth: float
    taken: int
    ceiling: float = np.inf

    def offer(self, market: Market) -> None:
        self.ceiling = min(self.ceiling, ceiling(market))
        value, taken = worth(market.scores, market.base, market.states)
        if value > self.worth:
            self.worth, self.taken = value, taken
            self.states.reshape(-1)[:] = market.states


@dataclass(frozen=True, eq=False)
class _House:
    """Where the phases take place."""

    market: Market
    heaps: Heaps
    begins: NDArray[np.int64]
    members: NDArray[Any]
    span: float

    @classmethod
    def of(cls, problem: Problem) -> _House:
        items, states = problem.items.reshape(-1), problem.states.flatten()
        kind = np.uint32 if items.size < _WIDE else np.int64
        begins = np.zeros(len(problem.room) + 1, dtype=np.int64)
        count_by_item(items, states, begins)
        members = np.empty(begins[-1], dtype=kind)
        list_by_item(items, states, begins, members)
        starts = np.zeros_like(begins)
        np.cumsum(np.minimum(problem.room, np.diff(begins)), out=starts[1:])
        bids = np.empty(starts[-1], dtype=np.float64)
        market, span = _market(problem, items, states)
        return cls(market, Heaps(starts, bids, np.empty(len(bids), kind)), begins, members, span)

    def phase(self, epsilon: float, looks: int) -> int:
        """Assign anew at the prices there are; return how many looks are left."""
        clear(self.market)
        left = raise_prices(self.market, self.heaps, epsilon, looks)
        if left >= 0:
            left = lower_prices(self.market, self.begins, self.members, epsilon, left)
        fill(self.market)
        return int(left)


def _market(
    problem: Problem, items: NDArray[np.int32], states: NDArray[np.uint8]
) -> tuple[Market, float]:
    scores = problem.scores.reshape(-1)
    base, span = base_and_span(scores, states)
    # What may not be used at all is out of reach, and what it would bring in is nothing.
    prices = np.where(problem.room == 0, span, 0.0)
    held = np.zeros(len(problem.items), dtype=np.int32)
    uses = np.zeros(len(problem.room), dtype=np.int32)
    columns = problem.items.shape[1]
    market = Market(
        items, scores, base, columns, problem.k, problem.room, states, prices, held, uses
    )
    return market, float(span)
