"""Arguments as people give them: one value or several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pentad.core.errors import InputError


def names_of(given: str | Iterable[str] | None) -> tuple[str, ...] | None:
    """Return names, each once; a single one may stand by itself, None stays."""
    if given is None:
        return None
    return (given,) if isinstance(given, str) else tuple(dict.fromkeys(given))


def ranks_of(given: int | Iterable[int]) -> tuple[int, ...]:
    """Return ranks of neighbors, each once, in the order given.

    Raises:
        InputError: There is none, or one that is no whole number.
    """
    ranks = _several(given)
    for rank in ranks:
        if isinstance(rank, bool) or not isinstance(rank, int | np.integer):
            raise InputError("a rank of neighbors is a whole number from 1", seen=repr(rank))
    if not ranks:
        raise InputError("name at least one rank of neighbors")
    return tuple(dict.fromkeys(int(rank) for rank in ranks))


def _several(given: Any) -> tuple[Any, ...]:
    single = isinstance(given, str) or not isinstance(given, Iterable)
    return (given,) if single else tuple(given)
