"""The report on the hub's Parquet files, which name files and sources in every row of a group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.sources.emm1.hub import hub_modalities
from pentad.sources.emm1.media_paths import MediaFolders
from pentad.sources.emm1.report_groups import add_block, group_counts, source_keys
from pentad.sources.emm1.report_items import item_keys
from pentad.sources.emm1.report_rows import NOT_SAID, Count
from pentad.sources.emm1.report_triplets import triplet_counts

if TYPE_CHECKING:
    import polars as pl

    from pentad.sources.emm1.dataset import Emm1

_FACTS = ("source_dataset", "dataset_license")


def hub_steps(ds: Emm1, ranks: Sequence[int]) -> Iterator[Callable[[], list[Count]]]:
    """Yield what is to be counted; items are those that the counted groups name."""
    if ranks:
        yield lambda: _hub_groups(ds, ranks)
    if ds.places.hub_pairs():
        yield lambda: _hub_triplets(ds)


def _hub_groups(ds: Emm1, ranks: Sequence[int]) -> list[Count]:
    import polars as pl

    modalities = [Modality.TEXT, *hub_modalities(ds.places)]
    groups: list[Count] = []
    named: dict[Modality, list[pl.DataFrame]] = {m: [] for m in modalities}
    for rank in ranks:
        totals: Counter[str] = Counter()
        present: Counter[str] = Counter()
        looked: dict[Modality, Any] = {}
        for modality in modalities:
            rows = _rows(ds.places.hub_ranks()[rank], modality)
            different = _items(rows, modality, ds.media)
            looked[modality] = _looked(rows, different)
            named[modality].append(different.with_columns(pl.lit(rank).alias("rank")))
        add_block(looked, totals, present)
        groups += group_counts(rank, modalities, totals, present)
    items = [row for m in modalities for row in _item_counts(pl.concat(named[m]), m)]
    sources = [row for m in modalities for row in _source_counts(pl.concat(named[m]), m)]
    return [*items, *groups, *sources]


def _rows(files: Sequence[Path], modality: Modality) -> pl.DataFrame:
    """Return what a rank's rows say of one modality: ``name, folder``, source and license."""
    import polars as pl

    own = "caption" if modality is Modality.TEXT else f"file_name_{modality}"
    wanted = {own: "name", f"save_folder_{modality}": "folder"}
    wanted |= {f"{fact}_{modality}": fact for fact in _FACTS}
    try:
        frame = pl.scan_parquet(list(files))
        there = frame.collect_schema().names()
        if own not in there:
            raise InputError("the hub's groups lack a column", file=files[0], column=own)
        columns = [
            (pl.col(name) if name in there else pl.lit(None, pl.String)).alias(ours)
            for name, ours in wanted.items()
        ]
        return frame.select(columns).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        first = " ".join(str(error).split())[:200]
        raise InputError(f"cannot be read as Parquet ({first})", file=files[0]) from None


def _items(rows: pl.DataFrame, modality: Modality, media: MediaFolders) -> pl.DataFrame:
    """Return the different items of the rows, how often each is named, and whether it is here."""
    import polars as pl

    items = rows.drop_nulls("name").group_by(rows.columns, maintain_order=True).agg(pl.len())
    present = np.ones(items.height, dtype=np.bool_)
    if modality is not Modality.TEXT:
        for folder in items["folder"].unique():
            chosen = (items["folder"].eq_missing(folder)).to_numpy()
            names = items["name"].to_numpy()[chosen].tolist()
            found = np.zeros(len(names), np.bool_)
            present[chosen] = found if folder is None else media.present(folder, modality, names)
    return items.with_columns(pl.Series("present", present, dtype=pl.Boolean))


def _looked(rows: pl.DataFrame, items: pl.DataFrame) -> tuple[Any, Any]:
    """Return (rows,) whether a row names an item, and whether that item is here."""
    joined = rows.join(
        items.drop("len"), on=rows.columns, how="left", nulls_equal=True, maintain_order="left"
    )
    return rows["name"].is_not_null().to_numpy(), joined["present"].fill_null(False).to_numpy()


def _item_counts(items: pl.DataFrame, modality: Modality) -> list[Count]:
    import polars as pl

    different = items.unique(["name", "folder", *_FACTS])
    counts = different.group_by(_named_facts()).agg(pl.len(), pl.col("present").sum()).sort(_FACTS)
    return [
        Count("items", item_keys("100m", modality.value, source, license_), rows, present)
        for source, license_, rows, present in counts.iter_rows()
    ]


def _source_counts(items: pl.DataFrame, modality: Modality) -> list[Count]:
    import polars as pl

    uses = pl.col("len").filter("present").sum().alias("uses")
    counts = items.group_by("rank", *_named_facts()).agg(pl.col("len").sum(), uses)
    return [
        Count("sources", source_keys(rank, modality.value, source, license_), rows, present)
        for rank, source, license_, rows, present in counts.sort("rank", *_FACTS).iter_rows()
    ]


def _named_facts() -> list[pl.Expr]:
    import polars as pl

    return [pl.col(name).fill_null(NOT_SAID).replace("", NOT_SAID) for name in _FACTS]


def _hub_triplets(ds: Emm1) -> list[Count]:
    import polars as pl

    frame = ds.triplets(paths=True).collect()
    places = pl.concat([frame["paired_path"], frame["annotated_path"]]).unique()
    known = {path: path is not None and Path(path).is_file() for path in places}
    present = [
        frame[f"{side}_path"].replace_strict(known, return_dtype=pl.Boolean)
        for side in ("paired", "annotated")
    ]
    return triplet_counts(frame.with_columns((present[0] & present[1]).alias("present")))
