"""Tables of labels without a header, JSON, and whether a file is there.

These tables are lines of cells between commas, with quotes where a cell has a comma in it, and no
cell goes over several lines. So each line is read by itself, and a quote that is left open costs an
error about its own line. Tables with a header are read by `pentad.evaluation.tasks.table`.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError
from pentad.evaluation.tasks.table import text_lines, unreadable

MAX_JSON_BYTES = 1 << 28


def has_file(folder: Path, *names: str) -> bool:
    """Return whether a folder has one of these files; False where it cannot be looked at."""
    return any(_is(folder / name, "is_file") for name in names)


def has_folder(folder: Path, *names: str) -> bool:
    """Return whether a folder has one of these folders; False where it cannot be looked at."""
    return any(_is(folder / name, "is_dir") for name in names)


def first_file(root: Path, names: Sequence[str]) -> Path:
    """Return the first of some files that is below ``root``.

    Raises:
        InputError: None of them is there.
    """
    found = next((root / name for name in names if has_file(root, name)), None)
    if found is None:
        raise InputError(f"no {' or '.join(names)} in it", file=root)
    return found


def read_cells(
    path: Path, *, width: int | None = None, comment: str | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Yield 1-based line and cells, without the blanks around them, of each row.

    Args:
        path: The table.
        width: How many cells a row has to have; None for as many as the first.
        comment: What lines begin with that are no rows.

    Raises:
        InputError: It cannot be read or has no row, a row has another number of cells or wrong
            quotes, or a line is no UTF-8.
    """
    empty = True
    for number, line in text_lines(path):
        if comment is not None and line.lstrip().startswith(comment):
            continue
        empty = False
        try:
            cells = next(csv.reader([line], strict=True, skipinitialspace=True))
        except csv.Error as error:
            raise InputError(f"not a row of a table ({error})", file=path, row=number) from None
        width = len(cells) if width is None else width
        if len(cells) != width:
            raise InputError("a row has another number of cells; a cell with a comma needs quotes",
                             file=path, row=number, expected=width, seen=len(cells))  # fmt: skip
        yield number, [cell.strip() for cell in cells]
    if empty:
        raise InputError("the table has no rows", file=path)


def whole_number(text: str, *, file: Path, row: int, column: str) -> int:
    """Return a cell as a whole number from 0.

    Raises:
        InputError: It is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InputError("not a whole number from 0", file=file, row=row, column=column,
                         seen=repr(text[:80]))  # fmt: skip
    return int(text)


def read_json(path: Path) -> Any:
    """Return what a JSON file holds; one that ends in ``.gz`` is unpacked.

    Raises:
        InputError: It cannot be read, is too large, or is no JSON.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            data = file.read(MAX_JSON_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"not a whole gzip file ({error})", file=path) from None
    except OSError as error:
        raise unreadable(path, error) from None
    if len(data) > MAX_JSON_BYTES:
        raise InputError(f"more than {MAX_JSON_BYTES:,} bytes", file=path)
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON in UTF-8 ({error})", file=path) from None


def _is(path: Path, what: str) -> bool:
    try:
        return bool(getattr(path, what)())
    except (OSError, ValueError):
        return False
