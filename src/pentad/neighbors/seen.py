"""`Seen`: which rows were compared, so that a later run finds those that are new or changed.

Behind the neighbors of each query come a few spare ones. Where neighbors are removed, the next in
line are known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import SchemaMismatch
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.ids import Ids

if TYPE_CHECKING:
    import polars as pl

_COLUMNS = ("side", "id", "digest")
_SIDES = ("query", "item")
_SPARE_COLUMNS = ("query_id", "rank", "item_id", "score")

SPARE = 4
"""How many spare neighbors are found for each query, where there are as many items."""

Words = NDArray[np.uint64]
Rows = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Seen:
    """The rows of both sides of a comparison.

    Attributes:
        query_ids: u32 or u64 (queries,), ascending.
        query_digests: u64 (queries,), of each query's stored vector.
        item_ids: u32 or u64 (items,), ascending.
        item_digests: u64 (items,), likewise.
        spare_ids: u32 or u64 (queries, s), the neighbors of ranks k + 1 to k + s; or None.
        spare_scores: float32 (queries, s), their scores; NaN, at the end, where there is none.
    """

    query_ids: Ids
    query_digests: Words
    item_ids: Ids
    item_digests: Words
    spare_ids: Ids | None = None
    spare_scores: Rows | None = None

    @classmethod
    def of(
        cls,
        queries: Embeddings,
        corpus: Embeddings,
        spare_ids: Ids | None = None,
        spare_scores: Rows | None = None,
    ) -> Seen:
        """Return what there is to be compared now; reads every vector once."""
        from pentad.neighbors.digests import row_digests

        seen = row_digests(queries.vectors), row_digests(corpus.vectors)
        return cls(queries.ids, seen[0], corpus.ids, seen[1], spare_ids, spare_scores)

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

    def spares(self) -> tuple[Ids, Rows]:
        """Return ids and scores of the spare neighbors, both (queries, s), s at most `SPARE`."""
        if self.spare_ids is None or self.spare_scores is None:
            shape = (len(self.query_ids), 0)
            return np.empty(shape, self.item_ids.dtype), np.empty(shape, np.float32)
        return self.spare_ids[:, :SPARE], self.spare_scores[:, :SPARE]

    def spare_frame(self, k: int) -> pl.DataFrame:
        """Return one row a spare neighbor: ``query_id, rank, item_id, score``, ranks from k + 1."""
        import polars as pl

        ids, scores = self.spares()
        row, column = np.nonzero(~np.isnan(scores))
        rank = (column + k + 1).astype(np.uint32)
        values = self.query_ids[row], rank, ids[row, column], scores[row, column]
        return pl.DataFrame(dict(zip(_SPARE_COLUMNS, values, strict=True)))

    def with_spares(self, frame: pl.DataFrame, k: int) -> Seen:
        """Take in what `spare_frame` gave.

        Raises:
            SchemaMismatch: It has other columns.
        """
        if tuple(frame.columns) != _SPARE_COLUMNS:
            wanted = ", ".join(_SPARE_COLUMNS)
            raise SchemaMismatch("spare neighbors", wanted, ", ".join(frame.columns))
        query, rank, item, score = (frame[name].to_numpy() for name in _SPARE_COLUMNS)
        column = rank.astype(np.int64) - k - 1
        shape = len(self.query_ids), int(column.max(initial=-1)) + 1
        ids, scores = np.zeros(shape, item.dtype), np.full(shape, np.nan, np.float32)
        row = np.searchsorted(self.query_ids, query)
        ids[row, column], scores[row, column] = item, score
        return replace(self, spare_ids=ids, spare_scores=scores)
