"""How large blocks and tiles may be, from the bytes there are."""

from __future__ import annotations

from dataclasses import dataclass

from pentad.core.errors import InputError

GROUP = 64
"""Items whose greatest sum is looked at first."""

ROWS = 32
"""Rows of a product are padded to multiples of this, as devices ask for."""

_MOST_QUERIES = 1 << 20
_MOST_LISTED = 1 << 24
_MOST_PRODUCTS = 1 << 30
_MOST_PAIRS = 1 << 18
_LEAST_MEMORY = 1 << 24


@dataclass(frozen=True)
class Sizes:
    """Sizes of what is on the device at once.

    Attributes:
        memory: The bytes they were made for.
        queries: Queries that stay while all items pass.
        tile: Queries of one product; a multiple of `ROWS`.
        items: Items of one block, and of one product; a multiple of `GROUP`.
        pairs: Pairs of rows that are multiplied together in float32.
    """

    memory: int
    queries: int
    tile: int
    items: int
    pairs: int

    @classmethod
    def of(cls, memory: int, width: int, listed: int) -> Sizes:
        """Return sizes for rows of ``width`` values and lists of ``listed`` items.

        A quarter of the memory is for queries, one for items (as stored, twice; in float32; as
        bytes; and float64 on the way), one for a product and what is made of it, one for pairs.
        The processor holds the lists of two blocks of queries, 40 bytes an entry.
        """
        quarter = memory // 4
        products = min(_MOST_PRODUCTS, quarter // 6)
        side = int(products**0.5)
        items = _multiple(min(2 * side, quarter // (16 * width)), GROUP)
        fitting = quarter // (8 * width + 64 * listed + 64)
        queries = min(_MOST_QUERIES, _MOST_LISTED // listed, fitting)
        tile = _multiple(min(products // items, side, queries), ROWS)
        pairs = min(_MOST_PAIRS, max(64, quarter // (12 * width)))
        return cls(memory, _multiple(queries, tile), tile, items, pairs)

    def halved(self, width: int, listed: int) -> Sizes:
        """Return sizes for half the memory.

        Raises:
            InputError: They would be too small to be of use.
        """
        if self.memory < 2 * _LEAST_MEMORY:
            raise InputError(
                "the device has too little free memory to search on; free some, or use the device "
                "cpu",
                seen=f"{self.memory >> 20} MiB were too many",
            )
        return Sizes.of(self.memory // 2, width, listed)


def _multiple(count: int, step: int) -> int:
    return max(1, count // step) * step
