"""What decides who gets an item first: scores, with native items that were put first above all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.neighbors import Neighbors

_LARGEST = int(np.float32(np.finfo(np.float32).max).view(np.uint32))


def deciding_keys(neighbors: Neighbors) -> NDArray[np.float32]:
    """Return what an assignment goes by, float32 (queries, columns), descending in each row.

    That is `Neighbors.order`: adjusted scores where there are some. Native items that were put
    first stand ahead of better scores. Their keys lie above those of all other candidates, of any
    caption, so that nobody is ahead of a caption at its own item but another of the item's own
    captions. Among themselves they keep their order: the keys are the numbers that follow the
    greatest other one in float32 (or 1), a step for each different score, so that none is lost to
    rounding.
    """
    native, order = neighbors.native, neighbors.order
    if native is None or not _puts_first(neighbors):
        return order
    lead = np.logical_and.accumulate(native, axis=1)
    others = order[~lead]
    base = np.float32(max(1.0, others.max(initial=1.0)))
    levels, steps = np.unique(order[lead], return_inverse=True)
    bits = int(base.view(np.uint32)) + 1 + np.arange(len(levels), dtype=np.int64)
    above = np.minimum(bits, _LARGEST).astype(np.uint32).view(np.float32)
    keys = order.copy()
    keys[lead] = above[steps]
    # Own items of one caption stand best first; if they do not, their places are what counts.
    falling = np.minimum.accumulate(keys, axis=1)
    return np.where(lead, falling, keys)


def _puts_first(neighbors: Neighbors) -> bool:
    """Return whether native items were put first, by what the search says or as is seen."""
    said = neighbors.how.get("native")
    if isinstance(said, Mapping) and said.get("treatment") == "first":
        return True
    order = neighbors.order
    return bool((order[:, 1:] > order[:, :-1]).any())
