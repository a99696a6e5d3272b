"""A folder that ``datasets.load_dataset`` reads: Parquet by configuration, and a card.

    data/<table>/train-00000-of-00002.parquet    <table> is nn_1 .. or triplets
    README.md                                    the card

Media are not in it: rows name files, and licenses of many of them forbid to hand them on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pentad.core.progress import Progress
from pentad.publish.bundle import RANK
from pentad.publish.chunks import in_chunks
from pentad.publish.derived import derive, derived_columns, type_name
from pentad.publish.select import Selection
from pentad.publish.written import Written, add_up
from pentad.store.records import Commit

if TYPE_CHECKING:
    import pyarrow as pa

FILE_ROWS = 1_000_000
_ROW_GROUP = 1 << 16
_LEVEL = 1
_REPEATED = (RANK, "annotation", "annotation_str", "paired_modality", "annotated_modality")


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

    def add(self, table: pa.Table) -> None:
        """Write rows, perhaps across the end of a file."""
        while len(table) or not self._begun:
            if self._writer is None or (self._count == self._rows and len(table)):
                self._next(table.schema)
            room = self._rows - self._count
            self._writer.write_table(table.slice(0, room))
            self._count += min(room, len(table))
            table = table.slice(room)

    def _next(self, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        self._close()
        path = self._commit.path(self._names[self._begun])
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            compression_level=_LEVEL,
            use_dictionary=_few_values(schema),
            write_statistics=_numbers(schema),
            store_schema=False,  # the card promises strings, a reader would make categories
        )
        self._begun += 1
        self._count = 0

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _few_values(schema: pa.Schema) -> list[str]:
    import pyarrow as pa

    return [f.name for f in schema if pa.types.is_dictionary(f.type) or f.name in _REPEATED]


def _numbers(schema: pa.Schema) -> list[str]:
    import pyarrow as pa

    return [f.name for f in schema if pa.types.is_integer(f.type)]


def features(written: Written) -> list[tuple[str, str]]:
    """Return name and type of each column, as the card lists them."""
    return [(column.name, type_name(column)) for column in written.columns]
