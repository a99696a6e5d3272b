"""What the data set's own example does, step by step with polars: whole tables, left joins.

Old code expects the columns, order and types that come of this. Two things it gets wrong, and the
tests that compare know of them: sounds are looked for in ``audio/``, where they are not stored,
and an empty caption is taken for a missing one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import polars as pl


def groups(folder: Path, media: str, rank: int, modalities: Sequence[str]) -> pl.DataFrame:
    """Return the groups of a rank with a path for each modality, and captions at the end."""
    table = pl.read_csv(folder / f"nn_{rank}" / "data_groups.csv")
    for modality in modalities:
        key = f"encord_{modality}_id"
        table = table.join(
            _places(folder, media, modality), on=key, how="left", maintain_order="left"
        )
    return _with_captions(table, folder)


def triplets(folder: Path, media: str, modalities: Sequence[str]) -> pl.DataFrame:
    """Return the rated pairs between modalities, one ordered pair after the other."""
    rated = pl.read_csv(folder / "triplets.csv")
    found = []
    for pair in permutations(modalities, 2):
        part = rated.filter(paired_modality=pair[0], annotated_modality=pair[1])
        for side, modality in zip(("paired", "annotated"), pair, strict=True):
            places = _places(folder, media, modality).rename(
                {
                    f"encord_{modality}_id": f"encord_{side}_id",
                    f"{modality}_file_path": f"{side}_modality_file_path",
                }
            )
            part = part.join(places, on=f"encord_{side}_id", how="left", maintain_order="left")
        found.append(part)
    return _with_captions(pl.concat(part for part in found if part.height), folder)


def _places(folder: Path, media: str, modality: str) -> pl.DataFrame:
    table = pl.read_csv(folder / "infos" / f"{modality}.csv", infer_schema=False)
    parts = [pl.lit(media), pl.col("save_folder"), pl.lit(modality), pl.col("file_name")]
    path = pl.concat_str(parts, separator="/").alias(f"{modality}_file_path")
    return table.select(pl.col(f"encord_{modality}_id").cast(pl.Int64), path)


def _with_captions(table: pl.DataFrame, folder: Path) -> pl.DataFrame:
    texts = pl.read_csv(folder / "infos" / "text.csv", schema_overrides={"caption": pl.String})
    captions = texts.select("encord_text_id", "caption")
    return table.join(captions, on="encord_text_id", how="left", maintain_order="left")
