"""What a run of a download did: by source and reason, and item by item where it failed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pentad.sources.fetch.ledger import State

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Outcome:
    """What became of the items of one source that were tried in a run.

    Attributes:
        modality: Of the items.
        source: Of the items.
        state: ``done``, ``failed``, or ``skipped`` where the file was there already.
        reason: Why they failed, empty otherwise.
        files: How many items.
        bytes: Size of their files.
    """

    modality: str
    source: str
    state: str
    reason: str
    files: int
    bytes: int


@dataclass(frozen=True)
class Failure:
    """One item that failed in a run.

    Attributes:
        modality: Of the item.
        id: Of the item.
        source: Of the item.
        reason: Why, typed.
        detail: The same for people.
    """

    modality: str
    id: int
    source: str
    reason: str
    detail: str


def written_rows(
    ledger: pl.DataFrame, split: str, written: Mapping[str, Collection[int]]
) -> pl.DataFrame:
    """Return the rows of a ledger that a run has written: modality -> ids."""
    import polars as pl

    types = {"modality": pl.String, "id": pl.Int64}
    parts = [pl.DataFrame(schema=types)]
    parts += [
        pl.DataFrame({"modality": [m] * len(ids), "id": sorted(ids)}, schema=types)
        for m, ids in written.items()
    ]
    rows = ledger.filter(pl.col("split") == split)
    return pl.concat(parts).join(rows, on=["modality", "id"], how="inner", maintain_order="left")


def outcomes_of(rows: pl.DataFrame) -> tuple[Outcome, ...]:
    """Return rows of a ledger summed up by source and reason."""
    import polars as pl

    keys = ("modality", "source", "state", "reason")
    filled = rows.with_columns(pl.col("reason").fill_null(""))
    sums = filled.group_by(keys).agg(pl.len(), pl.col("bytes").sum()).sort(keys)
    return tuple(Outcome(*row) for row in sums.iter_rows())


def failures_of(rows: pl.DataFrame) -> tuple[Failure, ...]:
    """Return the items that failed."""
    import polars as pl

    failed = rows.filter(pl.col("state") == State.FAILED.value)
    columns = failed.select("modality", "id", "source", "reason", "detail")
    return tuple(Failure(*row) for row in columns.iter_rows())
