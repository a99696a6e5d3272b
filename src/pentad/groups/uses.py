"""How unevenly the items of a modality are used: hubs and items that no caption reaches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    used = np.sort(np.unique(ids, return_counts=True)[1]).astype(np.float64)
    total = max(corpus_size, len(used))
    figures = {
        "max": int(used.max(initial=0)),
        "mean": _rounded(used.sum() / total if total else 0.0),
        "gini": _rounded(_gini(used, total)),
        "skew": _rounded(_skew(used, total)),
    }
    never = _rounded((total - len(used)) / total) if corpus_size else None
    return {"items": total, "never_used": never, **figures}


def _gini(used: NDArray[np.float64], total: int) -> float:
    if not len(used):
        return 0.0
    place = np.arange(total - len(used) + 1, total + 1)
    return float(2 * (place * used).sum() / (total * used.sum()) - (total + 1) / total)


def _skew(used: NDArray[np.float64], total: int) -> float:
    if not total:
        return 0.0
    mean = used.sum() / total
    unused = total - len(used)
    second = (((used - mean) ** 2).sum() + unused * mean**2) / total
    third = (((used - mean) ** 3).sum() - unused * mean**3) / total
    return float(third / second**1.5) if second > 0 else 0.0


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS)
