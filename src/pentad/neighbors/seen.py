"""`Seen`: which rows were compared, so that a later run finds those that are new or changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import SchemaMismatch
from pentad.embeddings.embeddings import Embeddings, Ids

if TYPE_CHECKING:
    import polars as pl

_COLUMNS = ("side", "id", "digest")
_SIDES = ("query", "item")

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
        from pentad.neighbors.digests import row_digests

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
