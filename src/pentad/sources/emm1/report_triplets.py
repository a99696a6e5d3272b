"""Rated triplets by pair and annotation, and EShot: how many there are and have their media."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pentad.core.modality import Modality
from pentad.core.rating import Rating
from pentad.sources.emm1.report_items import SplitTables
from pentad.sources.emm1.report_rows import Count

if TYPE_CHECKING:
    import polars as pl

    from pentad.sources.emm1.dataset import Emm1
    from pentad.sources.emm1.eshot import EShot
    from pentad.sources.emm1.items import Bools

_KEYS = ("paired_modality", "annotated_modality", "annotation")


def count_triplets(ds: Emm1, tables: SplitTables) -> list[Count]:
    """Count the triplets as they are stored, repeated ones included."""
    import polars as pl

    frame = ds.triplets().collect()
    captions = tables.caption_facts().lookup.rows(frame["encord_text_id"].to_numpy()) >= 0
    sides = [_present(ds, tables, frame, side) for side in ("paired", "annotated")]
    present = pl.Series("present", captions & sides[0] & sides[1], dtype=pl.Boolean)
    return triplet_counts(frame.with_columns(present))


def triplet_counts(frame: pl.DataFrame) -> list[Count]:
    """Return the counts of a table of triplets that has a column ``present``."""
    import polars as pl

    counts = frame.group_by(_KEYS).agg(pl.len(), pl.col("present").sum()).sort(_KEYS)
    return [
        Count("triplets", _keys(paired, annotated, code), rows, present)
        for paired, annotated, code, rows, present in counts.iter_rows()
    ]


def count_eshot(eshot: EShot) -> list[Count]:
    """Count the sounds, the clouds, and the categories that have both with a file."""
    counts = []
    usable = np.ones(len(eshot.categories), dtype=np.bool_)
    for modality in (Modality.AUDIO, Modality.POINTS):
        present = eshot.present(modality)
        counts.append(Count("eshot", {"what": modality.value}, len(present), int(present.sum())))
        rows = eshot.rows(modality)
        usable &= [bool(present[rows[name]].any()) for name in eshot.categories]
    names = {"what": "categories"}
    return [*counts, Count("eshot", names, len(usable), int(usable.sum()))]


def _keys(paired: str, annotated: str, code: int) -> dict[str, str | int]:
    annotation = Rating.from_code(code).name.lower()
    return {"paired": paired, "annotated": annotated, "annotation": annotation}


def _present(ds: Emm1, tables: SplitTables, frame: pl.DataFrame, side: str) -> Bools:
    """Return (rows,) whether the item on one side has its file."""
    found = np.zeros(frame.height, dtype=np.bool_)
    kinds, ids = frame[f"{side}_modality"].to_numpy(), frame[f"encord_{side}_id"].to_numpy()
    for modality in ds.modalities("1m"):
        chosen = np.flatnonzero(kinds == modality.value)
        items = tables.items(modality)
        if not len(chosen) or not len(items):
            continue
        rows = items.lookup.rows(ids[chosen])
        found[chosen] = (rows >= 0) & items.present(ds.media)[rows]
    return found
