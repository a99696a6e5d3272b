"""In which order rows are seen: every row once an epoch, seeded, blocks of rows together."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Order = NDArray[np.int64]
_POOL = 64
"""Blocks that are shuffled row by row at a time."""


def batches_of(rows: int, batch: int) -> int:
    """Return how many batches an epoch has."""
    return math.ceil(rows / batch)


def shuffled_batches(
    rows: int, batch: int, block: int, rng: np.random.Generator
) -> Iterator[Order]:
    """Yield the rows of one epoch; sizes of batches differ by at most one.

    Blocks of neighboring rows are drawn in random order, 64 at a time, and the rows of these are
    shuffled: whoever reads them from a file stays within 64 stretches of it.
    """
    pools, waiting = _pools(rows, block, rng), np.empty(0, dtype=np.int64)
    for size in _even(rows, batches_of(rows, batch)):
        while len(waiting) < size:
            waiting = np.concatenate([waiting, next(pools)])
        yield waiting[:size]
        waiting = waiting[size:]


def shuffled_runs(starts: Order, batches: int, rng: np.random.Generator) -> Iterator[Order]:
    """Yield the rows of one epoch in ``batches`` batches; a run of rows is never cut in two.

    Args:
        starts: (runs + 1,) where each run starts, and where the last one ends.
        batches: At most as many as there are runs.
        rng: Decides the order of the runs.
    """
    for runs in np.array_split(rng.permutation(len(starts) - 1), batches):
        lengths = starts[runs + 1] - starts[runs]
        ends = np.cumsum(lengths)
        shift = np.repeat(starts[runs] - (ends - lengths), lengths)
        yield np.arange(int(lengths.sum())) + shift


def _even(rows: int, batches: int) -> Iterator[int]:
    for number in range(batches):
        yield rows * (number + 1) // batches - rows * number // batches


def _pools(rows: int, block: int, rng: np.random.Generator) -> Iterator[Order]:
    blocks = rng.permutation(math.ceil(rows / block))
    for start in range(0, len(blocks), _POOL):
        parts = [
            np.arange(number * block, min(rows, (number + 1) * block))
            for number in blocks[start : start + _POOL]
        ]
        yield rng.permutation(np.concatenate(parts))
