"""Rows of a table: the first ones printed, or what was written and where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import polars as pl

_WIDEST = 44


def show_rows(frame: pl.LazyFrame, *, head: int, json: bool) -> int:
    """Print the first rows as a table or as JSON lines, and on stderr how many there are.

    Returns:
        How many there are.
    """
    import polars as pl

    from pentad.cli.output import emit, print_table

    first = frame.head(head).collect()
    rows = frame.select(pl.len()).collect().item()
    if json:
        for row in first.iter_rows(named=True):
            emit(row)
    else:
        print_table(first.columns, [[_short(cell) for cell in row] for row in first.iter_rows()])
    more = "; --out FILE writes all of them" if rows > first.height else ""
    typer.echo(f"{first.height} of {rows} rows{more}", err=True)
    return int(rows)


def show_written(out: Path, rows: int, columns: list[str], *, json: bool) -> None:
    """Say what was written."""
    from pentad.cli.output import emit

    if json:
        emit({"out": str(out), "rows": rows, "columns": columns})
    else:
        typer.echo(f"{rows} rows in {out}: {', '.join(columns)}")


def _short(cell: Any) -> Any:
    """Return a cell on one line; of long ones the end, which tells files apart."""
    if not isinstance(cell, str):
        return "" if cell is None else cell
    line = cell if cell.isprintable() else repr(cell)[1:-1]
    if len(line) <= _WIDEST:
        return line
    return "…" + line[1 - _WIDEST :] if "/" in line else line[: _WIDEST - 1] + "…"
