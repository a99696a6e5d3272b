"""Ids of rows: checked, in the smallest type, and the order that makes them ascend."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError

Ids = NDArray[np.uint32] | NDArray[np.uint64]

_HIGHEST = int(np.iinfo(np.uint32).max)


def as_ids(numbers: NDArray[np.generic]) -> Ids:
    """Return integers as `narrow_ids` does.

    Raises:
        InputError: They are no integers, one is negative, or two are equal.
    """
    ids = narrow_ids(numbers)
    _require_distinct(ids)
    return ids


def narrow_ids(numbers: NDArray[np.generic]) -> Ids:
    """Return integers as u32, or u64 where one is too large for that; the order stays.

    Raises:
        InputError: They are no integers, or one is negative.
    """
    if numbers.dtype.kind not in "iu" and len(numbers):
        raise InputError("ids must be integers", seen=numbers.dtype)
    if not len(numbers):
        return numbers.astype(np.uint32)
    if int(numbers.min()) < 0:
        raise InputError("ids must not be negative", seen=int(numbers.min()))
    wide = int(numbers.max()) > _HIGHEST
    return numbers.astype(np.uint64) if wide else numbers.astype(np.uint32)


def ordered_ids(ids: ArrayLike | None, count: int) -> tuple[NDArray[np.int64], Ids]:
    """Return the order in which ids ascend, and the ids in that order; default 0 to count - 1.

    Raises:
        InputError: As `as_ids`, or there are not as many as rows.
    """
    numbers = np.arange(count) if ids is None else np.asarray(ids)
    if numbers.shape != (count,):
        raise InputError("one id a row", expected=(count,), seen=numbers.shape)
    checked = as_ids(numbers)
    order = np.argsort(checked, kind="stable")
    return order, checked[order]


def ascends(ids: Ids) -> bool:
    """Return whether every id is greater than the one before it."""
    return len(ids) < 2 or bool((ids[1:] > ids[:-1]).all())


def _require_distinct(ids: Ids) -> None:
    if ascends(ids):
        return
    ordered = np.sort(ids)
    twice = np.flatnonzero(ordered[1:] == ordered[:-1])
    if len(twice):
        raise InputError(
            "an id is there twice",
            seen=int(ordered[int(twice[0])]),
        )
