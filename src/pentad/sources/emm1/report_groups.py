"""Groups by pair of modalities and by source: how many there are, how many have their media."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.sources.emm1.csv_table import ID_LIMIT, header_of
from pentad.sources.emm1.groups import IdBlock
from pentad.sources.emm1.items import Bools, ItemTable
from pentad.sources.emm1.report_items import open_split
from pentad.sources.emm1.report_rows import Count, by_source

if TYPE_CHECKING:
    from pentad.sources.emm1.dataset import Emm1

COMPLETE = "complete"
NO_SUCH_ITEM = "(no such item)"
_BLOCK = 1 << 18


@dataclass(eq=False)
class _Side:
    """The items of one modality, and how often groups name them.

    Attributes:
        modality: Which.
        table: The items.
        present: (items,) whether an item can be used.
        uses: (items,) groups that name it.
        unknown: Groups that name an id which the table does not have.
    """

    modality: Modality
    table: ItemTable
    present: Bools
    uses: NDArray[np.int64] = field(init=False)
    unknown: int = 0

    def __post_init__(self) -> None:
        """Start to count."""
        self.uses = np.zeros(len(self.table), dtype=np.int64)

    def look_up(self, ids: NDArray[np.uint32]) -> tuple[Bools, Bools]:
        """Return (rows,) whether a row names an item, and whether that item can be used."""
        rows = self.table.lookup.rows(ids)
        named, known = ids != ID_LIMIT, rows >= 0
        self.unknown += int((named & ~known).sum())
        self.uses += np.bincount(rows[known & named], minlength=len(self.table))
        if not len(self.table):
            return named, known
        return named, named & known & self.present[rows]


def count_groups(ds: Emm1, rank: int) -> list[Count]:
    """Count the groups of one rank: each pair of modalities, all together, and by source."""
    sides = _sides(ds, rank)
    modalities = [side.modality for side in sides if side.modality is not Modality.TEXT]
    totals: Counter[str] = Counter()
    present: Counter[str] = Counter()
    for block in ds.tables.blocks(rank, modalities, _BLOCK):
        looked = {side.modality: side.look_up(_ids(block, side.modality)) for side in sides}
        add_block(looked, totals, present)
    counts = group_counts(rank, [side.modality for side in sides], totals, present)
    return counts + [row for side in sides for row in _source_counts(rank, side)]


def add_block(
    looked: Mapping[Modality, tuple[Bools, Bools]],
    totals: Counter[str],
    present: Counter[str],
) -> None:
    """Add a block of groups to the counts by name of `combinations`."""
    for name, members in combinations(list(looked)):
        totals[name] += int(np.logical_and.reduce([looked[m][0] for m in members]).sum())
        present[name] += int(np.logical_and.reduce([looked[m][1] for m in members]).sum())


def group_counts(
    rank: int, modalities: Sequence[Modality], totals: Counter[str], present: Counter[str]
) -> list[Count]:
    """Return the counts of one rank, pairs first."""
    return [
        Count("groups", {"rank": rank, "of": name}, totals[name], present[name])
        for name, _ in combinations(modalities)
    ]


def combinations(modalities: Sequence[Modality]) -> Iterator[tuple[str, tuple[Modality, ...]]]:
    """Yield name and members of each pair, in the usual order, and then of all together."""
    ordered = [m for m in Modality if m in modalities]
    for pair in itertools.combinations(ordered, 2):
        yield "-".join(pair), pair
    if len(ordered) > 2:
        yield f"{COMPLETE} {len(ordered)}-tuples", tuple(ordered)


def source_keys(rank: int, modality: str, source: str, license_: str) -> dict[str, str | int]:
    """Return what a count of groups by source is of."""
    return {"rank": rank, "modality": modality, "source": source, "license": license_}


def _sides(ds: Emm1, rank: int) -> list[_Side]:
    tables = open_split(ds, "100m")
    captions = tables.caption_facts()
    sides = [_Side(Modality.TEXT, captions, np.ones(len(captions), np.bool_))]
    for modality in _modalities(ds, rank):
        items = tables.items(modality)
        sides.append(_Side(modality, items, items.present(ds.media)))
    return sides


def _modalities(ds: Emm1, rank: int) -> list[Modality]:
    tables: Any = ds.tables
    if ds.places.converted:
        return list(tables.group_modalities([rank]))
    header = header_of(tables.ranks[rank])
    return [m for m in MEDIA_MODALITIES if f"encord_{m}_id" in header]


def _ids(block: IdBlock, modality: Modality) -> NDArray[np.uint32]:
    return block.text if modality is Modality.TEXT else block.items[modality]


def _source_counts(rank: int, side: _Side) -> list[Count]:
    present = np.where(side.present, side.uses, 0)
    counts = [
        Count("sources", source_keys(rank, side.modality.value, source, license_), rows, there)
        for source, license_, rows, there in by_source(side.table, (side.uses, present))
    ]
    if side.unknown:
        keys = source_keys(rank, side.modality.value, NO_SUCH_ITEM, "")
        counts.append(Count("sources", keys, side.unknown, 0))
    return counts
