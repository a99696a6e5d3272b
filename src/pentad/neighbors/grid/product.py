"""One product of the grid: a query shard searched in a corpus shard, wherever a worker runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_array, fingerprint_value
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.grid.finished import product_path, read_product, write_product
from pentad.neighbors.grid.stored import StoredRows
from pentad.neighbors.merge import Ranked
from pentad.neighbors.metrics import Metric

_VERSION = 1


@dataclass(frozen=True, eq=False)
class QueryShard:
    """Queries of one shard.

    Attributes:
        vectors: (q, dim).
        start: The row of the first one among all queries.
        k: How many neighbors are wanted.
    """

    vectors: StoredRows
    start: int
    k: int


@dataclass(frozen=True, eq=False)
class ItemShard:
    """Items of one shard, and how they are searched.

    Attributes:
        vectors: (n, dim).
        start: The row of the first one among all items.
        metric: How pairs are scored.
        memory: Bytes that prepared rows may take.
        resume: Where finished products are kept, if anywhere.
        fingerprint: What the vectors are, if products are kept.
    """

    vectors: StoredRows
    start: int
    metric: Metric
    memory: int
    resume: Path | None = None
    fingerprint: str = ""


class SearchedShard:
    """A corpus shard where the work is done; made ready only if a product is still missing."""

    def __init__(self, shard: ItemShard) -> None:
        self.shard = shard

    @cached_property
    def vectors(self) -> NDArray[Any]:
        """The stored vectors, (n, dim)."""
        return self.shard.vectors.open()

    @cached_property
    def search(self) -> ExactSearch:
        """The vectors, ready to be searched.

        Raises:
            InputError: A value is not finite; the row is that among all items.
        """
        try:
            return ExactSearch(self.vectors, self.shard.metric, memory=self.shard.memory)
        except InputError as error:
            raise _among_all(error, self.shard.start) from None


def multiply(corpus: SearchedShard, queries: QueryShard) -> Ranked:
    """Return the best items of the shard for each query: rows among all items, and scores.

    Both are (q, min(k, n)). A product that is finished already is read.

    Raises:
        InputError: A value is not finite; the row is that among all queries, or all items.
        StoreError: Vectors cannot be read, or the product cannot be written.
    """
    shard, vectors = corpus.shard, queries.vectors.open()
    if shard.resume is None:
        return _searched(corpus, queries, vectors)
    fingerprint = product_fingerprint(fingerprint_array(vectors), shard, queries.k)
    shape = (len(vectors), min(queries.k, len(corpus.vectors)))
    path = product_path(shard.resume, fingerprint)
    found = read_product(path, fingerprint, shape)
    if found is None:
        found = _searched(corpus, queries, vectors)
        write_product(path, fingerprint, found)
    return found


def product_fingerprint(queries: str, shard: ItemShard, k: int) -> str:
    """Return what decides a product: nothing else does, so any later run may take it.

    Args:
        queries: The fingerprint of the queries' vectors.
        shard: The items; their fingerprint is set.
        k: How many neighbors are wanted.
    """
    return fingerprint_value(
        {
            "version": _VERSION,
            "queries": queries,
            "items": shard.fingerprint,
            "first_item": shard.start,
            "k": k,
            "metric": shard.metric.name,
        }
    )


def _searched(corpus: SearchedShard, queries: QueryShard, vectors: NDArray[Any]) -> Ranked:
    search, count = corpus.search, min(queries.k, len(corpus.vectors))
    try:
        rows, scores = search.search(vectors, count)
    except InputError as error:
        raise _among_all(error, queries.start) from None
    rows += corpus.shard.start
    return rows, scores


def _among_all(error: InputError, start: int) -> InputError:
    """Return an error that counts its row from the first of all shards."""
    if error.row is None:
        return error
    text = str(error).partition(": ")[2]
    return InputError(text, row=error.row + start)
