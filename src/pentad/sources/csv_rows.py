"""CSV as it is met: commas, semicolons or tabs, cells over several lines, quotes left open.

A quote that is never closed would swallow the rest of the table. So a row over several lines that
comes out wrong is refused by its first line alone, and reading goes on at the second.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from pentad.core.errors import Reason
from pentad.sources.columns import KNOWN_COLUMNS
from pentad.sources.lines import numbered_lines, open_text
from pentad.sources.refusal import Refused
from pentad.sources.rows import Row, Table

ROW_LINES = 1000
_DELIMITERS = ",;\t|"

_Line = tuple[int, str | None]


def csv_table(path: Path) -> Table:
    """Open a table of separated values; the header tells the separator.

    Raises:
        Refused: It has no header, or names a column twice.
    """
    rows = _records(path)
    first = next(rows, None)
    if first is None:
        raise Refused(Reason.EMPTY_FILE, "the table is empty; it needs at least a header")
    if isinstance(first, Refused):
        raise first
    columns = tuple(str(value).strip() for value in first.values)
    twice = [name for name in KNOWN_COLUMNS if columns.count(name) > 1]
    if twice:
        raise Refused(
            Reason.CONFLICT, "the header names this column twice", line=first.line, column=twice[0]
        )
    return Table(columns, (_shaped(row, columns) for row in rows))


def _shaped(row: Row | Refused, columns: tuple[str, ...]) -> Row | Refused:
    return row if isinstance(row, Refused) else Row(row.line, columns, row.values)


class _Lines:
    """Physical lines for `csv.reader`, which can be given back."""

    def __init__(self, lines: Iterator[_Line]) -> None:
        self._lines = lines
        self._returned: list[_Line] = []
        self.taken: list[_Line] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        number, line = self._returned.pop() if self._returned else next(self._lines)
        self.taken.append((number, line))
        if line is None:
            raise Refused(Reason.TOO_LARGE, "the line is too long to be one of a table")
        if len(self.taken) > ROW_LINES:
            raise csv.Error("a quote is opened and not closed")
        return line

    def give_back(self) -> None:
        """Take back every line of the present row but its first."""
        self._returned += reversed(self.taken[1:])


def _records(path: Path) -> Iterator[Row | Refused]:
    with open_text(path, newline="") as text:
        lines = _Lines(numbered_lines(text))
        delimiter = _delimiter(path)
        width = 0
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            lines.taken = []
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, Refused) as error:
                yield _refused(error, lines)
                continue
            if all(line is None or not line.strip() for _, line in lines.taken):
                continue
            width = width or len(cells)
            if len(cells) == width:
                yield Row(lines.taken[0][0], (), cells)
            else:
                yield _refused(csv.Error(f"{len(cells)} cells, the header has {width}"), lines)


def _refused(error: csv.Error | Refused, lines: _Lines) -> Refused:
    line = lines.taken[0][0]
    alone = len(lines.taken) == 1
    lines.give_back()
    if isinstance(error, Refused) and alone:
        return Refused(error.reason, error.detail, line=line)
    text = str(error)
    if alone and "field larger" in text:
        return Refused(Reason.TOO_LARGE, "a cell is too long to be a caption", line=line)
    if not alone or "unexpected end" in text:
        text = "a quote is opened and not closed in its row"
    return Refused(Reason.BAD_ROW, text, line=line)


def _delimiter(path: Path) -> str:
    """Return the separator under which the header has the most known columns."""
    with open_text(path, newline="") as text:
        lines = (line for _, line in numbered_lines(text) if line is not None and line.strip())
        header = next(lines, "")
    return max(_DELIMITERS, key=lambda d: sum(n in KNOWN_COLUMNS for n in _names(header, d)))


def _names(header: str, delimiter: str) -> set[str]:
    try:
        return {cell.strip() for cell in next(csv.reader([header], delimiter=delimiter), [])}
    except csv.Error:
        return set()
