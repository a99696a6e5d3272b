"""The best total score there is, by min-cost flow; for sets of up to some million edges."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, MissingExtra
from pentad.groups.capacity.assignment import Assignment
from pentad.groups.capacity.market import base_and_span
from pentad.groups.capacity.outcome import conclude
from pentad.groups.capacity.problem import OPEN, TAKEN, Problem

EXTRA = "flow"
MOST_EDGES = 20_000_000
_STEPS = 1 << 30
_LEAST_SPAN = 1e-30


def exact(problem: Problem) -> Assignment:
    """Assign so that the total score is the greatest possible, by ortools.

    The total is the one that the auction looks for. Costs are whole numbers, what the best edge is
    worth in 2**30 steps; ``how`` says the ``bound`` that follows from rounding to them.

    Args:
        problem: What is to be assigned; its states are left as they are.

    Raises:
        MissingExtra: ortools is not installed.
        InputError: There are too many edges.
    """
    edges = np.flatnonzero(problem.states == OPEN)
    if len(edges) > MOST_EDGES:
        raise InputError(
            "too many edges for the exact assignment; use the auction",
            expected=f"<= {MOST_EDGES}",
            seen=len(edges),
        )
    flow = _flow()
    scores = problem.scores.reshape(-1)
    base, span = base_and_span(scores, problem.states.reshape(-1))
    step = max(span, _LEAST_SPAN) / _STEPS
    states = problem.states.copy()
    if len(edges):
        gains = np.rint((scores[edges].astype(np.float64) - base) / step).astype(np.int64)
        states.reshape(-1)[edges[_solve(flow, problem, edges, gains)]] = TAKEN
    bound = 1.5 * step * int((states == TAKEN).sum())
    return conclude(
        problem, states, {"method": "exact", "empty_place": float(base), "bound": float(bound)}
    )


def _solve(
    flow: Any, problem: Problem, edges: NDArray[np.int64], gains: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which edges carry flow: queries send k, to items or past them, and all ends in one."""
    queries, items = len(problem.items), len(problem.room)
    end, rows = queries + items, np.arange(queries)
    # One more than it is worth, so that of two best outcomes the one that fills a place is taken.
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        edges // problem.items.shape[1],
        queries + problem.items.reshape(-1)[edges],
        np.ones(len(edges), dtype=np.int64),
        -gains - 1,
    )
    places = np.arange(items)
    flow.add_arcs_with_capacity_and_unit_cost(
        queries + places, np.full(items, end), problem.room, np.zeros(items, dtype=np.int64)
    )
    wanted = np.full(queries, problem.k, dtype=np.int64)
    flow.add_arcs_with_capacity_and_unit_cost(
        rows, np.full(queries, end), wanted, np.zeros(queries, dtype=np.int64)
    )
    flow.set_nodes_supplies(rows, wanted)
    flow.set_node_supply(end, -queries * problem.k)
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise InputError("ortools found no assignment; use the auction", seen=str(status))
    return np.asarray(flow.flows(arcs)) > 0


def _flow() -> Any:
    try:
        module = importlib.import_module("ortools.graph.python.min_cost_flow")
    except ImportError:
        raise MissingExtra("ortools", EXTRA) from None
    return module.SimpleMinCostFlow()
