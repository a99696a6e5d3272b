"""Tables of any format as a stream of rows: `open_table` chooses the format by the file name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import Reason
from pentad.sources.refusal import Refused

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the table.

    Attributes:
        line: 1-based line of the file where the row begins; for Parquet the 1-based row.
        columns: Names of the cells.
        values: The cells: text, None for a null, or whatever else the format holds.
    """

    line: int
    columns: tuple[str, ...]
    values: Sequence[object]


@dataclass(frozen=True, slots=True)
class Table:
    """One opened table.

    Attributes:
        columns: Names of all columns, or None where every row brings its own.
        rows: Rows and refused rows, in file order; a `Refused` that is raised ends the table.
    """

    columns: tuple[str, ...] | None
    rows: Iterator[Row | Refused]


def table_columns(path: Path) -> tuple[str, ...]:
    """Return the columns of a table, for JSON Lines those of its first row; none if unreadable."""
    try:
        table = open_table(path)
        if table.columns is not None:
            return table.columns
        first = next(table.rows, None)
    except (OSError, Refused):
        return ()
    return first.columns if isinstance(first, Row) else ()


def open_table(path: Path) -> Table:
    """Open a CSV, JSON Lines or Parquet file.

    Raises:
        Refused: It is empty, unreadable, or not of the format that its name says.
    """
    if path.stat().st_size == 0:
        raise Refused(Reason.EMPTY_FILE, "the table is empty; it needs at least a header")
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        from pentad.sources.parquet_rows import parquet_table

        return parquet_table(path)
    if suffix in {".jsonl", ".ndjson"}:
        from pentad.sources.json_rows import json_table

        return json_table(path)
    from pentad.sources.csv_rows import csv_table

    return csv_table(path)
