"""How unevenly the items of a modality are used: hubs and items that no caption reaches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.hubs import gini_of, skewness

_DIGITS = 6


def use_figures(ids: NDArray[Any], corpus_size: int) -> dict[str, float | int | None]:
    """Return figures over how often each item occurs (its k-occurrence).

    Args:
        ids: Every use of an item, in any order.
        corpus_size: How many items could have been used; 0 where that is not known, and then only
            used items count.

    Returns:
        ``items``, ``max``, ``mean``, ``never_used`` (share; None where the corpus size is not
        known), ``gini`` (0 even .. 1 all uses on one item), ``skew`` (of the distribution of uses;
        above 1 there are hubs).
    """
    used = np.unique(ids, return_counts=True)[1]
    total = max(corpus_size, len(used))
    unused = total - len(used)
    found, often = (array.tolist() for array in np.unique(used, return_counts=True))
    times, items = ([0, *found], [unused, *often]) if unused else (found, often)
    never = unused / total if corpus_size else None
    return {
        "items": total,
        "never_used": None if never is None else round(never, _DIGITS),
        "max": int(used.max(initial=0)),
        "mean": round(len(ids) / total if total else 0.0, _DIGITS),
        "gini": round(gini_of(times, items), _DIGITS),
        "skew": round(skewness(times, items), _DIGITS),
    }
