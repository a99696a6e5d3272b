"""Blocks of Arrow data as polars frames, and streams of them as lazy frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

Stream = Callable[[Sequence[str] | None], Iterator[Any]]


def frame_of(table: pa.Table) -> pl.DataFrame:
    """Return a table as a frame; dictionary columns become plain strings, not categories."""
    import polars as pl

    frame: Any = pl.from_arrow(table.cast(plain_schema(table.schema)))
    return frame  # type: ignore[no-any-return]


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema with strings in the place of dictionaries."""
    import pyarrow as pa

    return pa.schema(
        [(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in schema]
    )


def lazy_frame(schema: pa.Schema, stream: Stream) -> pl.LazyFrame:
    """Return a lazy frame over a stream of blocks that is opened anew for each query.

    Columns that a query does not need are not made; a limit stops the stream early.

    Args:
        schema: Of the blocks with all columns.
        stream: Takes the columns that are needed (None for all), yields Arrow tables.
    """
    from polars.io.plugins import register_io_source

    def frames(
        columns: list[str] | None,
        predicate: pl.Expr | None,
        limit: int | None,
        _batch: int | None,
    ) -> Iterator[pl.DataFrame]:
        left = limit
        for block in stream(columns):
            frame = frame_of(block)
            frame = frame if columns is None else frame.select(columns)
            if left is not None:
                frame = frame.head(left)
                left -= frame.height
            yield frame if predicate is None else frame.filter(predicate)
            if left == 0:
                return

    return register_io_source(frames, schema=dict(frame_of(schema.empty_table()).schema))
