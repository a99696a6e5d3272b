"""Where queries and items are cut. The result does not depend on it; memory and time do."""

from __future__ import annotations

from dataclasses import dataclass

from pentad.core.errors import InputError

MEMORY = 1 << 29
"""Bytes that the items of one shard may take in a worker, as stored and prepared."""

_QUERY_BYTES = 1 << 28
_FEWEST = 1024
_FLOAT32, _FLOAT64 = 4, 8


@dataclass(frozen=True)
class Plan:
    """How a search is cut up.

    Attributes:
        queries: The queries of each shard, as runs of rows.
        items: The items of each shard, likewise.
    """

    queries: tuple[slice, ...]
    items: tuple[slice, ...]

    @property
    def products(self) -> int:
        """How many pairs of a query shard and a corpus shard there are."""
        return len(self.queries) * len(self.items)


def make_plan(
    queries: int,
    items: int,
    dim: int,
    itemsize: int,
    *,
    memory: int = MEMORY,
    query_rows: int | None = None,
    item_rows: int | None = None,
) -> Plan:
    """Cut up a search.

    Args:
        queries: How many there are.
        items: How many there are.
        dim: Values of a vector.
        itemsize: Bytes of a stored value.
        memory: Bytes that the items of one shard may take in a worker, as stored and prepared.
        query_rows: Queries of a shard; default as many as are searched together, 256 MiB of
            float64.
        item_rows: Items of a shard; default as many as ``memory`` allows, in shards of about one
            size.

    Raises:
        InputError: A size is less than 1.
    """
    for name, value in (("memory", memory), ("query_rows", query_rows), ("item_rows", item_rows)):
        if value is not None and value < 1:
            raise InputError(f"{name} must be at least 1", seen=value)
    if query_rows is None:
        query_rows = max(_FEWEST, _QUERY_BYTES // (_FLOAT64 * max(1, dim)))
    if item_rows is None:
        width = dim * (itemsize + _FLOAT32) + _FLOAT32 + _FLOAT64
        most = max(_FEWEST, memory // width)
        item_rows = -(-items // max(1, -(-items // most)))
    return Plan(_runs(queries, query_rows), _runs(items, item_rows))


def _runs(length: int, size: int) -> tuple[slice, ...]:
    return tuple(slice(s, min(s + size, length)) for s in range(0, length, max(1, size)))
