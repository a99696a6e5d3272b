"""A folder that ``datasets.load_dataset`` reads: Parquet by configuration, and a card.

    data/<table>/train-00000-of-00002.parquet    <table> is nn_1 .. or triplets
    README.md                                    the card

Media are not in it: rows name files, and licenses of many of them forbid to hand them on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pentad.core.progress import Progress
from pentad.publish.chunks import in_chunks
from pentad.publish.derived import derive, derived_columns, type_name
from pentad.publish.select import Selection
from pentad.publish.written import Written, add_up
from pentad.store.records import Commit

if TYPE_CHECKING:
    import polars as pl

FILE_ROWS = 1_000_000
_ROW_GROUP = 1 << 16


def write_parquet(
    selection: Selection, table: str, commit: Commit, *, file_rows: int, progress: Progress
) -> Written:
    """Write one table as Parquet files of so many rows each; its items are marked as published.

    The rows are gone through twice, first to know how many files there will be.
    """
    total = sum(len(chosen) for chosen in selection.of(table))
    count = max(1, -(-total // file_rows))
    names = [f"data/{table}/train-{n:05d}-of-{count:05d}.parquet" for n in range(count)]
    dropped = []
    with progress.task(f"write {table}", total) as task, _Files(names, file_rows, commit) as files:
        for chunk in in_chunks(selection.of(table), min(_ROW_GROUP, file_rows)):
            selection.mark(chunk)
            files.add(derive(selection, table, chunk))
            dropped.append(chunk.dropped)
            task.advance(len(chunk))
    columns = derived_columns(selection.bundle, table)
    return Written(table, tuple(names), "parquet", columns, total, add_up(dropped))


class _Files:
    """Takes rows and begins the next file when one is full."""

    def __init__(self, names: list[str], rows: int, commit: Commit) -> None:
        self._names, self._rows, self._commit = names, rows, commit
        self._begun = 0
        self._count = 0
        self._writer: Any = None

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def add(self, frame: pl.DataFrame) -> None:
        """Write rows, perhaps across the end of a file."""
        while len(frame) or not self._begun:
            if self._writer is None or (self._count == self._rows and len(frame)):
                self._next(frame)
            room = self._rows - self._count
            self._writer.write_table(_arrow(frame.head(room)))
            self._count += min(room, len(frame))
            frame = frame.slice(room)

    def _next(self, frame: pl.DataFrame) -> None:
        import pyarrow.parquet as pq

        self._close()
        path = self._commit.path(self._names[self._begun])
        schema = _arrow(frame.head(0)).schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", store_schema=False)
        self._begun += 1
        self._count = 0

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _arrow(frame: pl.DataFrame) -> Any:
    """Return an Arrow table with plain strings, which is what the card says."""
    import pyarrow as pa

    table = frame.to_arrow()
    fields = [pa.field(f.name, pa.string() if _is_text(f.type) else f.type) for f in table.schema]
    return table.cast(pa.schema(fields))


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def features(written: Written) -> list[tuple[str, str]]:
    """Return name and type of each column, as the card lists them."""
    return [(column.name, type_name(column)) for column in written.columns]
