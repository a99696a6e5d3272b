"""Gives listed rows their ids: known keys keep theirs, removed ids are never used again.

A file's key is its path relative to its source; a caption's key is the caption itself.
Changed content keeps the id and gets a new fingerprint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.errors import Reason
from pentad.core.fingerprint import fingerprint_file
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.store.items import Catalog, Pairs, item_schema, pair_schema
from pentad.store.listing import Listing
from pentad.store.rejections import Rejection

if TYPE_CHECKING:
    import polars as pl

Describe = Callable[[Path], tuple[str, int]]
"""Gives the SHA-256 and the size in bytes of a file."""


def describe_file(path: Path) -> tuple[str, int]:
    """Return the SHA-256 and the size of a file, read now."""
    return fingerprint_file(path), path.stat().st_size


def register(catalog: Catalog, listing: Listing, describe: Describe = describe_file) -> Catalog:
    """Return the catalog with the rows of one source put in place of what that source had before.

    Files that cannot be read are refused and listed; everything else gets an id in row order.
    """
    import polars as pl

    contents, refused = _describe_files(listing, describe)
    rows = listing.rows.join(contents, on="file", how="left", maintain_order="left")
    rows = rows.filter((pl.col("file") == "") | pl.col("fingerprint").is_not_null())
    frames = {m: _merge_files(catalog, listing.name, m, rows) for m in MEDIA_MODALITIES}
    texts = _merge_captions(catalog, listing.name, rows)
    pairs = _merge_pairs(catalog, listing.name, rows, texts, frames)
    frames[Modality.TEXT] = _retire_captions(texts, pairs)
    kept = [r for r in catalog.rejections if r.source != listing.name]
    return Catalog(
        {m: frames[m] for m in Modality if frames[m].height},
        Pairs(pairs),
        {**catalog.roots, listing.name: listing.root},
        (*kept, *listing.rejections, *refused),
    )


def _describe_files(listing: Listing, describe: Describe) -> tuple[pl.DataFrame, list[Rejection]]:
    import polars as pl

    files = listing.rows.filter(pl.col("file") != "").unique("file", maintain_order=True)
    known: list[tuple[str, str, int]] = []
    refused = []
    for file, modality in files.select("file", "modality").iter_rows():
        try:
            known.append((file, *describe(listing.root / file)))
        except (OSError, ValueError) as error:
            gone = isinstance(error, FileNotFoundError)
            reason = Reason.MISSING_FILE if gone else Reason.UNREADABLE
            detail = getattr(error, "strerror", None) or str(error)
            refused.append(Rejection(listing.name, file, modality, "source", reason, detail))
    schema = {"file": pl.String, "fingerprint": pl.String, "bytes": pl.UInt64}
    return pl.DataFrame(known, schema=schema, orient="row"), refused


def _merge_files(
    catalog: Catalog, source: str, modality: Modality, rows: pl.DataFrame
) -> pl.DataFrame:
    import polars as pl

    schema = item_schema(modality)
    known = catalog.frames.get(modality, pl.DataFrame(schema=schema))
    listed = (
        rows.filter((pl.col("modality") == modality.value) & (pl.col("file") != ""))
        .group_by("file", maintain_order=True)
        .agg(
            pl.col("concept", "source_dataset", "dataset_license", "fingerprint", "bytes")
            .drop_nulls()
            .first()
        )
    )
    theirs = known.filter(pl.col("source") == source)
    return _assign(known, theirs, listed, source, modality)


def _merge_captions(catalog: Catalog, source: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Give captions their ids; one that another source has listed first stays as it is."""
    import polars as pl

    known = catalog.frames.get(Modality.TEXT, pl.DataFrame(schema=item_schema(Modality.TEXT)))
    foreign = known.filter((pl.col("source") != source) & ~pl.col("removed")).join(
        catalog.pairs.frame, on=["text_id", "source"], how="semi"
    )
    native = pl.when(pl.col("file") == "").then(None).otherwise(pl.col("modality"))
    listed = (
        rows.filter(pl.col("caption").is_not_null())
        .join(foreign, on="caption", how="anti", maintain_order="left")
        .with_columns(native.alias("native_modality"))
        .group_by("caption", maintain_order=True)
        .agg(pl.col("native_modality", "source_dataset", "dataset_license").first())
    )
    theirs = known.join(foreign, on="text_id", how="anti")
    return _assign(known, theirs, listed, source, Modality.TEXT)


def _assign(
    known: pl.DataFrame,
    theirs: pl.DataFrame,
    listed: pl.DataFrame,
    source: str,
    modality: Modality,
) -> pl.DataFrame:
    """Return ``known`` with what the source lists: ids of ``theirs`` where keys match, else new.

    What is no longer listed keeps its row, marked as removed.
    """
    import polars as pl

    schema = item_schema(modality)
    id_column = modality.id_column
    key = "caption" if modality is Modality.TEXT else "file"
    others = known.join(theirs, on=id_column, how="anti")
    matched = listed.join(theirs.select(key, id_column), on=key, how="left", maintain_order="left")
    first = 0 if known.is_empty() else int(known[id_column].max()) + 1  # type: ignore[arg-type]
    fresh = pl.col(id_column).is_null()
    current = matched.with_columns(
        pl.when(fresh)
        .then(first + fresh.cum_sum() - 1)
        .otherwise(pl.col(id_column))
        .alias(id_column),
        pl.lit(source).alias("source"),
        pl.lit(value=False).alias("removed"),
    )
    absent = theirs.join(listed.select(key), on=key, how="anti")
    absent = absent.with_columns(pl.lit(value=True).alias("removed"))
    parts = [part.select(*schema).cast(pl.Schema(schema)) for part in (others, absent, current)]
    return pl.concat(parts).sort(id_column)


def _merge_pairs(
    catalog: Catalog,
    source: str,
    rows: pl.DataFrame,
    texts: pl.DataFrame,
    files: Mapping[Modality, pl.DataFrame],
) -> pl.DataFrame:
    import polars as pl

    alone = rows.filter((pl.col("file") == "") & pl.col("caption").is_not_null())
    alone = alone.join(texts.select("caption", "text_id"), on="caption")
    alone = alone.with_columns(
        pl.lit(Modality.TEXT.value).alias("modality"),
        pl.col("text_id").alias("item_id"),
        pl.lit(source).alias("source"),
    )
    parts = [catalog.pairs.frame.filter(pl.col("source") != source), alone.select(*pair_schema())]
    for modality in MEDIA_MODALITIES:
        items = files[modality].filter(pl.col("source") == source)
        parts.append(
            rows.filter((pl.col("modality") == modality.value) & pl.col("caption").is_not_null())
            .join(items.select("file", pl.col(modality.id_column).alias("item_id")), on="file")
            .join(texts.select("caption", "text_id"), on="caption")
            .with_columns(pl.lit(source).alias("source"))
            .select(*pair_schema())
            .cast(pl.Schema(pair_schema()))
        )
    return (
        pl.concat(parts)
        .unique(["text_id", "modality", "item_id", "source"])
        .sort("modality", "item_id", "text_id", "source")
    )


def _retire_captions(texts: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Mark the captions that no source lists any more, alone or with a file."""
    import polars as pl

    listed = pl.col("text_id").is_in(pairs["text_id"].unique().implode())
    return texts.with_columns((~listed).alias("removed"))
