"""The part of a published split that can be used here: media with a file, and their captions.

Nothing here knows of a workspace: ids are those of the data set, files are named relative to the
root of the media. A row of groups is kept while one of its items has a file; a triplet only if both
have one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.sources.emm1.csv_table import ID_LIMIT
from pentad.sources.emm1.items import Bools, ItemTable
from pentad.sources.emm1.lookup import ABSENT
from pentad.sources.emm1.present import caption_rows, present_rows, split_captions
from pentad.sources.emm1.report_items import SplitTables, open_split

if TYPE_CHECKING:
    import polars as pl

    from pentad.sources.emm1.dataset import Emm1
    from pentad.sources.emm1.groups import IdBlock

BLOCK_ROWS = 1 << 18
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Part:
    """What one split has to offer.

    Attributes:
        split: ``100m`` or ``1m``.
        files: Modality -> its present items: ``encord_id, file, source_dataset, dataset_license``.
        listed: Modality -> how many items the tables list.
        captions: Those of kept rows: ``encord_id, caption, source_dataset, dataset_license``.
        ranks: Ranks whose rows were looked at.
        triplets: Of ``1m``: the kept rows under their published names and codes, else None.
        dropped: Of ``1m``: why rows were dropped -> how many.
    """

    split: str
    files: Mapping[Modality, pl.DataFrame]
    listed: Mapping[Modality, int]
    captions: pl.DataFrame
    ranks: tuple[int, ...] = ()
    triplets: pl.DataFrame | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)


def read_groups_part(ds: Emm1, ranks: Sequence[int]) -> Part:
    """Read items and captions of the 100m split.

    Raises:
        InputError: A rank or a table is missing, or a row does not fit.
    """
    tables = open_split(ds, "100m")
    media = _media(ds, "100m", tables)
    captions = tables.caption_facts()
    used = np.zeros(len(captions), dtype=np.bool_)
    for rank in ranks:
        for block in ds.tables.blocks(rank, rank_modalities(ds, rank), BLOCK_ROWS):
            rows = captions.lookup.rows(block.text[_has_media(block, media)])
            used[rows[rows != ABSENT]] = True
    return Part(
        "100m",
        {m: present_rows(table, present, ds.media) for m, (table, present) in media.items()},
        {m: len(table) for m, (table, _) in media.items()},
        caption_rows(captions, np.flatnonzero(used), split_captions(ds, "100m")),
        tuple(ranks),
    )


def read_triplets_part(ds: Emm1) -> Part:
    """Read items, captions and triplets of the 1m split, roles put right where they are exchanged.

    Raises:
        InputError: A table is missing, or a row does not fit.
    """
    import polars as pl

    from pentad.sources.emm1.rated import RatedTables

    rated = RatedTables(ds.places.of("1m"), converted=ds.places.converted)
    tables = open_split(ds, "1m")
    media = _media(ds, "1m", tables)
    facts = tables.caption_facts()
    frame = _with_roles(rated)
    texts = facts.lookup.rows(frame["encord_text_id"].to_numpy())
    captions = caption_rows(facts, np.unique(texts[texts != ABSENT]), rated.captions())
    with_caption = frame["encord_text_id"].is_in(captions["encord_id"].implode())
    both = with_caption & _has_file(frame, "paired", media) & _has_file(frame, "annotated", media)
    kept = frame.filter(both)
    return Part(
        "1m",
        {m: present_rows(table, present, ds.media) for m, (table, present) in media.items()},
        {m: len(table) for m, (table, _) in media.items()},
        captions.filter(pl.col("encord_id").is_in(kept["encord_text_id"].unique().implode())),
        triplets=kept,
        dropped={
            "without a caption": int((~with_caption).sum()),
            "without a file": int((with_caption & ~both).sum()),
        },
    )


def rank_modalities(ds: Emm1, rank: int) -> list[Modality]:
    """Return the modalities whose ids a rank has."""
    names = ds.groups(rank, captions=False).collect_schema().names()
    return [m for m in MEDIA_MODALITIES if f"encord_{m}_id" in names]


def _media(ds: Emm1, split: str, tables: SplitTables) -> dict[Modality, tuple[ItemTable, Bools]]:
    found = {m: tables.items(m) for m in ds.modalities(split)}
    return {m: (table, table.present(ds.media)) for m, table in found.items()}


def _has_media(block: IdBlock, media: Mapping[Modality, tuple[ItemTable, Bools]]) -> Bools:
    """Return (rows,) whether any item of a row has its file."""
    found = np.zeros(len(block.text), dtype=np.bool_)
    for modality, ids in block.items.items():
        if modality in media:
            found |= _present(ids, *media[modality])
    return found


def _has_file(
    frame: pl.DataFrame, side: str, media: Mapping[Modality, tuple[ItemTable, Bools]]
) -> pl.Series:
    import polars as pl

    kinds, ids = frame[f"{side}_modality"].to_numpy(), frame[f"encord_{side}_id"].to_numpy()
    found = np.zeros(frame.height, dtype=np.bool_)
    for modality, known in media.items():
        chosen = np.flatnonzero(kinds == modality.value)
        found[chosen] = _present(ids[chosen], *known)
    return pl.Series(found, dtype=pl.Boolean)


def _present(ids: NDArray[np.uint32], table: ItemTable, present: Bools) -> Bools:
    if not len(table):
        return np.zeros(len(ids), dtype=np.bool_)
    rows = table.lookup.rows(ids)
    found: Bools = (rows != ABSENT) & (ids != ID_LIMIT) & present[rows]
    return found


def _with_roles(rated: Any) -> pl.DataFrame:
    from pentad.sources.emm1.roles import are_exchanged, exchange, exchanged_share

    frame: pl.DataFrame = rated.triplets()
    if not are_exchanged(exchanged_share(frame, rated.caption_sources(), rated.native())):
        return frame
    _log.warning("triplets.csv: paired and annotated were exchanged in this copy; put right")
    return exchange(frame)
