"""Parquet tables, in batches; text is decoded cell by cell, so that one bad cell costs one row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pentad.core.errors import Reason
from pentad.sources.columns import KNOWN_COLUMNS
from pentad.sources.lines import MARKING
from pentad.sources.refusal import Refused
from pentad.sources.rows import Row, Table


def parquet_table(path: Path) -> Table:
    """Open a Parquet file; only columns that mean something here are read.

    Raises:
        Refused: It is no Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, ValueError) as error:
        raise Refused(Reason.CORRUPT, f"not a Parquet file ({_first_line(error)})") from None
    columns = tuple(name for name in file.schema_arrow.names if name in KNOWN_COLUMNS)
    if len(set(columns)) < len(columns):
        file.close()
        raise Refused(Reason.CONFLICT, "two columns have the same name")
    return Table(columns or tuple(file.schema_arrow.names), _rows(file, columns))


def _rows(file: Any, columns: tuple[str, ...]) -> Iterator[Row]:
    import pyarrow as pa

    number = 0
    try:
        with file:
            for batch in file.iter_batches(columns=list(columns)):
                cells = [_cells(column) for column in batch.columns]
                for values in zip(*cells, strict=True):
                    number += 1
                    yield Row(number, columns, values)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Refused(Reason.CORRUPT, _first_line(error), line=number + 1) from None


def _cells(column: Any) -> list[object]:
    import pyarrow as pa
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not (types.is_string(column.type) or types.is_large_string(column.type)):
        return list(column.to_pylist())
    return [
        value and value.decode("utf-8", MARKING) if value is not None else None
        for value in column.cast(pa.large_binary()).to_pylist()
    ]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
