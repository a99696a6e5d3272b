"""One table of files and captions: each row becomes one entry or one rejection."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import Reason, UnknownName
from pentad.core.modality import Modality, as_modality
from pentad.media.formats import modality_of
from pentad.sources.collect import Collector, Entry, Facts, checked_caption
from pentad.sources.columns import FACT_COLUMNS, missing_column, pick_columns, require_columns
from pentad.sources.lines import checked_text
from pentad.sources.locate import Locator, check_name
from pentad.sources.refusal import Refused, unreadable
from pentad.sources.rows import Row, open_table
from pentad.store.captions import clean_caption
from pentad.store.listing import Listing


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
        cells = _Cells(row)
        modality = _modality(cells, context)
        if context.modality is None or modality is context.modality:
            collector.add(_entry(cells, modality, context))
    except Refused as refused:
        line = refused.line if isinstance(row, Refused) else row.line
        collector.refuse(context.table, refused, modality=modality, line=line)


class _Cells:
    """The cells of one row, by what they mean."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self._place = pick_columns(row.columns)

    def __contains__(self, role: str) -> bool:
        return role in self._place

    def column(self, role: str) -> str:
        """Return the name under which the table has this column."""
        return self.row.columns[self._place[role]]

    def required(self, role: str) -> str | None:
        """Return a cell that every row must have, even if it is empty."""
        if role not in self._place:
            raise missing_column(role, self.row.columns)
        return checked_text(self.row.values[self._place[role]], self.column(role))

    def optional(self, role: str) -> str | None:
        """Return a cell without surrounding blanks, None where it is absent or empty."""
        if role not in self._place:
            return None
        value = self.row.values[self._place[role]]
        if role == "id" and isinstance(value, int):
            return str(value)
        return clean_caption(checked_text(value, role) or "") or None


def _modality(cells: _Cells, context: _Context) -> Modality:
    if context.fixed and context.modality is not None:
        return context.modality
    named = cells.optional("modality")
    if named is not None:
        try:
            return as_modality(named)
        except UnknownName as error:
            raise Refused(Reason.BAD_ROW, str(error), column="modality") from None
    if context.modality is not None and "modality" not in cells:
        return context.modality
    return _modality_of(cells.required("file") or "", cells.column("file"))


def _modality_of(file: str, column: str) -> Modality:
    try:
        check_name(file)
    except Refused as refused:
        refused.column = column
        raise
    found = modality_of(file.strip())
    if found is None:
        detail = f"{file!r} does not tell its modality; give a modality, or a column for it"
        raise Refused(Reason.UNSUPPORTED, detail, column=column)
    return found


def _entry(cells: _Cells, modality: Modality, context: _Context) -> Entry:
    file = ""
    if modality is not Modality.TEXT:
        try:
            file = context.locator.find(cells.required("file") or "")
        except Refused as refused:
            refused.column = refused.column or cells.column("file")
            raise
    caption = cells.required("caption")
    concept, dataset, license_ = (cells.optional(name) for name in FACT_COLUMNS)
    facts: Facts = (concept, dataset, license_)
    return Entry(
        modality,
        file,
        checked_caption(caption, cells.column("caption")),
        facts,
        f"line {cells.row.line}",
        cells.optional("id"),
    )
