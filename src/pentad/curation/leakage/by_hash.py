"""Pairs of files with the same bytes, in any modality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pentad.curation.leakage.kinds import What
from pentad.curation.leakage.side import Side

if TYPE_CHECKING:
    import polars as pl


def pairs_by_hash(train: Side, evaluation: Side) -> pl.DataFrame:
    """Return the pairs of files of one SHA-256, columns as `pair_schema` says.

    A segment of a file has a fingerprint of its own, so two parts of one file are no pair here.
    """
    import polars as pl

    both = _prints(evaluation).join(_prints(train), on="fingerprint", suffix="_train")
    return both.select(
        pl.lit(What.SAME_FILE.value).alias("what"),
        pl.col("modality").alias("eval_modality"),
        pl.col("id").alias("eval_id"),
        pl.col("modality_train").alias("train_modality"),
        pl.col("id_train").alias("train_id"),
        pl.lit(1.0).alias("strength"),
        pl.lit(None, pl.Float64).alias("distance"),
        pl.concat_str(pl.lit("sha256 "), pl.col("fingerprint").str.head(16)).alias("detail"),
    )


def _prints(side: Side) -> pl.DataFrame:
    import polars as pl

    schema = {"fingerprint": pl.String, "modality": pl.String, "id": pl.UInt32}
    frames = [pl.DataFrame(schema=schema)]
    for modality in side.media:
        frame = side.catalog.items(modality).frame
        column = pl.col(modality.id_column).alias("id")
        named = frame.select("fingerprint", pl.lit(modality.value).alias("modality"), column)
        frames.append(named.drop_nulls("fingerprint"))
    return pl.concat(frames)
