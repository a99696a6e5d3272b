"""Parts of E-MM1 as the listing of one source, and which item each published id became.

Both splits are one source, `SOURCE`: a file's key is its path below the root of the media, so a
file that both splits name is one item with two published ids. What was listed before stays listed:
adding the 1m split, or another rank, takes nothing away.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.pipeline.emm1_parts import Part
from pentad.store.items import Catalog
from pentad.store.listing import LISTING_COLUMNS, Listing

if TYPE_CHECKING:
    import polars as pl

SOURCE = "emm1"


def list_parts(catalog: Catalog, parts: Sequence[Part], root: Path) -> Listing:
    """Return what the workspace has of E-MM1 already, and the parts.

    Files come first, so that facts of an item are its own and not those of a caption; captions with
    an item come before captions alone, so that they are known to be native.
    """
    import polars as pl

    known = catalog.items(Modality.TEXT).frame
    files = [_known_files(catalog, m) for m in MEDIA_MODALITIES]
    files += [_rows(part.files[m], modality=m.value) for part in parts for m in part.files]
    pairs = [_known_pairs(catalog, m, known) for m in MEDIA_MODALITIES]
    pairs += [_native(part) for part in parts if part.triplets is not None]
    alone = [_known_alone(catalog, known)]
    alone += [
        _rows(part.captions, modality=Modality.TEXT.value, file="")
        for part in parts
        if part.triplets is None
    ]
    rows = pl.concat([*files, *pairs, *alone]).unique(
        ["modality", "file", "caption"], keep="first", maintain_order=True
    )
    return Listing(SOURCE, root, rows)


def published_ids(catalog: Catalog, part: Part, modality: Modality) -> pl.DataFrame:
    """Return ``encord_id, item_id`` of one modality of a part, in order of the published ids.

    A file that could not be registered has no row.
    """
    import polars as pl

    frame = catalog.items(modality).frame
    if modality is Modality.TEXT:
        given, key = part.captions, "caption"
    else:
        given, key = part.files[modality], "file"
        frame = frame.filter(pl.col("source") == SOURCE)
    ids = frame.select(key, pl.col(modality.id_column).alias("item_id"))
    return given.join(ids, on=key, how="inner").select("encord_id", "item_id").sort("encord_id")


def _rows(frame: pl.DataFrame, **same: str) -> pl.DataFrame:
    """Return a table as rows of a listing: columns that it lacks are the same in all rows."""
    import polars as pl

    columns = [
        pl.col(name) if name in frame.columns else pl.lit(same.get(name), pl.String).alias(name)
        for name in LISTING_COLUMNS
    ]
    return frame.select(columns)


def _known_files(catalog: Catalog, modality: Modality) -> pl.DataFrame:
    import polars as pl

    frame = catalog.items(modality).frame.filter(pl.col("source") == SOURCE)
    return _rows(frame, modality=modality.value)


def _known_pairs(catalog: Catalog, modality: Modality, texts: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    items = catalog.items(modality).frame.select(
        pl.col(modality.id_column).alias("item_id"), "file"
    )
    pairs = catalog.pairs.frame.filter(
        (pl.col("modality") == modality.value) & (pl.col("source") == SOURCE)
    )
    joined = pairs.select("text_id", "item_id").join(items, on="item_id")
    return _rows(joined.join(_facts_of(texts), on="text_id"), modality=modality.value)


def _known_alone(catalog: Catalog, texts: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    alone = catalog.pairs.frame.filter(
        (pl.col("modality") == Modality.TEXT.value) & (pl.col("source") == SOURCE)
    )
    rows = alone.select("text_id").join(_facts_of(texts), on="text_id")
    return _rows(rows, modality=Modality.TEXT.value, file="")


def _facts_of(texts: pl.DataFrame) -> pl.DataFrame:
    return texts.select("text_id", "caption", "source_dataset", "dataset_license")


def _native(part: Part) -> pl.DataFrame:
    """Return the pairs of captions and paired items, with the facts of the captions."""
    import polars as pl

    triplets = part.triplets
    if triplets is None:
        raise ValueError("only triplets say which item a caption was written for")
    pairs = triplets.select(
        pl.col("encord_text_id").alias("encord_id"),
        pl.col("paired_modality").alias("modality"),
        pl.col("encord_paired_id").alias("paired"),
    ).unique(maintain_order=True)
    found = []
    for modality, files in part.files.items():
        mine = pairs.filter(pl.col("modality") == modality.value)
        items = files.select(pl.col("encord_id").alias("paired"), "file")
        joined = mine.join(items, on="paired", maintain_order="left")
        found.append(_rows(joined.join(part.captions, on="encord_id", maintain_order="left")))
    return pl.concat(found)
