"""What was refused, where, and why. Nothing is dropped without a row here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pentad.core.errors import Reason

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, order=True)
class Rejection:
    """One refused row or file.

    Attributes:
        source: Name of the source it came from.
        path: File, relative to the source's root; for a row, the table it stands in.
        modality: Modality, or an empty string where it is not known.
        stage: ``source``, ``decode`` or ``encode``.
        reason: Typed reason.
        detail: One line for people.
        row: 1-based line of the table, or None.
        column: Column of the table, or None.
    """

    source: str
    path: str
    modality: str
    stage: str
    reason: Reason
    detail: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        """Return the rejection as one line: where, what, why."""
        where = self.path + (f":{self.row}" if self.row is not None else "")
        where += f" [{self.column}]" if self.column else ""
        return f"{where}: {self.reason.value}: {self.detail}"


def rejection_frame(rejections: Iterable[Rejection]) -> pl.DataFrame:
    """Return rejections as a table, sorted by source, modality, path and row."""
    import polars as pl

    rows = sorted(rejections, key=_order)
    schema = {
        "source": pl.String,
        "path": pl.String,
        "modality": pl.String,
        "row": pl.UInt32,
        "column": pl.String,
        "stage": pl.String,
        "reason": pl.String,
        "detail": pl.String,
    }
    columns = {name: [getattr(r, name) for r in rows] for name in schema}
    columns["reason"] = [r.reason.value for r in rows]
    return pl.DataFrame(columns, schema=schema)


def _order(refused: Rejection) -> tuple[str | int, ...]:
    place = (refused.source, refused.modality, refused.path, refused.row or 0, refused.stage)
    column = "" if refused.column is None else f"[{refused.column}"
    return (*place, refused.detail, refused.reason.value, column)


def read_rejections(frame: pl.DataFrame) -> Sequence[Rejection]:
    """Return the rows of a rejection table as values."""
    return [
        Rejection(**{**row, "reason": Reason(row["reason"])}) for row in frame.iter_rows(named=True)
    ]
