"""The cells of one row of a table, by what they mean."""

from __future__ import annotations

from pentad.core.errors import Reason, UnknownName
from pentad.core.modality import Modality, as_modality
from pentad.sources.collect import Facts
from pentad.sources.columns import FACT_COLUMNS, missing_column, pick_columns
from pentad.sources.lines import checked_text
from pentad.sources.refusal import Refused
from pentad.sources.rows import Row
from pentad.sources.times import Times, read_times
from pentad.store.captions import clean_caption


class Cells:
    """What one row says.

    Args:
        row: The row as it stands.
    """

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
        return clean_caption(checked_text(value, self.column(role)) or "") or None

    def facts(self) -> Facts:
        """Return concept, source data set and licence."""
        concept, dataset, license_ = (self.optional(name) for name in FACT_COLUMNS)
        return concept, dataset, license_

    def times(self) -> Times:
        """Return which part of the file the row is about."""
        start, end = (
            self.row.values[self._place[name]] if name in self._place else None
            for name in ("start_time", "end_time")
        )
        return read_times(start, end)

    def modality(self) -> Modality | None:
        """Return what the row says that it is, None where it says nothing."""
        named = self.optional("modality")
        if named is None:
            return None
        try:
            return as_modality(named)
        except UnknownName as error:
            raise Refused(Reason.BAD_ROW, str(error), column="modality") from None
