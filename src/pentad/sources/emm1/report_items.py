"""Items by modality, source and licence, and how many of them have their file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from pentad.core.modality import Modality
from pentad.sources.emm1.csv_groups import CsvTables
from pentad.sources.emm1.items import ItemTable
from pentad.sources.emm1.media_paths import MediaFolders
from pentad.sources.emm1.report_rows import Count, by_source

if TYPE_CHECKING:
    from pentad.sources.emm1.dataset import Emm1


class SplitTables(Protocol):
    """The items of one split."""

    def items(self, modality: Modality) -> ItemTable:
        """Return the items of a modality."""

    def caption_facts(self) -> ItemTable:
        """Return source and licence of captions, as items without files."""


def open_split(ds: Emm1, split: str) -> SplitTables:
    """Return the items of a split, whichever form its tables are in."""
    if split == "100m":
        tables: SplitTables = ds.tables
        return tables
    folder = ds.places.of(split)
    if ds.places.converted:
        from pentad.sources.emm1.converted import ConvertedTables

        return ConvertedTables(folder, {}, ())
    return CsvTables(folder, {})


def count_items(
    split: str, tables: SplitTables, modality: Modality | None, media: MediaFolders
) -> list[Count]:
    """Count the items of one modality; None means the captions, which need no file."""
    table = tables.caption_facts() if modality is None else tables.items(modality)
    every = np.ones(len(table), dtype=np.int64)
    present = every if modality is None else table.present(media).astype(np.int64)
    kind = (modality or Modality.TEXT).value
    return [
        Count("items", item_keys(split, kind, source, license_), rows, there)
        for source, license_, rows, there in by_source(table, (every, present))
    ]


def item_keys(split: str, modality: str, source: str, license_: str) -> dict[str, str | int]:
    """Return what a count of items is of."""
    return {"split": split, "modality": modality, "source": source, "license": license_}
