"""Repeated ratings of one triplet: one row each, by majority."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_KEY = (
    "encord_text_id",
    "paired_modality",
    "annotated_modality",
    "encord_paired_id",
    "encord_annotated_id",
)


def vote(triplets: pl.DataFrame) -> pl.DataFrame:
    """Return each triplet once, at its first place, with the annotation most raters gave.

    Between annotations with equally many votes the worse one stands: a match has to be earned.
    """
    import polars as pl

    votes = (
        triplets.with_row_index("row")
        .group_by(*_KEY, "annotation")
        .agg(pl.len().alias("votes"), pl.col("row").min())
    )
    first = pl.col("row").min().over(_KEY)
    settled = (
        votes.with_columns(first.alias("first"))
        .sort("votes", "annotation", descending=True)
        .unique(list(_KEY), keep="first", maintain_order=True)
        .sort("first")
    )
    return settled.select(triplets.columns)
