"""Pairs of captions that are equal but for case, punctuation or a leading article."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pentad.core.modality import Modality
from pentad.curation.leakage.kinds import What
from pentad.curation.leakage.side import Side
from pentad.store.captions import caption_key

if TYPE_CHECKING:
    import polars as pl


def pairs_by_caption(train: Side, evaluation: Side) -> pl.DataFrame:
    """Return the pairs of captions of one `caption_key`, columns as `pair_schema` says.

    The strength is 1 for equal strings and 0.9 where something that the key leaves out differs.
    """
    import polars as pl

    both = _keys(evaluation).join(_keys(train), on="key", suffix="_train")
    equal = pl.col("caption") == pl.col("caption_train")
    text = pl.lit(Modality.TEXT.value)
    return both.select(
        pl.lit(What.SAME_CAPTION.value).alias("what"),
        text.alias("eval_modality"),
        pl.col("text_id").alias("eval_id"),
        text.alias("train_modality"),
        pl.col("text_id_train").alias("train_id"),
        pl.when(equal).then(1.0).otherwise(0.9).alias("strength"),
        pl.lit(None, pl.Float64).alias("distance"),
        pl.when(equal).then(pl.lit("")).otherwise(pl.lit("but for its key")).alias("detail"),
    )


def _keys(side: Side) -> pl.DataFrame:
    import polars as pl

    frame = side.catalog.items(Modality.TEXT).frame.select("text_id", "caption")
    keys = [caption_key(caption) for caption in frame["caption"]]
    return frame.with_columns(pl.Series("key", keys, dtype=pl.String))
