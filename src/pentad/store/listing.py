"""What a source hands over: one row per (file, caption), nothing decoded, no ids yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pentad.store.rejections import Rejection
from pentad.store.remote.files import Root

if TYPE_CHECKING:
    import polars as pl

LISTING_COLUMNS = ("modality", "file", "caption", "concept", "source_dataset", "dataset_license")
"""Columns of a listing. ``file`` is empty for a caption that belongs to no file."""


@dataclass(frozen=True, eq=False)
class Listing:
    """The rows of one source.

    Attributes:
        name: Name of the source within a workspace.
        root: Folder that ``file`` is relative to, of this machine or of a store.
        rows: `LISTING_COLUMNS`, all strings; all but ``modality`` and ``file`` may be null. A file
            with several captions has several rows. Captions are cleaned.
        rejections: Rows and files that were refused while reading.
    """

    name: str
    root: Root
    rows: pl.DataFrame
    rejections: Sequence[Rejection] = field(default_factory=tuple)


def listing_frame(rows: Sequence[dict[str, str | None]]) -> pl.DataFrame:
    """Return rows as a listing table; missing keys become null."""
    import polars as pl

    columns = {name: [row.get(name) for row in rows] for name in LISTING_COLUMNS}
    return pl.DataFrame(columns, schema=dict.fromkeys(LISTING_COLUMNS, pl.String))
