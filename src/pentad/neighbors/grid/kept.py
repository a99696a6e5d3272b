"""Queries that are finished with all items: one file each run of them, in place of its products.

The products of all pairs would take as much room as there are corpus shards, times the result. So
they are kept only until their queries are finished.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pentad.core.fingerprint import fingerprint_array, fingerprint_value
from pentad.embeddings.stacked import StackedRows
from pentad.neighbors.grid.finished import product_path, read_product, write_product
from pentad.neighbors.grid.product import ItemShard, product_fingerprint
from pentad.neighbors.merge import Ranked
from pentad.store.atomic import discard


class KeptQueries:
    """What a folder holds of one search, by runs of queries."""

    def __init__(
        self, folder: Path, queries: NDArray[Any] | StackedRows, items: Sequence[ItemShard], k: int
    ) -> None:
        """Say which search it is.

        Args:
            folder: Where products are kept.
            queries: (q, dim), all of them.
            items: All shards; their fingerprints are set.
            k: How many neighbors are wanted, at most the number of items.
        """
        self._folder, self._queries, self._items, self._k = folder, queries, items, k
        self._search = [product_fingerprint("", shard, k) for shard in items]

    def read(self, part: slice) -> Ranked | None:
        """Return the result of a run of queries, or None if it is not finished."""
        path = self._path(part)
        if not path.exists():  # the vectors need not be read to know
            return None
        shape = (part.stop - part.start, self._k)
        return read_product(path, self._fingerprint(self._vectors(part)), shape)

    def write(self, part: slice, result: Ranked) -> None:
        """Keep the result of a run of queries, and remove the products it was merged from.

        Raises:
            StoreError: The disk is full or cannot be written.
        """
        vectors = self._vectors(part)
        write_product(self._path(part), self._fingerprint(vectors), result)
        for shard in self._items:
            name = product_fingerprint(vectors, shard, self._k)
            discard(product_path(self._folder, name))

    def _vectors(self, part: slice) -> str:
        return fingerprint_array(self._queries[part])

    def _fingerprint(self, vectors: str) -> str:
        return fingerprint_value([vectors, self._search])

    def _path(self, part: slice) -> Path:
        return product_path(self._folder, fingerprint_value([part.start, part.stop, self._search]))
