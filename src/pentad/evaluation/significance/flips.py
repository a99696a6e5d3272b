"""Ways to swap two systems unit by unit: all of them where they are few, else random ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.evaluation.blocks import row_blocks

PERMUTATIONS = 10_000
_CELLS = 1 << 22
_MOST_UNITS = 40


def is_exact(units: int, permutations: int) -> bool:
    """Return whether every one of the 2^units ways can be tried."""
    return units <= _MOST_UNITS and 1 << units <= permutations


def flips(
    units: int, rng: np.random.Generator, permutations: int = PERMUTATIONS
) -> Iterator[NDArray[np.uint8]]:
    """Yield which units are swapped: uint8 (some ways, units) of 0 and 1.

    All 2^units ways, the way that swaps nothing among them, where that is at most
    ``permutations``; else so many random ways. The blocks bound the memory; their size depends on
    ``units`` alone, and so do the draws.

    Raises:
        InputError: ``permutations`` is less than 1.
    """
    if permutations < 1:
        raise InputError("permutations must be at least 1", seen=permutations)
    exact = is_exact(units, permutations)
    ways = 1 << units if exact else permutations
    for block in row_blocks(ways, units, _CELLS):
        if exact:
            numbers = np.arange(block.start, block.stop, dtype=np.int64)
            yield (numbers[:, None] >> np.arange(units) & 1).astype(np.uint8)
        else:
            yield _random(rng, block.stop - block.start, units)


def p_values(reached: NDArray[np.int64], units: int, permutations: int) -> NDArray[np.float64]:
    r"""Return how often a difference as large as the one observed comes about by swapping.

    Of all ways it is the share $b / 2^m$, the observed way counted, which is itself one of them. Of
    $R$ random ways it is $(b + 1) / (R + 1)$, which is never 0 and never too small (Phipson and
    Smyth, "Permutation p-values should never be zero", Statistical Applications in Genetics and
    Molecular Biology 9:39, 2010).

    Args:
        reached: b, in how many ways the difference was at least as large as observed.
        units: m, how many units there were to swap.
        permutations: R.
    """
    if is_exact(units, permutations):
        return np.asarray(reached / (1 << units), np.float64)
    return np.asarray((reached + 1) / (permutations + 1), np.float64)


def _random(rng: np.random.Generator, rows: int, units: int) -> NDArray[np.uint8]:
    width = -(-units // 8)
    packed = np.frombuffer(rng.bytes(rows * width), np.uint8).reshape(rows, width)
    return np.unpackbits(packed, axis=1, count=units)
