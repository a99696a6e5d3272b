"""One table of files and captions: each row becomes one entry or one rejection.

A file may be a member of a tar or a cell of a Parquet table (``shard.tar/1.jpg``), see
`pentad.store.places`. With the columns ``start_time`` and ``end_time``, in seconds, a row is about
that part of a sound or video, and so is one whose file ends in ``#t=14,24``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import Reason
from pentad.core.modality import Modality
from pentad.media.formats import modality_of
from pentad.sources.collect import Collector, Entry, checked_caption
from pentad.sources.columns import require_columns
from pentad.sources.locate import Locator, check_name
from pentad.sources.refusal import Refused, unreadable
from pentad.sources.row_cells import Cells
from pentad.sources.rows import Row, open_table
from pentad.sources.times import TIMED, WHOLE, timed_name
from pentad.store.listing import Listing
from pentad.store.segments import segment_of


def list_table(path: Path, *, modality: Modality | None, name: str) -> Listing:
    """Return the rows of one table; its folder is the root, files lie beside it or in ``files/``.

    Args:
        path: CSV, JSON Lines or Parquet.
        modality: What its rows are. With ``text`` only the captions are read; in a table with a
            ``modality`` column any other one chooses rows. None leaves it to that column, then
            to the extension of each file.
        name: Name of the source.
    """
    collector = Collector(name, path.parent)
    collect_table(collector, path, modality)
    return collector.listing()


def collect_table(
    collector: Collector, path: Path, modality: Modality | None, *, fixed: bool = False
) -> None:
    """Add the rows of one table to a collector.

    Args:
        collector: Takes the rows; the table lies below its root.
        path: The table.
        modality: As for `list_table`.
        fixed: Whether all rows are of ``modality``, whatever a ``modality`` column says.
    """
    folder = path.parent.relative_to(collector.root).as_posix()
    folders = ("files" if folder == "." else f"{folder}/files", folder)
    context = _Context(
        path.relative_to(collector.root).as_posix(),
        modality,
        fixed or modality is Modality.TEXT,
        Locator(collector.root, folders),
    )
    mark = collector.mark()
    rows = 0
    try:
        table = open_table(path)
        if table.columns is not None:
            require_columns(table.columns, modality)
        for rows, row in enumerate(table.rows, start=1):  # noqa: B007
            _collect_row(collector, context, row)
        if rows == 0:
            raise Refused(Reason.EMPTY, "the table has no rows")
    except OSError as error:
        collector.refuse(context.table, unreadable(error), modality=modality)
    except Refused as refused:
        collector.refuse(context.table, refused, modality=modality)
    collector.merge_missing_column(mark)


@dataclass(frozen=True)
class _Context:
    table: str
    modality: Modality | None
    fixed: bool
    locator: Locator


def _collect_row(collector: Collector, context: _Context, row: Row | Refused) -> None:
    modality = context.modality
    try:
        if isinstance(row, Refused):
            raise row
        cells = Cells(row)
        modality = _modality(cells, context)
        if context.modality is None or modality is context.modality:
            collector.add(_entry(cells, modality, context))
    except Refused as refused:
        line = refused.line if isinstance(row, Refused) else row.line
        collector.refuse(context.table, refused, modality=modality, line=line)


def _modality(cells: Cells, context: _Context) -> Modality:
    if context.fixed and context.modality is not None:
        return context.modality
    named = cells.modality()
    if named is not None:
        return named
    if context.modality is not None and "modality" not in cells:
        return context.modality
    return _modality_of(cells.required("file") or "", cells.column("file"))


def _modality_of(file: str, column: str) -> Modality:
    try:
        check_name(file)
    except Refused as refused:
        refused.column = column
        raise
    found = modality_of(segment_of(file.strip()).file)
    if found is None:
        detail = f"{file!r} does not tell its modality; give a modality, or a column for it"
        raise Refused(Reason.UNSUPPORTED, detail, column=column)
    return found


def _entry(cells: Cells, modality: Modality, context: _Context) -> Entry:
    file = ""
    if modality is not Modality.TEXT:
        file = _file(cells, modality, context)
    elif not context.fixed and cells.times() != WHOLE:
        timed_name("", modality, cells.times(), context.locator.root)
    caption = cells.required("caption")
    return Entry(
        modality,
        file,
        checked_caption(caption, cells.column("caption")),
        cells.facts(),
        f"line {cells.row.line}",
        cells.optional("id"),
    )


def _file(cells: Cells, modality: Modality, context: _Context) -> str:
    """Return the name of the file, or of the part of it, that a row is about."""
    try:
        file = context.locator.find(cells.required("file") or "", timed=modality in TIMED)
    except Refused as refused:
        refused.column = refused.column or cells.column("file")
        raise
    times, root = cells.times(), context.locator.root
    if times != WHOLE and segment_of(file).file != file and not os.path.lexists(root / file):
        detail = f"{file!r} names a part of the file already; leave this empty"
        raise Refused(Reason.CONFLICT, detail, column="start_time")
    return timed_name(file, modality, times, root)
