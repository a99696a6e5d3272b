"""`Seen`: which rows were compared, so that a later run finds those that are new or changed.

Each stored row has a digest of 64 bits, of its type and its bytes. Every 8 bytes of a row are
scrambled by a function of their place that has an inverse; the results are added up. So a row of
which only one run of 8 bytes changed (four values of float16) has another digest for certain, and
one that changed in more places keeps its digest with a chance of 2^-64: one missed row in 10^19
that changed. A digest is no defence against somebody who looks for two rows that share one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import SchemaMismatch
from pentad.embeddings.embeddings import Embeddings, Ids
from pentad.neighbors.int8.jit import compiled

if TYPE_CHECKING:
    import polars as pl

_COLUMNS = ("side", "id", "digest")
_SIDES = ("query", "item")
_SEED = 20_240_229
_BLOCK = 1 << 22
_ONE, _TWO, _THREE = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xC2B2AE3D27D4EB4F

Words = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Seen:
    """The rows of both sides of a comparison.

    Attributes:
        query_ids: u32 or u64 (queries,), ascending.
        query_digests: u64 (queries,), of each query's stored vector.
        item_ids: u32 or u64 (items,), ascending.
        item_digests: u64 (items,), likewise.
    """

    query_ids: Ids
    query_digests: Words
    item_ids: Ids
    item_digests: Words

    @classmethod
    def of(cls, queries: Embeddings, corpus: Embeddings) -> Seen:
        """Return what there is to be compared now; reads every vector once."""
        return cls(
            queries.ids, row_digests(queries.vectors), corpus.ids, row_digests(corpus.vectors)
        )

    def frame(self) -> pl.DataFrame:
        """Return one row a vector: ``side`` (query or item), ``id``, ``digest``; queries first."""
        import polars as pl

        parts = (self.query_ids, self.query_digests), (self.item_ids, self.item_digests)
        side = np.repeat(np.arange(2, dtype=np.uint8), [len(ids) for ids, _ in parts])
        columns = {
            "side": pl.Series(side).replace_strict([0, 1], _SIDES, return_dtype=pl.Enum(_SIDES)),
            "id": np.concatenate([ids for ids, _ in parts]),
            "digest": np.concatenate([digests for _, digests in parts]),
        }
        return pl.DataFrame(columns)

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> Seen:
        """Read what `frame` gave. Ids of both sides come in the wider type of the two.

        Raises:
            SchemaMismatch: It has other columns.
        """
        if tuple(frame.columns) != _COLUMNS:
            raise SchemaMismatch("what was seen", ", ".join(_COLUMNS), ", ".join(frame.columns))
        of_queries = (frame["side"] == _SIDES[0]).to_numpy()
        ids, digests = frame["id"].to_numpy(), frame["digest"].to_numpy()
        return cls(ids[of_queries], digests[of_queries], ids[~of_queries], digests[~of_queries])


def row_digests(vectors: NDArray[Any]) -> Words:
    """Return a digest of the stored bytes of each row, u64 (n,).

    Takes a few MiB a thread; the vectors are read block by block.

    Args:
        vectors: (n, dim) of any type of numbers; may be memory-mapped.
    """
    import faiss

    size = int(vectors.shape[1]) * vectors.dtype.itemsize
    places = _places(-(-size // 8))
    kind = np.frombuffer(f"{vectors.dtype.str} {size}".encode().ljust(24), np.uint64)
    start = _digests(kind[None], _places(3), np.uint64(0))[0]
    step = max(1, _BLOCK // max(1, size))

    def block(first: int) -> Words:
        return _digests(_words(vectors[first : first + step]), places, start)

    with ThreadPoolExecutor(faiss.omp_get_max_threads()) as pool:
        parts = list(pool.map(block, range(0, len(vectors), step)))
    return np.concatenate([np.empty(0, np.uint64), *parts])


def _places(count: int) -> Words:
    """Return a number for each place of a row: that of a place is the same in all rows."""
    words = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_ONE) + np.uint64(_SEED)
    words ^= words >> np.uint64(31)
    words *= np.uint64(_TWO)
    words ^= words >> np.uint64(30)
    return words


def _words(rows: NDArray[Any]) -> Words:
    """Return the bytes of rows as numbers of 8 bytes, zeros at the end of each row as needed."""
    size = rows.shape[1] * rows.dtype.itemsize
    if size % 8 == 0 and size:
        words = np.ascontiguousarray(rows).view(np.uint64)
    else:
        padded = np.zeros((len(rows), -(-size // 8) * 8), np.uint8)
        padded[:, :size] = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), size)
        words = padded.view(np.uint64)
    words = np.require(words, requirements=["C", "A", "E"]).view()
    words.flags.writeable = False  # so that one compiled function serves mapped rows and others
    return words


@compiled
def _digests(words: Words, places: Words, start: np.uint64) -> Words:
    """Return the digest of each row of ``words`` (n, places)."""
    found = np.empty(len(words), np.uint64)
    for i in range(len(words)):
        total = start
        for j in range(len(places)):
            word = words[i, j] ^ places[j]
            word = (word ^ (word >> np.uint64(32))) * np.uint64(_TWO)
            word = (word ^ (word >> np.uint64(32))) * np.uint64(_THREE)
            total += word ^ (word >> np.uint64(32))
        total = (total ^ (total >> np.uint64(32))) * np.uint64(_TWO)
        found[i] = total ^ (total >> np.uint64(29))
    return found
