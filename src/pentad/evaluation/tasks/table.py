"""Tables of benchmarks, read strictly: the first row that does not fit ends the reading.

Unlike a source of items, a benchmark with a row left out is another benchmark. So nothing is
passed over here: every fault is an `InputError` that names file, row and column. Media that are
missing are another matter, see `pentad.evaluation.tasks.build`.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError
from pentad.sources.lines import checked_text, numbered_lines, open_text
from pentad.sources.refusal import Refused


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table.

    Attributes:
        file: The table.
        number: 1-based line; in Parquet 1-based row.
        cells: Column -> cell.
    """

    file: Path
    number: int
    cells: Mapping[str, object]

    def exact(self, column: str) -> str:
        """Return a cell that must hold text, with the blanks around it."""
        try:
            value = checked_text(self.cells.get(column), column)
        except Refused as refused:
            raise self.wrong(refused.detail, column) from None
        if not value or not value.strip():
            raise self.wrong("text is missing here", column)
        return value

    def text(self, column: str) -> str:
        """Return a cell that must hold text, without the blanks around it."""
        found = self.optional_text(column)
        if found is None:
            raise self.wrong("text is missing here", column)
        return found

    def optional_text(self, column: str) -> str | None:
        """Return a cell of text without the blanks around it; None where it is empty or null."""
        try:
            return (checked_text(self.cells.get(column), column) or "").strip() or None
        except Refused as refused:
            raise self.wrong(refused.detail, column) from None

    def whole(self, column: str) -> int | None:
        """Return a cell as a whole number; None for a null."""
        value = self.cells.get(column)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise self.wrong("not a whole number", column, repr(value))

    def number_of(self, column: str) -> float | None:
        """Return a cell as a finite number; None for a null."""
        value = self.cells.get(column)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        raise self.wrong("not a number", column, repr(value))

    def wrong(self, message: str, column: str | None = None, seen: str | None = None) -> InputError:
        """Return the error that tells of something in this row."""
        shown = seen if seen is None or len(seen) < 80 else f"{seen[:77]}..."
        return InputError(message, file=self.file, row=self.number, column=column, seen=shown)


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and content of every line that is not blank, without its end.

    Raises:
        InputError: It cannot be read, or a line is not UTF-8 or far too long.
    """
    try:
        with open_text(path, newline="\n") as text:
            for number, line in numbered_lines(text):
                checked = _checked(path, number, line)
                if checked.strip():
                    yield number, checked.rstrip("\r\n")
    except OSError as error:
        raise unreadable(path, error) from None


def csv_rows(path: Path, columns: Sequence[str], *, delimiter: str = ",") -> Iterator[TableRow]:
    """Yield the rows of a table of separated values with a header.

    Args:
        path: The table; UTF-8 with or without a byte order mark.
        columns: Columns that it must have; others are there for the asking.
        delimiter: What separates the cells.

    Raises:
        InputError: It cannot be read, a column is missing or there twice, or a row does not fit.
    """
    records = _records(path, delimiter)
    number, header = next(records, (1, []))
    names = [name.strip() for name in header]
    if not any(names):
        raise InputError("the table is empty; not even a header is there", file=path)
    require_columns(path, names, columns)
    for number, cells in records:
        if len(cells) != len(names):
            raise InputError("this row does not fit the header", file=path, row=number,
                             expected=f"{len(names)} cells", seen=len(cells))  # fmt: skip
        yield TableRow(path, number, dict(zip(names, cells, strict=True)))


def require_columns(path: Path, names: Sequence[str], columns: Sequence[str]) -> None:
    """Raise `InputError` unless each of ``columns`` is once among ``names``."""
    for column in columns:
        if names.count(column) != 1:
            what = "this column is missing" if column not in names else "two columns are named so"
            seen = f"columns {', '.join(map(repr, names[:12]))}"
            raise InputError(what, file=path, column=column, seen=seen)


def json_rows(path: Path) -> Iterator[TableRow]:
    """Yield the objects of a file of JSON Lines.

    Raises:
        InputError: It cannot be read, or a line is no JSON object.
    """
    for number, line in text_lines(path):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"not JSON ({error})", file=path, row=number) from None
        if not isinstance(value, dict):
            raise InputError("not a JSON object", file=path, row=number)
        yield TableRow(path, number, value)


def parquet_rows(path: Path) -> Iterator[TableRow]:
    """Yield the rows of a Parquet table.

    Raises:
        InputError: It cannot be read, or is no whole Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            require_columns(path, names, list(dict.fromkeys(names)))
            for batch in file.iter_batches():
                for cells in batch.to_pylist():
                    number += 1
                    yield TableRow(path, number, cells)
    except OSError as error:
        raise unreadable(path, error) from None
    except (pa.ArrowException, ValueError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"not a whole Parquet table ({line})", file=path) from None


def json_object(path: Path) -> dict[str, Any]:
    """Return a file that holds one JSON object.

    Raises:
        InputError: It cannot be read, or is no JSON object.
    """
    from pentad.sources.published import published_json

    return published_json(path)


def unreadable(path: Path, error: OSError) -> InputError:
    """Return what the operating system said of a file."""
    return InputError(f"cannot be read ({error.strerror or error})", file=path)


def _records(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line at which each record begins, and its cells; blank lines are none."""
    taken: list[tuple[int, str]] = []

    def lines() -> Iterator[str]:
        with open_text(path, newline="") as text:
            for number, line in numbered_lines(text):
                taken.append((number, _checked(path, number, line)))
                yield taken[-1][1]

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    while True:
        taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cells = _loosely_quoted(path, taken, delimiter, error)
        except OSError as error:
            raise unreadable(path, error) from None
        if any(cell.strip() for cell in cells):
            yield taken[0][0], cells


def _loosely_quoted(
    path: Path, taken: list[tuple[int, str]], delimiter: str, error: csv.Error
) -> list[str]:
    """Return the cells of a record with text behind a closing quote, as other programs take it.

    Raises:
        InputError: Something else is wrong, such as a quote that is never closed.
    """
    if "expected after" in str(error):
        records = list(csv.reader([line for _, line in taken], delimiter=delimiter))
        if len(records) == 1:
            return records[0]
    number = taken[0][0] if taken else None
    raise InputError(f"not a row of a table ({error})", file=path, row=number)


def _checked(path: Path, number: int, line: str | None) -> str:
    if line is None:
        raise InputError("this line is too long to be one of a table", file=path, row=number)
    try:
        return checked_text(line) or ""
    except Refused as refused:
        raise InputError(refused.detail, file=path, row=number) from None


def first_row(rows: Iterator[TableRow], path: Path) -> Iterator[TableRow]:
    """Return the same rows, having made sure that there is one.

    Raises:
        InputError: There is none.
    """
    first = next(rows, None)
    if first is None:
        raise InputError("the table has no rows", file=path)
    return chain([first], rows)
