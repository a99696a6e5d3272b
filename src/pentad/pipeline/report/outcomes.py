"""Of each query what its best results say: first answer, first relevant rank, margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """One value a query, in the order of the scores.

    Attributes:
        answer: (queries,) id of the first result; None where nothing was kept.
        rank: (queries,) of the first relevant result, infinite where none was kept.
        margin: (queries,) score of the best relevant result less that of the best other one; where
            no relevant one was kept, of the last one kept, which is an upper bound; infinite where
            only relevant ones were kept.
        bound: (queries,) whether ``margin`` is such a bound.
    """

    answer: NDArray[np.object_]
    rank: Floats
    margin: Floats
    bound: NDArray[np.bool_]


def outcomes(top: pl.DataFrame, queries: NDArray[Any], level: int = 1) -> Outcomes:
    """Return what results say of each query.

    Args:
        top: Columns query, rank, item, score, grade, sorted by query and rank.
        queries: (queries,) ids.
        level: The least grade that counts.
    """
    import polars as pl

    good = pl.col("grade") >= level
    found = top.group_by("query").agg(
        answer=pl.col("item").first(),
        rank=pl.col("rank").filter(good).min(),
        relevant=pl.col("score").filter(good).max(),
        other=pl.col("score").filter(~good).max(),
        last=pl.col("score").min(),
    )
    names = pl.DataFrame({"query": [str(query) for query in queries.tolist()]})
    rows = names.join(found, on="query", how="left", maintain_order="left")
    rank, relevant, other, last = (
        rows[name].cast(pl.Float64).to_numpy() for name in ("rank", "relevant", "other", "last")
    )
    kept = rows["answer"].is_not_null().to_numpy()
    bound = kept & np.isnan(relevant)
    margin = np.where(bound, last, relevant) - np.where(np.isnan(other), -np.inf, other)
    return Outcomes(
        rows["answer"].to_numpy(),
        np.where(kept & np.isnan(rank), np.inf, rank),
        np.where(kept, margin, np.nan),
        bound,
    )
