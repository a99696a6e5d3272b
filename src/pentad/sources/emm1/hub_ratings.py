"""Ratings as a hub publishes them: ``data/<paired>_to_<annotated>.parquet``, paths for ids."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.errors import InputError
from pentad.sources.emm1.hub import scan_parquet
from pentad.sources.emm1.layout import Places
from pentad.sources.emm1.media_paths import MediaFolders
from pentad.sources.emm1.rated import SIDES, RatedQuery, shaped
from pentad.sources.emm1.triplets import LABELS, code_of, codes_for, select_pairs, wanted_codes

if TYPE_CHECKING:
    import polars as pl


def hub_triplets(places: Places, query: RatedQuery, media: MediaFolders) -> pl.DataFrame:
    """Return the hub's ratings under the columns that are asked for; ids are null.

    Raises:
        InputError: A column is missing, or a cell is no annotation.
    """
    import polars as pl

    parts = [_read(pair, files, media) for pair, files in sorted(places.hub_pairs().items())]
    frame = pl.concat(parts)
    if query.modalities is not None:
        frame = select_pairs(frame, query.modalities)
    if query.vote:
        raise InputError("the hub's files have no ids to vote by; use the CSV tables")
    if query.annotations is not None:
        frame = frame.filter(pl.col("annotation").is_in(sorted(wanted_codes(query.annotations))))
    if query.only_present:
        exists = [
            frame[f"{s}_path"].map_elements(lambda p: Path(p).is_file(), pl.Boolean) for s in SIDES
        ]
        frame = frame.filter(exists[0] & exists[1])
    label = pl.col("annotation").replace_strict(LABELS, return_dtype=pl.String)
    frame = frame.with_columns(label.alias("label"))
    return shaped(frame, query)


def _read(pair: tuple[str, str], files: list[Path], media: MediaFolders) -> pl.DataFrame:
    import polars as pl

    frame = scan_parquet(files).collect()
    for name in ("caption", "paired_file_path", "annotated_file_path"):
        if name not in frame.columns:
            raise InputError("the ratings lack a column", file=files[0], column=name)
    texts = next((n for n in ("annotation_str", "annotation") if n in frame.columns), None)
    if texts is None:
        raise InputError("the ratings lack a column", file=files[0], column="annotation_str")
    found = {t: code_of(str(t)) for t in frame[texts].unique().to_list()}
    for text, code in found.items():
        if code is None:
            raise InputError("no annotation", file=files[0], column=texts, seen=repr(text))
    no_id = pl.lit(None, dtype=pl.UInt32)
    return frame.select(
        no_id.alias("encord_text_id"),
        "caption",
        pl.lit(pair[0]).alias("paired_modality"),
        pl.lit(pair[1]).alias("annotated_modality"),
        no_id.alias("encord_paired_id"),
        no_id.alias("encord_annotated_id"),
        codes_for(frame[texts], found),
        *(_below(pl.col(f"{s}_file_path"), media).alias(f"{s}_path") for s in SIDES),
    )


def _below(path: pl.Expr, media: MediaFolders) -> pl.Expr:
    import polars as pl

    whole = path.str.starts_with("/")
    return pl.when(whole).then(path).otherwise(pl.lit(media.root + "/") + path)
