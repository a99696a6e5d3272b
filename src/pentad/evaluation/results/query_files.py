"""Per-query values as Parquet: ``queries/<task>.<direction>.parquet``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import StoreError
from pentad.store.atomic import replacing

if TYPE_CHECKING:
    from pentad.evaluation.metrics.grammar import Metric
    from pentad.evaluation.scores import QueryScores

FOLDER = "queries"
_CLASS = "class"


@dataclass(frozen=True, eq=False)
class QueryTable:
    """What a file holds.

    Attributes:
        queries: (queries,) strings.
        units: int64 (queries,).
        relevant: int64 (queries,).
        values: float64 (metrics, queries).
        classes: (queries,) strings; None where queries have no class.
    """

    queries: NDArray[Any]
    units: NDArray[np.int64]
    relevant: NDArray[np.int64]
    values: NDArray[np.float64]
    classes: NDArray[Any] | None = None


def query_file(folder: Path, task: str, subset: str) -> Path:
    """Return where the queries of a direction lie."""
    return folder / FOLDER / f"{task}.{subset}.parquet"


def write_queries(path: Path, scores: QueryScores) -> None:
    """Write the values of a direction atomically; the same values give the same bytes.

    Raises:
        StoreError: The file cannot be written.
    """
    import polars as pl

    columns: dict[str, Any] = {
        "query": pl.Series([str(query) for query in scores.queries.tolist()], dtype=pl.String),
        "unit": scores.units.astype(np.int64),
        "relevant": scores.relevant.astype(np.int64),
    }
    if scores.classes is not None:
        columns[_CLASS] = pl.Series([str(c) for c in scores.classes.tolist()], dtype=pl.String)
    for metric, row in zip(scores.metrics, scores.values, strict=True):
        columns[str(metric)] = row.astype(np.float64)
    with replacing(path) as coming:
        pl.DataFrame(columns).write_parquet(coming)


def read_queries(path: Path, metrics: tuple[Metric, ...]) -> QueryTable:
    """Return what `write_queries` wrote.

    Raises:
        StoreError: The file is missing or damaged, or has other columns.
    """
    import polars as pl

    again = "score the task again"
    try:
        frame = pl.read_parquet(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error}); {again}") from error
    except pl.exceptions.PolarsError as error:
        raise StoreError(f"{path}: damaged ({error}); {again}") from error
    wanted = {"query": pl.String, "unit": pl.Int64, "relevant": pl.Int64}
    if _CLASS in frame.columns:
        wanted[_CLASS] = pl.String
    wanted |= {str(metric): pl.Float64 for metric in metrics}
    if dict(frame.schema) != wanted:
        seen = ", ".join(frame.columns)
        raise StoreError(f"{path}: expected columns {', '.join(wanted)}, found {seen}; {again}")
    if any(frame.null_count().row(0)):
        raise StoreError(f"{path}: a value is missing; {again}")
    return QueryTable(
        frame["query"].to_numpy(),
        frame["unit"].to_numpy(),
        frame["relevant"].to_numpy(),
        np.stack([frame[str(metric)].to_numpy() for metric in metrics]),
        frame[_CLASS].to_numpy() if _CLASS in frame.columns else None,
    )
