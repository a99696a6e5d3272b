"""`assign`: who gets which candidate, by the method of one's choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike

from pentad.core.errors import UnknownName
from pentad.groups.capacity.assignment import Assignment
from pentad.groups.capacity.auction import auction
from pentad.groups.capacity.exact import exact
from pentad.groups.capacity.greedy import greedy
from pentad.groups.capacity.problem import prepare

METHODS: dict[str, Callable[..., Assignment]] = {
    "greedy": greedy,
    "auction": auction,
    "exact": exact,
}


def assign(
    ids: ArrayLike,
    scores: ArrayLike,
    *,
    k: int,
    max_uses: ArrayLike | None = None,
    threshold: float | None = None,
    raw: ArrayLike | None = None,
    method: str = "greedy",
    **options: Any,
) -> Assignment:
    """Give each query up to k of its candidates, each item at most ``max_uses`` times.

    No query gets an item twice. Equal input gives equal output, whatever the method.

    Args:
        ids: int or uint (queries, columns), items, best first; a negative one is no candidate.
        scores: float32 (queries, columns), never ascending in a row.
        k: How many items each query wants.
        max_uses: How often an item may be used: one number, or an array with one for each item,
            of which the ids are then places; None for any number.
        threshold: A candidate with a lower raw score is not taken.
        raw: float32 (queries, columns), what the threshold is on; default the scores.
        method: ``greedy`` (best edge first), ``auction`` (near the greatest total score, and says
            how near) or ``exact`` (the greatest, for small sets; needs ortools).
        options: What the method takes besides, such as ``epsilon``.

    Raises:
        InputError: Shapes or limits that cannot be, a NaN, or scores that ascend within a row.
        UnknownName: There is no such method.
        MissingExtra: The method needs what is not installed.
    """
    if method not in METHODS:
        raise UnknownName("method", method, METHODS)
    problem = prepare(ids, scores, k=k, max_uses=max_uses, threshold=threshold, raw=raw)
    return METHODS[method](problem, **options)
