"""Finds copies of ``triplets.csv`` whose two roles stand under each other's names.

Copies taken on 15 and 16 October 2025 have them exchanged: the item that raters saw is called
paired, the caption's own item is called annotated. Two things give it away. A caption's source is a
data set of one modality, and that is the modality of the paired item. And the data set never rated
an item of points' captions: where points are paired and something else annotated in a published
pair, the roles are exchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_ENOUGH = 0.5


def exchanged_share(
    triplets: pl.DataFrame,
    caption_sources: pl.DataFrame | None,
    native: Mapping[str, str],
) -> float | None:
    """Return the share of rows that are right only with exchanged roles; None if nothing tells.

    Rows whose caption's source is native to neither side, or to both, say nothing.

    Args:
        triplets: As `read_triplets` gives them.
        caption_sources: ``encord_text_id, source_dataset``, or None where infos are missing.
        native: Source -> the modality whose infos have it.
    """
    import polars as pl

    if caption_sources is not None and native:
        known = caption_sources.with_columns(
            pl.col("source_dataset").replace_strict(native, default=None).alias("native")
        ).select("encord_text_id", "native")
        joined = triplets.join(known, on="encord_text_id", how="left")
        right = int((joined["native"] == joined["paired_modality"]).sum())
        wrong = int((joined["native"] == joined["annotated_modality"]).sum())
        if right + wrong:
            return wrong / (right + wrong)
    points = triplets.filter(
        pl.any_horizontal(pl.col("paired_modality", "annotated_modality") == "points")
    )
    if points.is_empty():
        return None
    return float((points["paired_modality"] == "points").mean() or 0.0)  # type: ignore[arg-type]


def are_exchanged(share: float | None) -> bool:
    """Return whether a share of exchanged rows says so of the whole table."""
    return share is not None and share > _ENOUGH


def exchange(triplets: pl.DataFrame) -> pl.DataFrame:
    """Return the triplets with paired and annotated in each other's places."""
    swapped = {
        "paired_modality": "annotated_modality",
        "annotated_modality": "paired_modality",
        "encord_paired_id": "encord_annotated_id",
        "encord_annotated_id": "encord_paired_id",
    }
    return triplets.rename(swapped).select(triplets.columns)
