"""Finds the line that makes a table unreadable: slow, and run only when one is."""

from __future__ import annotations

import csv
import logging
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pentad.core.errors import InputError

_WIDEST = 1 << 28
_LONG = 20
_CUT = "the file is cut off here; fetch it again, or remove this row"
_log = logging.getLogger(__name__)


def find_fault(path: Path, kinds: Mapping[str, str], id_limit: int) -> InputError | None:
    """Return what is wrong with the first row that does not fit, or None.

    Lines are counted as an editor does, so that a row after quoted line breaks is found there. A
    last line without a line end is looked at closely: what can be checked of it is; a text that
    may have lost its end is only told.

    Args:
        path: The table.
        kinds: The columns that are read, as for `stream_table`.
        id_limit: Ids must be smaller.
    """
    with _long_cells(), path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as f:
        reader = csv.reader(f, strict=True)
        line, last = 1, None
        try:
            names = next(cells for cells in reader if cells)
            line = reader.line_num + 1
            for cells in reader:
                fault = _row_fault(path, line, names, cells, kinds, id_limit) if cells else None
                if fault is not None:
                    return fault
                last = (line, cells) if cells else last
                line = reader.line_num + 1
        except (csv.Error, StopIteration) as error:
            if "unexpected end" in str(error):
                return InputError(f"a quotation is never closed; {_CUT}", file=path, row=line)
            return _unreadable(path, line, error)
    if last is not None and not _ends_in_line_end(path):
        return _cut_fault(path, last[0], names, last[1])
    return None


def longest_row(path: Path) -> tuple[int, int]:
    """Return the line at which the longest row of a table begins, and its characters."""
    with _long_cells(), path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader, line, longest = csv.reader(file), 1, (0, 0)
        for cells in reader:
            longest = max(longest, (sum(map(len, cells)), line))
            line = reader.line_num + 1
    return longest[1], longest[0]


def _row_fault(
    path: Path,
    line: int,
    names: list[str],
    cells: list[str],
    kinds: Mapping[str, str],
    id_limit: int,
) -> InputError | None:
    if len(cells) != len(names):
        return InputError(
            "the row does not fit the header", file=path, row=line,
            expected=f"{len(names)} columns", seen=len(cells),
        )  # fmt: skip
    for name, cell in zip(names, cells, strict=True):
        wrong = _cell_fault(kinds.get(name), cell, id_limit)
        if wrong is not None:
            shown = cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            return InputError(wrong, file=path, row=line, column=name, seen=repr(shown[:60]))
    return None


def _cell_fault(kind: str | None, cell: str, id_limit: int) -> str | None:
    if kind is None:
        return None
    if is_undecodable(cell):
        return "not UTF-8; save the file as UTF-8"
    if kind == "id" and cell and not _is_id(cell, id_limit):
        return f"not an id: a whole number from 0 to {id_limit - 1} is needed"
    if kind == "number" and cell and not _is_number(cell):
        return "not a number"
    return None


def is_undecodable(text: str) -> bool:
    """Return whether a text read with ``surrogateescape`` has bytes that are not UTF-8."""
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def _is_id(cell: str, limit: int) -> bool:
    text = cell.strip(" \t")
    digits = text.lstrip("0") or "0"
    return text.isascii() and text.isdigit() and len(digits) < _LONG and int(digits) < limit


def _is_number(cell: str) -> bool:
    try:
        return "_" not in cell and math.isfinite(float(cell))
    except ValueError:
        return False


def _cut_fault(path: Path, line: int, names: list[str], cells: list[str]) -> InputError | None:
    """Return a fault where the last cell cannot be whole; say so where nobody can tell."""
    name, cell = names[-1], cells[-1]
    if name == "save_folder" and cell not in _values(path, name, line):
        return InputError(
            f"the last line has no line end, and no other row has this value; {_CUT}",
            file=path, row=line, column=name, seen=repr(cell),
        )  # fmt: skip
    if name in ("annotation", "nn_index", "save_folder") and cell:
        return None
    _log.warning(
        "%s:%d [%s]: the last line has no line end; if the file is cut off, %r is not whole",
        path, line, name, cell[-40:],
    )  # fmt: skip
    return None


def _values(path: Path, name: str, before: int) -> set[str]:
    with _long_cells(), path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file)
        column = next(cells for cells in reader if cells).index(name)
        rows = (cells for cells in reader if cells and reader.line_num < before)
        return {cells[column] for cells in rows}


def _ends_in_line_end(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) in (b"\n", b"\r")


def _unreadable(path: Path, line: int, error: Exception) -> InputError:
    return InputError(f"cannot be read as CSV ({error})", file=path, row=line)


@contextmanager
def _long_cells() -> Iterator[None]:
    before = csv.field_size_limit(_WIDEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)
