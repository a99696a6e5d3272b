"""Ids that stand in the columns of a table and not in the names of files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from pentad.core.errors import InputError
from pentad.curation.leakage.external_ids import YOUTUBE, ExternalId, youtube_id
from pentad.sources.columns import FILE_COLUMNS
from pentad.sources.refusal import Refused
from pentad.sources.rows import TABLE_SUFFIXES, Row, open_table, table_columns

ID_COLUMNS = ("youtube_id", "ytid", "yt_id", "youtube_key", "youtube", "video_id", "url")
"""Columns with an id of YouTube or an address that holds one; the first that is there counts."""
_STARTS = ("start_time", "start_seconds", "start", "start_s")
_ENDS = ("end_time", "end_seconds", "end", "end_s")

IdsByFile = Mapping[str, ExternalId]
"""Last part of a file's name -> the id that a table gives it."""


def read_id_table(path: str | Path) -> IdsByFile:
    """Read a table with a column of files and a column of ids.

    Args:
        path: CSV, TSV, JSON Lines or Parquet.

    Raises:
        InputError: It cannot be read, or lacks one of the columns.
    """
    table = Path(path)
    if not table.is_file():
        raise InputError("there is no such table of ids", file=table)
    columns = table_columns(table)
    for needed in (FILE_COLUMNS, ID_COLUMNS):
        if not any(name in columns for name in needed):
            raise InputError(
                "a column is missing", file=table, expected=" or ".join(needed),
                seen=", ".join(columns) or "none",
            )  # fmt: skip
    try:
        return dict(_rows(table))
    except (OSError, Refused) as error:
        raise InputError(f"cannot be read ({error})", file=table) from None


def id_tables_of(source: Path) -> list[Path]:
    """Return the tables of a source that have a column of ids: itself, or those that lie in it."""
    if source.is_file():
        tables = [source] if source.suffix.lower() in TABLE_SUFFIXES else []
    else:
        patterns = [f"{folder}*{ending}" for folder in ("", "*/") for ending in TABLE_SUFFIXES]
        tables = sorted(place for pattern in patterns for place in source.glob(pattern))
    return [table for table in tables if _is_one(table_columns(table))]


def _is_one(columns: tuple[str, ...]) -> bool:
    return any(c in columns for c in FILE_COLUMNS) and any(c in columns for c in ID_COLUMNS)


def _rows(table: Path) -> Iterator[tuple[str, ExternalId]]:
    for row in open_table(table).rows:
        if not isinstance(row, Row):
            continue
        cells = dict(zip(row.columns, row.values, strict=False))
        file = _first(cells, FILE_COLUMNS)
        value = youtube_id(str(_first(cells, ID_COLUMNS) or "").strip())
        if file and value:
            times = (_seconds(_first(cells, names)) for names in (_STARTS, _ENDS))
            yield PurePosixPath(str(file)).name, ExternalId(YOUTUBE, value, *times)


def _first(cells: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((cells[name] for name in names if cells.get(name) not in (None, "")), None)


def _seconds(cell: object) -> float | None:
    try:
        value = float(str(cell))
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
